import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type TestDatabase, testDatabase } from '@miosa/db';
import { mintToken } from '@miosa/hostnames';
import { newId, newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from './testing/certificate.ts';
import { call } from './testing/client.ts';
import { type FakeAgent, startFakeAgent } from './testing/fake-agent.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const keys = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const tenant = newUuid();
const key = newUuid();
const id = newId('sbx');
const host = '5173-sbx0123456789.sandbox.miosa.localhost';

let database: TestDatabase;
let data: string;
let agent: FakeAgent;
let edge: ChildProcess;
let httpPort: number;
let output = '';

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
};

const ops = (path: string): Promise<number> =>
  new Promise((resolve) => {
    const asked = request({ socketPath: join(data, 'run/edge.sock'), path }, (answer) => resolve(answer.resume().statusCode ?? 0));
    asked.on('error', () => resolve(0)).end();
  });

const fill = async (): Promise<void> => {
  const { read } = database.db;
  const [workspace, project] = [newUuid(), newUuid()];
  await sql`insert into tenants (id, slug) values (${tenant}, 'org-1')`.execute(read);
  await sql`insert into workspaces (id, tenant_id, name, slug) values (${workspace}, ${tenant}, 'w', 'w')`.execute(read);
  await sql`insert into projects (id, tenant_id, workspace_id, name, slug) values (${project}, ${tenant}, ${workspace}, 'p', 'p')`.execute(
    read,
  );
  await sql`insert into api_keys (id, tenant_id, name, key_type, key_hash, key_prefix, scopes, rate_limit_rpm, created_by)
    values (${key}, ${tenant}, 'k', 'live', ${randomBytes(32)}, 'msk_live_x', '{}', 300, 'test')`.execute(read);
  await sql`insert into sandboxes (id, tenant_id, workspace_id, project_id, name, slug, state, template_id, size, cpu_count, memory_mb,
      disk_size_mb, persistent, always_on, timeout_sec, idle_timeout_sec, created_by, endpoint)
    values (${id}, ${tenant}, ${workspace}, ${project}, 's', 'sbx0123456789', 'running', 't', 'small', 2, 4096, 10240, true, false, 3600, 0,
      'test', ${JSON.stringify({ socketPath: agent.socketPath })}::jsonb)`.execute(read);
};

const prepare = async (): Promise<void> => {
  for (const folder of ['run', 'keys', 'tls']) await mkdir(join(data, folder));
  const pair = await selfSigned('miosa.localhost');
  await writeFile(join(data, 'tls/server.pem'), pair.cert);
  await writeFile(join(data, 'tls/server.key'), pair.key);
  await writeFile(join(data, 'keys/edge.secret'), randomBytes(32).toString('hex'));
  await writeFile(join(data, 'keys/preview.pub'), keys.publicKey);
};

beforeAll(async () => {
  [database, data, httpPort] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'edge-main-')), freePort()]);
  await prepare();
  agent = await startFakeAgent(join(data, 'run/agent.sock'));
  await fill();
  const env = {
    MIOSA_DATA: data,
    MIOSA_HTTP_PORT: String(httpPort),
    MIOSA_HTTPS_PORT: String(await freePort()),
    DATABASE_URL: database.url,
  };
  edge = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [edge.stdout, edge.stderr]) {
    stream?.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  for (let i = 0; i < 200 && (await ops('/readyz')) !== 200; i++) await sleep(50);
});
afterAll(async () => {
  edge.kill('SIGKILL');
  await agent.close();
  await database.close();
  await rm(data, { recursive: true });
});

const token = (): string =>
  mintToken('preview', keys.privateKey, {
    ...{ jti: newId('prv'), sandboxId: id, port: 5173, scope: 'read', tenantId: tenant, keyId: key },
    exp: Math.floor(Date.now() / 1000) + 60,
  });
const visit = (header?: string) =>
  call({ port: httpPort, host, headers: header === undefined ? {} : { 'x-miosa-preview-token': header } }).then(({ status }) => status);
/** How long until the answer is `status`; the contract's second, with the request itself. */
const within = async (status: number, header?: string): Promise<boolean> => {
  for (const end = Date.now() + 1000; Date.now() < end; await sleep(20)) if ((await visit(header)) === status) return true;
  return false;
};

describe('the process', () => {
  it('says on its own socket how it is', async () => {
    expect([await ops('/healthz'), await ops('/readyz'), await ops('/metrics'), await ops('/x')]).toEqual([200, 200, 200, 404]);
  });

  it('follows the real database within a second: expose, hide, revoke, destroy', async () => {
    const { read } = database.db;
    expect([await visit(), await visit(token())]).toEqual([401, 502]);
    await sql`insert into previews (id, tenant_id, sandbox_id, port, visibility) values ('prv_1', ${tenant}, ${id}, 5173, 'public')`.execute(
      read,
    );
    expect(await within(502)).toBe(true);
    await sql`update previews set deleted_at = now()`.execute(read);
    expect(await within(401)).toBe(true);
    const held = token();
    await sql`update api_keys set revoked_at = now()`.execute(read);
    expect(await within(403, held)).toBe(true);
    await sql`update sandboxes set state = 'destroyed'`.execute(read);
    expect(await within(410)).toBe(true);
  });

  it('ends by itself on SIGTERM, with its socket removed and no secret in its output', async () => {
    const ended = new Promise((resolve) => void edge.once('exit', resolve));
    edge.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await ops('/healthz')).toBe(0);
    expect(output).toContain('edge is up');
    expect(output).not.toMatch(/mp_[A-Za-z0-9]/);
  });
});
