import { defineRoute, type Route } from '@miosa/http';
import type { Core } from './core.ts';
import { createBrowserToken } from './mint.ts';
import { BrowserToken, BrowserTokenCreate, Settings, SettingsUpdate, Ticket, TicketCreate } from './schemas.ts';
import { changeSettings, getSettings } from './settings.ts';
import { createTicket } from './tickets.ts';

const ADMIN = { scope: null, credentials: 'jwt', minRole: 'admin' } as const;

export const allRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'browserTokens.create',
    method: 'POST',
    path: '/browser-tokens',
    summary: 'Mint a short-lived token for a browser',
    description:
      'All selectors must agree; the narrowest is the boundary. Nothing is created. The token dies with its boundary and its minter.',
    access: { scope: null },
    body: BrowserTokenCreate,
    response: BrowserToken,
    status: 201,
    errors: ['OWNERSHIP_CONFLICT', 'GONE'],
    handler: (op, { body }) => createBrowserToken(op, core, body),
  }),
  defineRoute({
    id: 'auth.sseTicket',
    method: 'POST',
    path: '/auth/sse-ticket',
    summary: 'Mint a single-use ticket for an event stream',
    description: 'For EventSource, which sends no headers: append `?ticket=` to the address of the stream within 60 seconds.',
    access: { scope: null, minRole: 'viewer', browser: 'any' },
    body: TicketCreate,
    response: Ticket,
    envelope: 'bare',
    handler: (op, { body }) => createTicket(op, core, body.stream ?? null),
  }),
  defineRoute({
    id: 'settings.get',
    method: 'GET',
    path: '/settings',
    summary: 'Settings of the organization',
    access: ADMIN,
    response: Settings,
    handler: (op) => getSettings(op, core),
  }),
  defineRoute({
    id: 'settings.update',
    method: 'PATCH',
    path: '/settings',
    summary: 'Change settings of the organization',
    access: ADMIN,
    body: SettingsUpdate,
    response: Settings,
    handler: (op, { body }) => changeSettings(op, core, body),
  }),
];
