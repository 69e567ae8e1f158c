import { type Actor, type ApiKeyId, Fault, type Log, newUuid, type TenantId } from '@miosa/kernel';
import type { ServerOptions } from './options.ts';
import type { Route } from './route.ts';
import { createServer, type Server } from './server.ts';

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const TEST_TENANT = newUuid() as TenantId;

const key = (name: string, tenantId: TenantId, scopes: readonly string[]): Actor => ({
  type: 'key',
  id: newUuid() as ApiKeyId,
  name,
  keyType: 'live',
  purpose: 'api',
  tenantId,
  scopes,
  workspaceId: null,
  userId: null,
  role: null,
});

/** Bearer `good` is a live key of `TEST_TENANT`, `other` one of another organization, `weak` lacks every scope. */
const ACTORS: Readonly<Record<string, Actor>> = {
  good: key('good', TEST_TENANT, ['*']),
  other: key('other', newUuid() as TenantId, ['*']),
  weak: key('weak', TEST_TENANT, []),
};

/** A server over small routes with fixed credentials, for tests of the kit. */
export const testServer = (routes: readonly Route[], options: Partial<ServerOptions> = {}): Promise<Server> =>
  createServer({
    routes,
    authenticate: async ({ authorization }) => ACTORS[authorization?.replace(/^Bearer (?:msk_)?/, '') ?? ''] ?? null,
    authorize: (actor) => {
      if (actor.type === 'key' && actor.scopes.length === 0)
        throw new Fault('FORBIDDEN', 'scope', { details: { required_scope: 'x:read' } });
    },
    log: silentLog,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.miosa.localhost:8443',
    checkResponses: true,
    ...options,
  });

export const GOOD = { authorization: 'Bearer good' };
