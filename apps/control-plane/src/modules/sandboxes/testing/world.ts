import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { postgresIdempotency, testDatabase } from '@miosa/db';
import { createServer, type Route, type Server } from '@miosa/http';
import { type Actor, type ApiKeyId, type Log, newUuid, type Op, type TenantId, type UserId, type WorkspaceId } from '@miosa/kernel';
import type { RuntimePort } from '@miosa/runtime';
import { createEvents } from '../../events/index.ts';
import { createTenancy, createTenant } from '../../tenancy/index.ts';
import { createCore } from '../core.ts';
import { sandboxRoutes } from '../index.ts';
import { DEFAULT_POLICY, type SandboxPolicy } from '../policy.ts';
import { createTestHost, type TestHost } from './host.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

type Core = Awaited<ReturnType<typeof createCore>>;

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

/** The module on a real database with a fake host, reached through the HTTP pipeline. Only in tests. */
export interface World {
  readonly core: Core;
  readonly host: TestHost;
  readonly server: Server;
  readonly tenantId: TenantId;
  /** Milliseconds the module's clock is ahead. */
  advance(ms: number): void;
  /** Declares a credential and returns its bearer name. */
  actor(actor: Partial<Extract<Actor, { type: 'key' }>>): string;
  user(actor: Partial<Extract<Actor, { type: 'user' }>>): string;
  tenant(name: string): Promise<TenantId>;
  call(method: string, path: string, body?: unknown, options?: { as?: string; headers?: Record<string, string> }): Promise<Reply>;
  internal(method: string, path: string, body?: unknown): Promise<Reply>;
  create(body?: object): Promise<{ id: string; slug: string } & Record<string, unknown>>;
  op(): Op;
  /** Ends the credential behind every open stream. */
  endCredentials(): void;
  close(): Promise<void>;
}

const liveKey = (tenantId: TenantId, over: Partial<Extract<Actor, { type: 'key' }>>): Actor => ({
  type: 'key',
  id: newUuid() as ApiKeyId,
  name: 'test key',
  keyType: 'live',
  purpose: 'api',
  tenantId,
  scopes: ['*'],
  workspaceId: null as WorkspaceId | null,
  userId: null as UserId | null,
  role: null,
  ...over,
});

export const createWorld = async (
  options: {
    readonly runtime?: RuntimePort;
    readonly policy?: Partial<SandboxPolicy>;
    /** Routes of a module that stands on this one. */
    readonly also?: (core: Core, tenancy: ReturnType<typeof createTenancy>) => readonly Route[];
  } = {},
): Promise<World> => {
  const database = await testDatabase();
  const host = createTestHost();
  const tenancy = createTenancy({ db: database.db });
  const events = createEvents({ db: database.db, log: silent });
  await events.start();
  let ahead = 0;
  const now = (): Date => new Date(Date.now() + ahead);
  const tickets = new Map<string, Actor>();
  const deps = {
    db: database.db,
    runtime: options.runtime ?? host.runtime,
    tenancy,
    events,
    names: { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 },
    previewKeyPem: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sealKey: randomBytes(32),
    log: silent,
    now,
    policy: { ...DEFAULT_POLICY, ...options.policy },
    mintTicket: async (op: Op, path: string) => {
      const ticket = `sset_${newUuid()}`;
      tickets.set(`${ticket} /api/v1${path}`, op.actor);
      return { ticket, expires_in: 60 };
    },
  };
  const core = await createCore(deps, () => {});
  const actors = new Map<string, Actor>();
  const watched = new Set<() => void>();
  const add = (actor: Actor): string => {
    const name = newUuid();
    actors.set(name, actor);
    return name;
  };
  const tenant = (name: string): Promise<TenantId> =>
    database.db.tx({ log: silent, requestId: 'test' }, 'tenant', async (tx) => {
      const made = await createTenant(tx, { name, ownerUserId: null, now: new Date() });
      return made.id;
    });
  const tenantId = await tenant('ClinicIQ');
  const main = add(liveKey(tenantId, {}));
  const server = await createServer({
    routes: [...sandboxRoutes(core), ...(options.also?.(core, tenancy) ?? [])],
    authenticate: async ({ authorization }) => actors.get(authorization?.replace('Bearer ', '') ?? '') ?? null,
    authorize: () => {},
    idempotency: postgresIdempotency(database.db),
    redeemTicket: async (ticket, path) => {
      const actor = tickets.get(`${ticket} ${path}`) ?? null;
      tickets.delete(`${ticket} ${path}`);
      return actor;
    },
    watchCredential: (_actor, end) => {
      watched.add(end);
      return () => void watched.delete(end);
    },
    log: silent,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.miosa.localhost:8443',
    checkResponses: true,
  });
  const reply = (answer: Awaited<ReturnType<Server['inject']>>): Reply => {
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    return { status: answer.statusCode, text: answer.body, headers: answer.headers, body: isJson ? JSON.parse(answer.body) : undefined };
  };
  const request = (method: string, path: string, body: unknown, headers: Record<string, string>) => ({
    method: method as 'GET',
    url: path,
    headers: { ...(body === undefined || body instanceof Buffer ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { payload: body instanceof Buffer ? body : JSON.stringify(body) }),
  });
  const call: World['call'] = async (method, path, body, { as = main, headers = {} } = {}) =>
    reply(await server.inject(request(method, `/api/v1${path}`, body, { authorization: `Bearer ${as}`, ...headers })));
  return {
    core,
    host,
    server,
    tenantId,
    advance: (ms) => {
      ahead += ms;
    },
    actor: (over) => add(liveKey(tenantId, over)),
    user: (over) =>
      add({ type: 'user', id: newUuid() as UserId, name: 'u', tenantId, role: 'owner', isOperator: false, sessionId: newUuid(), ...over }),
    tenant,
    call,
    internal: async (method, path, body) => reply(await server.injectInternal(request(method, path, body, {}))),
    create: async (body = {}) => {
      const made = await call('POST', '/sandboxes', body);
      if (made.status !== 201) throw new Error(`create: ${made.status} ${made.text}`);
      return made.body.data;
    },
    op: () => ({
      requestId: 'req_test',
      actor: liveKey(tenantId, {}),
      ip: null,
      userAgent: null,
      log: silent,
      now,
      signal: new AbortController().signal,
    }),
    endCredentials: () => {
      for (const end of watched) end();
    },
    close: async () => {
      await server.close();
      core.stop();
      await Promise.allSettled(core.background);
      await core.activity.close();
      await core.signals.close();
      await events.close();
      core.pools.closeAll();
      await host.fake.close();
      await database.close();
    },
  };
};
