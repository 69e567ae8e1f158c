import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Database, databaseFault, testDatabase } from '@miosa/db';
import { createServer, type IdempotencyStore, type Route, type Server } from '@miosa/http';
import { type Log, newUuid, type Role, type TenantId } from '@miosa/kernel';
import { type Access, accessRoutes, createAccess } from '../../access/index.ts';
import { insertMember, insertUser } from '../../access/users.store.ts';
import { auditRoutes } from '../../audit/index.ts';
import { createEvents } from '../../events/index.ts';
import { createCore } from '../../sandboxes/core.ts';
import { createBoundaries, sandboxRoutes } from '../../sandboxes/index.ts';
import { createTestHost } from '../../sandboxes/testing/host.ts';
import { createTenancy, createTenant, tenancyRoutes } from '../../tenancy/index.ts';
import { type BrowserTokens, browserTokenRoutes, createBrowserTokens } from '../index.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const PASSWORD = 'correct horse battery';

const keyPair = () =>
  generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

export interface CallOptions {
  readonly as?: string | null;
  readonly headers?: Record<string, string>;
}

/** The whole API on a real database with a fake host, as `compose.ts` joins it. Only in tests. */
export const createWorld = async (extraRoutes: readonly Route[] = [], remember?: (db: Database) => IdempotencyStore) => {
  const database = await testDatabase();
  const { db } = database;
  const host = createTestHost();
  let ahead = 0;
  const nowMs = (): number => Date.now() + ahead;
  const tenancy = createTenancy({ db });
  const access: Access = createAccess({ db, tenancy, log: silent, jwtSecretHex: randomBytes(64).toString('hex'), nowMs });
  const keys = keyPair();
  const signing = { privateKeyPem: keys.privateKey, publicKeys: [keys.publicKey] };
  const names = { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 };
  const sandboxCore = await createCore(
    {
      ...{
        db,
        runtime: host.runtime,
        tenancy,
        events: createEvents({ db, log: silent }),
        names,
        previewKeyPem: keys.privateKey,
        sealKey: randomBytes(32),
        log: silent,
      },
      mintTicket: (op, path) => browserTokens.mintTicket(op, path),
    },
    () => {},
  );
  const sandboxes = createBoundaries(sandboxCore);
  const browserTokens: BrowserTokens = createBrowserTokens({
    ...{ db, tenancy, access, sandboxes, log: silent, nowMs },
    signingKeys: () => signing,
  });
  await access.start();
  const routes: readonly Route[] = [
    ...tenancyRoutes(tenancy),
    ...accessRoutes(access),
    ...auditRoutes({ db }),
    ...browserTokenRoutes(browserTokens),
    ...sandboxRoutes(sandboxCore),
    ...extraRoutes,
  ];
  const server: Server = await createServer({
    routes,
    authenticate: access.authenticate,
    authorize: access.authorize,
    watchCredential: access.watchCredential,
    originAllowed: browserTokens.originAllowed,
    redeemTicket: browserTokens.redeemTicket,
    log: silent,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.miosa.localhost:8443',
    translate: databaseFault,
    checkResponses: true,
    ...(remember === undefined ? {} : { idempotency: remember(db) }),
  });
  const reply = (answer: Awaited<ReturnType<Server['inject']>>): Reply => {
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    return { status: answer.statusCode, text: answer.body, headers: answer.headers, body: isJson ? JSON.parse(answer.body) : undefined };
  };
  const request = (method: string, url: string, body: unknown, headers: Record<string, string>) => ({
    method: method as 'GET',
    url,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const must = (answer: Reply): Reply => {
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return answer;
  };
  const bootstrap = { organization_name: 'ClinicIQ', email: 'owner@cliniciq.example', password: PASSWORD };
  const first = must(reply(await server.injectInternal(request('POST', '/internal/bootstrap', bootstrap, {})))).body.data;
  const key: string = first.api_key.key;

  const call = async (method: string, path: string, body?: unknown, { as = key, headers = {} }: CallOptions = {}): Promise<Reply> => {
    const credential = as === null ? {} : { authorization: `Bearer ${as}` };
    return reply(await server.inject(request(method, `/api/v1${path}`, body, { ...credential, ...headers } as Record<string, string>)));
  };
  const login = async (email: string): Promise<string> =>
    must(await call('POST', '/auth/login', { email, password: PASSWORD }, { as: null })).body.token;
  const addUser = async (role: Role, tenantId: TenantId = first.tenant.id, isOperator = false) => {
    const email = `${newUuid()}@example.com`;
    const passwordHash = await access.core.passwords.hash(PASSWORD);
    const user = await db.tx({ log: silent, requestId: 'test' }, 'user', async (tx) => {
      const row = await insertUser(tx, { email, name: null, passwordHash, isOperator }, new Date());
      await insertMember(tx, tenantId, row.id, role, new Date());
      return row;
    });
    return { id: user.id, token: await login(email) };
  };
  return {
    ...{ db, access, browserTokens, server, routes, host, sandboxCore, key, call, addUser, signing },
    tenantId: first.tenant.id as TenantId,
    owner: await login(bootstrap.email),
    advance: (ms: number): void => {
      ahead += ms;
    },
    addTenant: async (name: string) => {
      const made = await db.tx({ log: silent, requestId: 'test' }, 'tenant', (tx) =>
        createTenant(tx, { name, ownerUserId: null, now: new Date() }),
      );
      return { tenantId: made.id, owner: (await addUser('owner', made.id)).token };
    },
    mintKey: async (body: object, as = key): Promise<{ id: string; key: string }> =>
      must(await call('POST', '/api-keys', { name: 'k', key_type: 'live', ...body }, { as })).body.data,
    sandbox: async (body: object = {}, as = key) => must(await call('POST', '/sandboxes', body, { as })).body.data,
    token: async (body: object, as = key): Promise<string> => must(await call('POST', '/browser-tokens', body, { as })).body.data.token,
    close: async (): Promise<void> => {
      await server.close();
      sandboxCore.stop();
      await Promise.allSettled(sandboxCore.background);
      await sandboxCore.activity.close();
      await sandboxCore.signals.close();
      sandboxCore.pools.closeAll();
      await access.close();
      await host.fake.close();
      await database.close();
    },
  };
};

export type World = Awaited<ReturnType<typeof createWorld>>;
