import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeIssuer } from '@miosa/certs';
import { type TestDatabase, testDatabase } from '@miosa/db';
import { createServer } from '@miosa/http';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { domainRoutes, localIssuer } from './index.ts';

const DOMAIN = 'miosa.localhost';
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let test: TestDatabase;
let folder: string;
let server: Awaited<ReturnType<typeof createServer>>;
beforeAll(async () => {
  test = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'issuer-'));
  await sql`insert into tenants (id, slug) values (${newUuid()}, 'cliniciq')`.execute(test.db.read);
  const names = { domain: DOMAIN, appsDomain: DOMAIN, httpPort: 8080, httpsPort: 8443 };
  server = await createServer({
    routes: domainRoutes({ db: test.db, names, issuer: localIssuer(folder) }),
    ...{ authenticate: async () => null, authorize: () => {}, readiness: async () => ({}), version: '0', apiUrl: 'https://api', log },
  });
});
afterAll(async () => {
  await server.close();
  await test.close();
  await rm(folder, { recursive: true });
});

const ask = async (organization: string) =>
  server.injectInternal({ method: 'POST', url: '/internal/certificates', payload: { organization } });

it('says so while there is no issuer', async () => {
  expect((await ask('cliniciq')).statusCode).toBe(503);
});

it('signs for the names of an organization that exists, and for no other', async () => {
  const issuer = await makeIssuer(await makeAuthority([DOMAIN]), [DOMAIN]);
  await writeFile(join(folder, 'issuer.pem'), issuer.certificatePem);
  await writeFile(join(folder, 'issuer.key'), issuer.keyPem);
  const answer = await ask('cliniciq');
  expect(answer.statusCode).toBe(200);
  const leaf = new X509Certificate(answer.json().data.certificate);
  expect(leaf.subjectAltName).toBe(`DNS:*.cliniciq.${DOMAIN}`);
  expect(leaf.verify(new X509Certificate(issuer.certificatePem).publicKey)).toBe(true);
  for (const name of ['nobody', '*', 'cliniciq.evil.example', 'api', '']) expect((await ask(name)).statusCode).toBe(404);
});
