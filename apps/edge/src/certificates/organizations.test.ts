import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TestAuthority, testAuthority } from '../testing/certificate.ts';
import { deploy } from '../testing/deployments.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let authority: TestAuthority;
let tlsFolder: string;
let platform: Platform;
const start = async (): Promise<void> => {
  platform = await startPlatform({ tlsFolder });
  platform.control.onCertificate = (organization) => authority.issue([`*.${organization}.miosa.localhost`]);
};
beforeEach(async () => {
  authority = await testAuthority();
  tlsFolder = await mkdtemp(join(tmpdir(), 'edge-issued-'));
  await mkdir(join(tlsFolder, 'issued'));
  await writeFile(join(tlsFolder, 'ca.pem'), authority.caPem);
  await start();
});
afterEach(async () => {
  await platform.close();
  await rm(tlsFolder, { recursive: true });
});

/** True when a client that trusts the authority accepts the edge under that name. */
const trusted = (servername: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port: platform.httpsPort, host: '127.0.0.1', servername, ca: authority.caPem });
    const settle = (good: boolean): void => {
      socket.destroy();
      resolve(good);
    };
    socket.once('secureConnect', () => settle(true)).once('error', () => settle(false));
  });
const published = async (name: string): Promise<string> => {
  const { host, id } = deploy(platform, { name, kind: 'static', manifestSha256: 'aa' });
  await platform.edge.deployments.refresh(id);
  return host;
};

it('one certificate serves all deployments of an organization, staged versions too, and is issued once', async () => {
  const [one, two] = [await published('one.cliniciq'), await published('two.cliniciq')];
  expect(await Promise.all([one, two, one, `0123456789--${two}`].map(trusted))).toEqual([true, true, true, true]);
  expect(platform.control.certificates).toEqual(['cliniciq']);
  expect(await trusted('not-there.cliniciq.miosa.localhost')).toBe(true); // so that its 404 can be read
  expect((await platform.getTls(one)).body).toBe('files of aa of ten_1');
});

it('names that lead nowhere cause none', async () => {
  await published('one.cliniciq');
  const names = Array.from({ length: 100 }, (_, i) => `x${i}.org-${i}.miosa.localhost`);
  for (const name of [...names, 'evil.example', 'x.sandbox.miosa.localhost', 'one.cliniciq.miosa.localhost.evil.example'])
    expect(await trusted(name)).toBe(false);
  expect(platform.control.certificates).toEqual([]);
  const { reads } = platform.deploymentStore;
  for (let i = 0; i < 10_000; i++) await platform.edge.contextFor(`a${i}.made-up-${i}.miosa.localhost`);
  expect([platform.deploymentStore.reads, platform.control.certificates]).toEqual([reads, []]);
});

it('a certificate outlives a restart of the edge and an outage of the control plane', async () => {
  expect(await trusted(await published('one.cliniciq'))).toBe(true);
  const [file = ''] = await readdir(join(tlsFolder, 'issued'));
  expect((await stat(join(tlsFolder, 'issued', file))).mode & 0o777).toBe(0o600);
  await platform.close();
  await start();
  platform.control.onCertificate = () => Promise.reject(new Error('down'));
  const host = await published('one.cliniciq');
  expect(await trusted(host)).toBe(true);
  expect(platform.control.certificates).toEqual([]);
});

it('one of an authority that was replaced, or a damaged one, is issued anew', async () => {
  const host = await published('one.cliniciq');
  const { certificate, private_key } = await (await testAuthority()).issue(['*.cliniciq.miosa.localhost']);
  for (const bad of [`${certificate}\n${private_key}`, 'damaged']) {
    await platform.close();
    await writeFile(join(tlsFolder, 'issued/cliniciq.pem'), bad);
    await start();
    await published('one.cliniciq');
    expect(await trusted(host)).toBe(true);
    expect(platform.control.certificates).toEqual(['cliniciq']);
  }
});

it('one that ends soon goes on being used while the next one is on its way', async () => {
  const host = await published('one.cliniciq');
  platform.control.onCertificate = () => authority.issue(['*.cliniciq.miosa.localhost'], new Date(Date.now() + 86_400_000));
  expect(await trusted(host)).toBe(true);
  expect(await trusted(host)).toBe(true);
  expect(platform.control.certificates).toEqual(['cliniciq', 'cliniciq']);
});

it('without an issuer the platform’s certificate is shown, and the issuer is left in peace', async () => {
  platform.control.onCertificate = () => Promise.reject(new Error('down'));
  const host = await published('one.cliniciq');
  expect([await trusted(host), await trusted(host), await trusted(host)]).toEqual([false, false, false]);
  expect(platform.control.certificates).toEqual(['cliniciq']);
});
