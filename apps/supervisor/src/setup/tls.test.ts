import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createSelfSigned } from '@miosa/certs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCertificates } from './tls.ts';

const user = { name: 'miosa', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/tls-test-');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => readFileSync(join(folder, name));
const make = (domain = 'miosa.localhost', appsDomain = domain) => makeCertificates(folder, { domain, appsDomain }, user);

/** Undefined when a client that trusts our authority accepts the server under that name. */
const verdict = async (name: string): Promise<string | undefined> => {
  const server = createServer({ key: file('server.key'), cert: file('server.pem') });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return (await new Promise((resolve) => {
      const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername: name, ca: file('ca.pem') });
      socket.once('secureConnect', () => resolve(undefined));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    }).finally(() => server.closeAllConnections())) as string | undefined;
  } finally {
    server.close();
  }
};

test('a client that trusts the authority accepts API and preview names and no other', async () => {
  await make();
  expect(await verdict('api.miosa.localhost')).toBeUndefined();
  expect(await verdict('5173-sbx01j9x.sandbox.miosa.localhost')).toBeUndefined();
  expect(await verdict('bank.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('the authority can vouch for the domain only, and private keys are not readable by others', async () => {
  await make();
  const domain = Buffer.from('miosa.localhost');
  const constraint = Buffer.concat([Buffer.from('0603551d1e0101ff', 'hex')]);
  const der = new X509Certificate(file('ca.pem')).raw;
  expect(der.indexOf(constraint)).toBeGreaterThan(0);
  expect(der.indexOf(domain, der.indexOf(constraint))).toBeGreaterThan(0);
  for (const name of ['ca.key', 'issuer.key']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'server.key')).mode & 0o007).toBe(0);
});

test('a second start keeps what people trusted; another domain makes a new authority', async () => {
  await make();
  const [ca, leaf] = [file('ca.pem'), file('server.pem')];
  await make();
  expect([file('ca.pem'), file('server.pem')]).toEqual([ca, leaf]);
  await make('miosa.example');
  expect(file('ca.pem')).not.toEqual(ca);
  expect(await verdict('api.miosa.example')).toBeUndefined();
});

test('a lost leaf is made anew under the same authority', async () => {
  await make();
  const ca = file('ca.pem');
  rmSync(join(folder, 'server.pem'));
  await make();
  expect(file('ca.pem')).toEqual(ca);
  expect(await verdict('api.miosa.localhost')).toBeUndefined();
});

test('a domain of their own for apps is vouched for as well, and the issuer for nothing beside the two', async () => {
  await make('miosa.localhost', 'apps-of-ours-with-a-rather-long-name-that-needs-more-than-one-byte-of-length.example');
  const issuer = createSelfSigned({ certificatePem: file('issuer.pem').toString(), keyPem: file('issuer.key').toString() });
  const use = async (name: string): Promise<void> => {
    const { chainPem, keyPem } = await issuer.issue([name]);
    writeFileSync(join(folder, 'server.pem'), chainPem);
    writeFileSync(join(folder, 'server.key'), keyPem);
  };
  const apps = 'cliniciq.apps-of-ours-with-a-rather-long-name-that-needs-more-than-one-byte-of-length.example';
  await use(`*.${apps}`);
  expect(await verdict(`lead-magnet.${apps}`)).toBeUndefined();
  await use('bank.example');
  // OpenSSL's "permitted subtree violation", for which Node has no code.
  expect(await verdict('bank.example')).toBe('UNSPECIFIED');
});

test('an issuer that was lost is made anew under the same authority', async () => {
  await make();
  const ca = file('ca.pem');
  rmSync(join(folder, 'issuer.key'));
  await make();
  expect(file('ca.pem')).toEqual(ca);
  expect(await verdict('api.miosa.localhost')).toBeUndefined();
});
