import { expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();

const VALUE = 'sk-true-value-0123456789';
const HOST = 'api.secrets.example';

it('a secret is a placeholder inside, and its hosts are answered by the platform with a certificate that programs trust', async () => {
  await using sandbox = await miosa.sandboxes.create({ secrets: [{ key: 'API_KEY', value: VALUE, hosts: [HOST] }] });
  const { stdout } = await sandbox.exec('echo $API_KEY; env; cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"');
  expect(stdout).toMatch(/^miosa-secret-[0-9a-f]{32}\n/);
  expect(stdout).not.toContain(VALUE);
  expect((await sandbox.env.list().all()).map(({ key, value, hosts }) => [key, value, hosts])).toEqual([['API_KEY', null, [HOST]]]);
  // There is no such server; that its name is answered for, and believed, shows the whole way there.
  const ask = (host: string) => sandbox.exec(`curl -sS -m 20 -o /dev/null -w '%{http_code}' -H "authorization: $API_KEY" https://${host}/`);
  await expect.poll(async () => (await ask(HOST)).stdout, { timeout: 20_000, interval: 500 }).toBe('502');
  expect((await ask('other.secrets.example')).stdout).toBe('000');

  await sandbox.env.set({ vars: [{ key: 'LATER', value: VALUE, hosts: ['*.secrets.example'] }] });
  await expect.poll(async () => (await ask('other.secrets.example')).stdout, { timeout: 20_000, interval: 500 }).toBe('502');

  await using fork = await sandbox.fork();
  const forked = await fork.exec('echo $API_KEY');
  expect(forked.stdout).toMatch(/^miosa-secret-/);
  expect(forked.stdout).not.toBe(stdout.split('\n', 1)[0]);
  expect((await fork.exec(`curl -sS -m 20 -o /dev/null -w '%{http_code}' https://${HOST}/`)).stdout).toBe('502');

  await sandbox.pause();
  await sandbox.resume();
  expect((await ask(HOST)).stdout).toBe('502');
  await sandbox.env.delete('API_KEY');
  await sandbox.env.delete('LATER');
  expect((await ask(HOST)).stdout).toBe('000');
});

it('refuses a secret that could make headers, or without a host', async () => {
  await using sandbox = await miosa.sandboxes.create();
  for (const wrong of [
    { key: 'A', value: 'abcdefgh\r\nx: y', hosts: [HOST] },
    { key: 'A', value: VALUE, hosts: [] },
  ])
    await expect(sandbox.env.set({ vars: [wrong] })).rejects.toMatchObject({ status: 422 });
});

it('a network policy holds from creation, over pause and resume, and in what is made from a snapshot with one', async () => {
  const policy = { defaultEffect: 'deny' as const, rules: [{ effect: 'allow' as const, destination: '2001:db8::/32' }] };
  await using sandbox = await miosa.sandboxes.create({ networkPolicy: policy });
  expect((await sandbox.networkPolicy.get()).rules).toMatchObject([{ effect: 'allow', destination: '2001:db8::/32', protocol: 'any' }]);
  const connect = 'timeout 3 bash -c "echo > /dev/tcp/$0/80" 2>&1 || echo closed';
  // IPv6 leads nowhere, whatever a policy says of it.
  expect((await sandbox.exec(['bash', '-c', connect, '2001:db8::1'])).stdout).toContain('closed');
  await sandbox.exec(['bash', '-c', connect, '198.51.100.9']);
  await expect
    .poll(async () => (await sandbox.networkPolicy.blocked().all()).map(({ destination }) => destination))
    .toContain('198.51.100.9');
  await sandbox.pause();
  await sandbox.resume();
  expect(await sandbox.networkPolicy.get()).toMatchObject({ defaultEffect: 'deny' });
  const snapshot = await sandbox.snapshots.create();
  await using second = await miosa.sandboxes.create({ snapshotId: snapshot.id, networkPolicy: policy });
  expect(await second.networkPolicy.get()).toMatchObject({ defaultEffect: 'deny' });
  expect((await second.exec(['bash', '-c', connect, '198.51.100.9'])).stdout).toContain('closed');
});
