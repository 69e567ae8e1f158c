import { randomBytes } from 'node:crypto';
import { type Database, databaseFault, type TestDatabase, testDatabase } from '@miosa/db';
import { createServer, type Route, type Server, type ServerOptions } from '@miosa/http';
import { type Log, newUuid, type Op, type Role, type TenantId, type UserId } from '@miosa/kernel';
import type { Mail } from '@miosa/mail';
import { type Audit, auditRoutes, createAudit } from '../../audit/index.ts';
import { createTenancy, createTenant, type Tenancy, tenancyRoutes } from '../../tenancy/index.ts';
import { type Access, accessRoutes, createAccess, createOutgoing } from '../index.ts';
import { insertMember, insertUser } from '../users.store.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const PASSWORD = 'correct horse battery';
export const AUDIT_KEY = randomBytes(32);
export const JWT_SECRET = randomBytes(64).toString('hex');

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
}

export interface CallOptions {
  /** Credential; null sends none. Default: the first server key. */
  readonly as?: string | null;
  readonly headers?: Record<string, string>;
  readonly ip?: string;
}

/** The identity modules on a real database behind the real pipeline, set up as a fresh installation is. Only in tests. */
export interface Installation {
  readonly url: string;
  readonly db: Database;
  readonly tenancy: Tenancy;
  readonly access: Access;
  readonly audit: Audit;
  readonly server: Server;
  readonly routes: readonly Route[];
  /** What was sent so far, all that was begun included. */
  mails(): Promise<readonly Mail[]>;
  readonly tenantId: TenantId;
  readonly ownerId: UserId;
  /** First server key, scopes `*`. */
  readonly key: string;
  /** Milliseconds by which the clock of credentials is ahead. */
  advance(ms: number): void;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  internal(method: string, path: string, body?: unknown): Promise<Reply>;
  login(email: string, password?: string): Promise<string>;
  /** Another organization, set up, with a member of the given role; answers the access token. */
  addTenant(name: string | null): Promise<{ tenantId: TenantId; token: string; key: string }>;
  /** A user of the first organization; answers the access token. */
  addUser(role: Role, tenantId?: TenantId, isOperator?: boolean): Promise<{ id: UserId; email: string; token: string }>;
  mint(body: object, as?: string): Promise<{ id: string; key: string } & Record<string, unknown>>;
  systemOp(tenantId?: TenantId): Op;
  close(): Promise<void>;
}

const SITE_URL = 'https://api.miosa.localhost:8443';
const OWNER = 'owner@cliniciq.example';

export const createInstallation = async (
  extraRoutes: readonly Route[] | ((parts: { db: Database; tenancy: Tenancy; access: Access }) => readonly Route[]) = [],
  options: Partial<ServerOptions> = {},
): Promise<Installation> => {
  const database: TestDatabase = await testDatabase();
  const { db } = database;
  let ahead = 0;
  const tenancy = createTenancy({ db });
  // Not started: tests seal when they want to.
  const audit = createAudit({ db, log: silent, attestationKey: AUDIT_KEY, nowMs: () => Date.now() + ahead });
  const mails: Mail[] = [];
  const recorder = { send: async (mail: Mail) => void mails.push(mail), close: async () => {} };
  const outgoing = createOutgoing(recorder, SITE_URL, silent);
  const access = createAccess({ db, tenancy, log: silent, jwtSecretHex: JWT_SECRET, outgoing, nowMs: () => Date.now() + ahead });
  await access.start();
  const extra = typeof extraRoutes === 'function' ? extraRoutes({ db, tenancy, access }) : extraRoutes;
  const routes = [...tenancyRoutes(tenancy), ...accessRoutes(access), ...auditRoutes({ db }), ...extra];
  const server = await createServer({
    routes,
    authenticate: access.authenticate,
    authorize: access.authorize,
    watchCredential: access.watchCredential,
    onRefused: audit.refusals.note,
    log: silent,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: SITE_URL,
    translate: databaseFault,
    checkResponses: true,
    ...options,
  });
  const json = (answer: Awaited<ReturnType<Server['inject']>>): Reply => ({ status: answer.statusCode, body: JSON.parse(answer.body) });
  const request = (method: string, url: string, body: unknown, headers: Record<string, string>) => ({
    method: method as 'GET',
    url,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const internal: Installation['internal'] = async (method, path, body) =>
    json(await server.injectInternal(request(method, path, body, {})));

  const first = await internal('POST', '/internal/bootstrap', { organization_name: 'ClinicIQ', email: OWNER, password: PASSWORD });
  if (first.status !== 201) throw new Error(`bootstrap: ${first.status} ${JSON.stringify(first.body)}`);
  const { tenant, user, api_key } = first.body.data;

  const call: Installation['call'] = async (method, path, body, { as = api_key.key, headers = {}, ip } = {}) => {
    const credential = as === null ? {} : { authorization: `Bearer ${as}` };
    const from = ip === undefined ? {} : { 'x-forwarded-for': ip };
    return json(
      await server.inject(request(method, `/api/v1${path}`, body, { ...credential, ...from, ...headers } as Record<string, string>)),
    );
  };
  const login: Installation['login'] = async (email, password = PASSWORD) => {
    const answer = await call('POST', '/auth/login', { email, password }, { as: null });
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.token;
  };
  // One hash for all: argon2 is slow on purpose.
  const passwordHash = await access.core.passwords.hash(PASSWORD);
  const quiet = { log: silent, requestId: 'test' };
  const addUser: Installation['addUser'] = async (role, tenantId = tenant.id, isOperator = false) => {
    const email = `${newUuid()}@example.com`;
    const made = await db.tx(quiet, 'user', async (tx) => {
      const row = await insertUser(tx, { email, name: null, passwordHash, isOperator }, new Date());
      await insertMember(tx, tenantId, row.id, role, new Date());
      return row;
    });
    return { id: made.id, email, token: await login(email) };
  };
  const mint: Installation['mint'] = async (body, as = api_key.key) => {
    const answer = await call('POST', '/api-keys', { name: 'k', key_type: 'live', ...body }, { as });
    if (answer.status !== 201) throw new Error(`mint: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  };
  return {
    url: database.url,
    db,
    tenancy,
    access,
    audit,
    server,
    routes,
    mails: async () => {
      await outgoing.settled();
      return mails;
    },
    tenantId: tenant.id,
    ownerId: user.id,
    key: api_key.key,
    advance: (ms) => {
      ahead += ms;
    },
    call,
    internal,
    login,
    addUser,
    addTenant: async (name) => {
      const made = await db.tx(quiet, 'tenant', (tx) => createTenant(tx, { name, ownerUserId: null, now: new Date() }));
      const { token } = await addUser('owner', made.id);
      return { tenantId: made.id, token, key: (await mint({}, token)).key };
    },
    mint,
    systemOp: (tenantId = tenant.id) => ({
      requestId: 'req_test',
      actor: { type: 'system', id: 'test', name: 'test', tenantId },
      ip: null,
      userAgent: null,
      log: silent,
      now: () => new Date(),
      signal: new AbortController().signal,
    }),
    close: async () => {
      await server.close();
      await access.close();
      await audit.close();
      await database.close();
    },
  };
};
