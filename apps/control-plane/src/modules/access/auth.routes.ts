import { defineRoute, type Route } from '@miosa/http';
import { bootstrap } from './bootstrap.ts';
import type { Core } from './core.ts';
import { login, logout, refresh } from './login.ts';
import { me } from './me.ts';
import { Bootstrap, BootstrapResult, Login, LoginResult, Logout, Me, Refresh, Success } from './schemas.ts';

export const authRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'auth.login',
    method: 'POST',
    path: '/auth/login',
    summary: 'Log in with e-mail and password',
    access: 'public',
    bucket: 'auth',
    body: Login,
    response: LoginResult,
    envelope: 'bare',
    handler: (op, { body }) => login(op, core, body),
  }),
  defineRoute({
    id: 'auth.refresh',
    method: 'POST',
    path: '/auth/refresh',
    summary: 'Exchange a refresh token for new tokens',
    description: 'Each refresh token is good once; using one again ends the whole session.',
    access: 'public',
    bucket: 'auth',
    body: Refresh,
    response: LoginResult,
    envelope: 'bare',
    handler: (op, { body }) => refresh(op, core, body.refresh_token),
  }),
  defineRoute({
    id: 'auth.logout',
    method: 'POST',
    path: '/auth/logout',
    summary: 'End the session',
    access: { scope: null, credentials: 'jwt', minRole: 'viewer' },
    body: Logout,
    response: Success,
    handler: async (op, { body }) => {
      await logout(op, core, body.refresh_token ?? null);
      return { success: true as const };
    },
  }),
  defineRoute({
    id: 'auth.me',
    method: 'GET',
    path: '/auth/me',
    summary: 'Who this credential is and what it may',
    access: { scope: null, browser: 'any' },
    response: Me,
    handler: (op) => me(op, core),
  }),
  defineRoute({
    id: 'internal.bootstrap',
    method: 'POST',
    path: '/internal/bootstrap',
    summary: 'First organization, operator and key of a fresh installation',
    access: 'public',
    internal: true,
    body: Bootstrap,
    response: BootstrapResult,
    status: 201,
    errors: ['CONFLICT'],
    handler: (op, { body }) => bootstrap(op, core, body),
  }),
];
