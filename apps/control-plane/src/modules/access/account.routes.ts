import { defineRoute, type Route } from '@miosa/http';
import {
  DeviceApproval,
  DeviceCodes,
  DevicePoll,
  DeviceStart,
  DeviceToken,
  PasswordChange,
  PasswordForgot,
  PasswordReset,
  ProfileChange,
} from './account.schemas.ts';
import { changePassword, changeProfile } from './account.ts';
import type { Core } from './core.ts';
import { approveDevice, deviceToken, startDeviceLogin } from './device-login.ts';
import { forgotPassword, resetPassword } from './password-reset.ts';
import { presentUser } from './present.ts';
import { Success, User } from './schemas.ts';

const session = { scope: null, credentials: 'jwt', minRole: 'viewer' } as const;
const success = { success: true } as const;

const passwordRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'auth.me.update',
    method: 'PATCH',
    path: '/auth/me',
    summary: 'Change the own name',
    access: session,
    body: ProfileChange,
    response: User,
    handler: async (op, { body }) => presentUser(await changeProfile(op, core, body)),
  }),
  defineRoute({
    id: 'auth.password',
    method: 'POST',
    path: '/auth/password',
    summary: 'Change the own password; all other sessions end',
    access: session,
    body: PasswordChange,
    response: Success,
    handler: async (op, { body }) => {
      await changePassword(op, core, body);
      return success;
    },
  }),
  defineRoute({
    id: 'auth.password.forgot',
    method: 'POST',
    path: '/auth/password/forgot',
    summary: 'Send a link for a new password',
    description: 'The answer is the same whether or not there is such an account.',
    access: 'public',
    bucket: 'auth',
    body: PasswordForgot,
    response: Success,
    handler: async (op, { body }) => {
      forgotPassword(op, core, body.email);
      return success;
    },
  }),
  defineRoute({
    id: 'auth.password.reset',
    method: 'POST',
    path: '/auth/password/reset',
    summary: 'Set a new password with the token of the link, once; all sessions end',
    access: 'public',
    bucket: 'auth',
    body: PasswordReset,
    response: Success,
    errors: ['GONE'],
    handler: async (op, { body }) => {
      await resetPassword(op, core, body);
      return success;
    },
  }),
];

const deviceRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'auth.cli.start',
    method: 'POST',
    path: '/auth/cli/start',
    summary: 'Begin the login of a program: show `user_code`, poll with `device_code`',
    access: 'public',
    bucket: 'auth',
    body: DeviceStart,
    response: DeviceCodes,
    handler: (op, { body }) => startDeviceLogin(op, core, body.client_name ?? null),
  }),
  defineRoute({
    id: 'auth.cli.approve',
    method: 'POST',
    path: '/auth/cli/approve',
    summary: 'Let the program that shows this code act for me in this organization',
    access: session,
    body: DeviceApproval,
    response: Success,
    errors: ['GONE'],
    handler: async (op, { body }) => {
      await approveDevice(op, core, body.user_code);
      return success;
    },
  }),
  defineRoute({
    id: 'auth.cli.token',
    method: 'POST',
    path: '/auth/cli/token',
    summary: 'The key of an approved login, once',
    description: 'Until the user has approved: 409 with details.reason authorization_pending.',
    access: 'public',
    bucket: 'auth',
    body: DevicePoll,
    response: DeviceToken,
    errors: ['CONFLICT', 'GONE', 'FORBIDDEN'],
    handler: (op, { body }) => deviceToken(op, core, body.device_code),
  }),
];

export const accountRoutes = (core: Core): Route[] => [...passwordRoutes(core), ...deviceRoutes(core)];
