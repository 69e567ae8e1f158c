import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type TestDatabase, testDatabase } from '@miosa/db';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, compose } from './compose.ts';
import type { Config } from './config.ts';
import { DEFAULT_POLICY as DEPLOYMENTS_DEFAULT } from './modules/deployments/policy.ts';
import { DEFAULT_POLICY } from './modules/sandboxes/policy.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let t: TestDatabase;
let controlPlane: ControlPlane;
beforeAll(async () => {
  t = await testDatabase();
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const config: Config = {
    databaseUrl: t.url,
    migrationUrl: t.url,
    databaseConnections: 5,
    names: { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 },
    rateLimits: { enabled: true, redisUrl: null },
    mail: { smtpUrl: null, from: 'no-reply@miosa.localhost', outbox: '/nonexistent' },
    networkPolicy: null,
    sandboxPolicy: DEFAULT_POLICY,
    deploymentPolicy: DEPLOYMENTS_DEFAULT,
    registration: 'invite',
    logLevel: 'silent',
    faultPoints: '',
    keys: {
      previewKeyPem: pair.privateKey,
      previewPublicKeys: [pair.publicKey],
      jwtSecret: randomBytes(64),
      earlierJwtSecrets: [],
      sealKey: randomBytes(32),
    },
    blobs: { kind: 'fs', minFreeBytes: 0 },
    blobsFolder: '/nowhere/blobs',
    tlsFolder: '/nowhere',
    sockets: { public: '/nonexistent/a', internal: '/nonexistent/b', runner: '/nonexistent/runner.sock' },
  };
  controlPlane = await compose(config, log);
  await controlPlane.start();
});
afterAll(async () => {
  await controlPlane.close();
  await t.close();
});

it('brings a fresh installation from bootstrap to a first workspace, without a runner', async () => {
  const { server } = controlPlane;
  const bootstrap = () =>
    server.injectInternal({
      method: 'POST',
      url: '/internal/bootstrap',
      payload: { organization_name: 'ClinicIQ', email: 'admin@example.com', password: 'correct horse battery' },
    });
  const first = await bootstrap();
  const { api_key, tenant } = first.json().data;
  expect(tenant.slug).toBe('cliniciq');
  expect((await bootstrap()).statusCode).toBe(409);

  const key = typeof api_key === 'string' ? api_key : api_key.key;
  const made = await server.inject({
    method: 'POST',
    url: '/api/v1/workspaces',
    headers: { authorization: `Bearer ${key}` },
    payload: { name: 'Dr. Smith Clinic' },
  });
  expect([made.statusCode, made.json().data?.slug]).toEqual([201, 'dr-smith-clinic']);
  expect(made.headers).toMatchObject({ 'x-ratelimit-limit': '300', 'x-ratelimit-remaining': '299' });
});

it('says which dependency is down', async () => {
  const ready = await controlPlane.server.inject('/readyz');
  expect([ready.statusCode, ready.json().checks]).toEqual([503, { database: true, runner: false }]);
  expect((await controlPlane.server.inject('/api/v1/overview')).json().data).toMatchObject({ status: 'degraded', incidents: 1 });
});

it('asks every route but the declared public ones for a credential', async () => {
  const closed = controlPlane.routes.filter(({ access, internal }) => access !== 'public' && internal !== true);
  for (const [i, route] of closed.entries()) {
    const url = `/api/v1${route.path.replace(/\{[^}]+\}/g, 'x')}`;
    // From an address each: sixty failures are all that one has in a minute.
    const headers = { 'x-forwarded-for': `2001:db8:0:${i.toString(16)}::1` };
    const res = await controlPlane.server.inject({ method: route.method, url, headers });
    expect(res.statusCode, `${route.method} ${url}`).toBe(401);
  }
});
