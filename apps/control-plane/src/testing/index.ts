import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '@miosa/db';
import { type Log, newId, newUuid, type Role, type TenantId } from '@miosa/kernel';
import { createFakeRuntime } from '@miosa/runtime/fake';
import { sql } from 'kysely';
import { compose } from '../compose.ts';
import { readConfig } from '../config.ts';
import { createTenant } from '../modules/tenancy/index.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const PASSWORD = 'correct horse battery';

export interface Asked {
  readonly method: string;
  /** With the base path. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty for an event stream: it is hung up on as soon as it begins. */
  readonly text: string;
}

export interface Person {
  readonly id: string;
  readonly email: string;
}

/** The whole control plane, composed as in production but for its host, which is a fake, on a database of its own. Only in tests. */
export interface TestControlPlane {
  /** Secret that signs access tokens: what an attacker does not have. */
  readonly jwtSecret: Buffer;
  /** Public half of the key of preview, share and browser tokens (SPKI PEM). */
  readonly previewPublicPem: string;
  /** Organization, operator and server key of the first start. */
  readonly first: { readonly tenantSlug: string; readonly email: string; readonly key: string };
  /** Where it listens, for what no client would send. */
  readonly socketPath: string;
  send(asked: Asked): Promise<Answered>;
  addTenant(name: string): Promise<{ readonly id: string; readonly slug: string }>;
  /** A user with `PASSWORD`, a member of the organization in that role. */
  addUser(tenantId: string, role: Role, isOperator?: boolean): Promise<Person>;
  /** An instance of a deployment that ran once, as a publish would leave it. */
  addInstance(deploymentId: string): Promise<string>;
  /** The key's time is over, as if it had been minted long ago. */
  expireKey(id: string): Promise<void>;
  close(): Promise<void>;
}

/** The files the supervisor makes on the first start. */
const writeKeys = (folder: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const previewPublicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwtSecret = randomBytes(64);
  mkdirSync(folder, { recursive: true });
  const files = {
    'preview.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'preview.pub': previewPublicPem,
    'jwt.secret': jwtSecret.toString('hex'),
    'seal.key': randomBytes(32).toString('hex'),
    'edge.secret': randomBytes(32).toString('hex'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return { previewPublicPem, jwtSecret };
};

/** A real socket, not `inject`: streams that never end must still give their status. */
const sender =
  (socketPath: string) =>
  ({ method, path, headers = {}, body }: Asked): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path, headers: { host: 'api.miosa.localhost', ...headers } }, (received) => {
        const status = received.statusCode ?? 0;
        if (received.headers['content-type']?.startsWith('text/event-stream') === true) {
          received.on('error', () => {});
          sent.destroy();
          return resolve({ status, headers: received.headers, text: '' });
        }
        const chunks: Buffer[] = [];
        received.on('data', (chunk: Buffer) => chunks.push(chunk));
        received.once('error', reject);
        received.once('end', () => resolve({ status, headers: received.headers, text: Buffer.concat(chunks).toString() }));
      });
      sent.once('error', reject);
      sent.end(body);
    });

export const startTestControlPlane = async (env: Readonly<Record<string, string>> = {}): Promise<TestControlPlane> => {
  const { url, db, close } = await testDatabase();
  const data = mkdtempSync(join(tmpdir(), 'miosa-test-cp-'));
  const keys = writeKeys(join(data, 'keys'));
  mkdirSync(join(data, 'run'));
  const runtime = createFakeRuntime();
  // With the rights it has in production, and no more.
  const limited = new URL(url);
  limited.username = 'miosa_control_plane';
  const config = readConfig({
    MIOSA_DATA: data,
    DATABASE_URL: limited.href,
    MIOSA_LOG_LEVEL: 'silent',
    MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off',
    ...env,
  });
  const controlPlane = await compose(config, silent, { ...runtime, close: () => {} });
  await controlPlane.start();
  await controlPlane.server.listen(config.sockets.public);
  const bootstrap = { organization_name: 'Operations', email: 'operator@example.com', password: PASSWORD };
  const answer = await controlPlane.server.injectInternal({ method: 'POST', url: '/internal/bootstrap', payload: bootstrap });
  const { tenant, api_key } = answer.json().data;
  return {
    ...keys,
    first: { tenantSlug: tenant.slug, email: bootstrap.email, key: api_key.key },
    socketPath: config.sockets.public,
    send: sender(config.sockets.public),
    addTenant: (name) =>
      db.tx({ log: silent, requestId: 'test' }, 'tenant', (tx) => createTenant(tx, { name, ownerUserId: null, now: new Date() })),
    addUser: async (tenantId, role, isOperator = false) => {
      const [id, email] = [newUuid(), `${newUuid()}@example.com`];
      // The first user's hash: a new one for each would cost more than all the rest.
      await sql`insert into users (id, email, password_hash, is_operator)
        select ${id}, ${email}, password_hash, ${isOperator} from users where email = ${bootstrap.email}`.execute(db.read);
      await sql`insert into members (tenant_id, user_id, role) values (${tenantId as TenantId}, ${id}, ${role})`.execute(db.read);
      if (role === 'owner') await sql`update tenants set owner_user_id = ${id} where id = ${tenantId}`.execute(db.read);
      return { id, email };
    },
    addInstance: async (deploymentId) => {
      const [version, release, instance] = [newId('ver'), newId('rel'), newId('ins')];
      await sql`insert into deployment_versions (id, deployment_id, tenant_id, version_number, kind, state, source_type, source, request, env_revision,
          created_by, created_at, updated_at)
        select ${version}, id, tenant_id, (random() * 1e9)::int + 1000, 'dynamic', 'ready', 'sandbox', '{}', '{}', 0, 'test', now(), now()
          from deployments where id = ${deploymentId}`.execute(db.read);
      await sql`insert into deployment_releases (id, deployment_id, version_id, kind, sha256, size_bytes, created_at)
        values (${release}, ${deploymentId}, ${version}, 'rootfs', '00', 1, now())`.execute(db.read);
      await sql`insert into deployment_instances (id, deployment_id, version_id, release_id, tenant_id, env_revision, state, port, created_at, stopped_at,
          updated_at)
        select ${instance}, id, ${version}, ${release}, tenant_id, 0, 'stopped', 3000, now(), now(), now() from deployments where id = ${deploymentId}`.execute(
        db.read,
      );
      return instance;
    },
    expireKey: async (id) => {
      await sql`update api_keys set expires_at = now() - interval '1 minute' where id = ${id}`.execute(db.read);
    },
    close: async () => {
      await controlPlane.close();
      await runtime.close();
      await close();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
