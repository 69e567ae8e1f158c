import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Miosa, NetworkPolicy, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Of the documentation network 198.51.100.0/24, which stands for the public internet here. */
const ONE = '198.51.100.65';
const OTHER = '198.51.100.81';
const SERVER = `
const { createServer } = require('node:net');
let open = 2;
for (const port of [80, 443]) createServer((s) => { s.on('error', () => {}); s.end('hello'); }).listen(port, () => { if (--open === 0) console.log('ready'); });`;

const miosa = client();
const name = `mn${randomBytes(3).toString('hex')}`;
const made: Sandbox[] = [];
let server: ChildProcess;
let admin: Miosa;

beforeAll(async () => {
  ip('netns', 'add', name);
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'away0', 'netns', name);
  ip('addr', 'add', '10.254.252.1/30', 'dev', name);
  ip('link', 'set', name, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'addr', 'add', '10.254.252.2/30', 'dev', 'away0');
  ip('-n', name, 'link', 'set', 'away0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', '10.254.252.1');
  for (const address of [ONE, OTHER]) ip('-n', name, 'addr', 'add', `${address}/32`, 'dev', 'lo');
  ip('route', 'add', '198.51.100.64/27', 'via', '10.254.252.2');
  server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', SERVER], { stdio: ['ignore', 'pipe', 'ignore'] });
  if (server.stdout) await once(server.stdout, 'data');
  const { email, password } = platform();
  admin = client({ accessToken: (await miosa.auth.login({ email, password })).token });
});
afterAll(async () => {
  server?.kill('SIGKILL');
  ip('link', 'del', name); // takes its route along
  ip('netns', 'del', name);
  await admin?.settings.update({ networkPolicy: null });
  await Promise.all(made.map((sandbox) => sandbox.destroy()));
});

const create = async (networkPolicy?: NetworkPolicy): Promise<Sandbox> => {
  const sandbox = await miosa.sandboxes.create(networkPolicy === undefined ? {} : { networkPolicy });
  made.push(sandbox);
  return sandbox;
};
const reach = async (sandbox: Sandbox, ...targets: readonly (readonly [string, number])[]): Promise<string[]> => {
  const program = `
import socket
for host, port in ${JSON.stringify(targets)}:
  try: print(socket.create_connection((host, port), 2).recv(9).decode())
  except socket.gaierror: print('no such name')
  except OSError: print('blocked')`;
  return (await sandbox.exec(['python3', '-c', program])).stdout.trim().split('\n');
};
const ONLY_ONE: NetworkPolicy = {
  defaultEffect: 'deny',
  rules: [{ effect: 'allow', destination: `${ONE}/32`, ports: [443], protocol: 'tcp' }],
};

it('lets a sandbox reach everything public until a policy says otherwise, and again when it is gone', async () => {
  const sandbox = await create();
  expect(await sandbox.networkPolicy.get()).toEqual({ defaultEffect: 'allow', rules: [] });
  expect(await reach(sandbox, [ONE, 443], [OTHER, 80])).toEqual(['hello', 'hello']);
  expect(await sandbox.networkPolicy.set(ONLY_ONE)).toEqual(ONLY_ONE);
  expect(await reach(sandbox, [ONE, 443], [ONE, 80], [OTHER, 443], ['example.com', 443])).toEqual([
    'hello',
    'blocked',
    'blocked',
    'no such name',
  ]);
  await sandbox.networkPolicy.delete();
  expect(await reach(sandbox, [OTHER, 80])).toEqual(['hello']);
});

it('is in force from the first command on when given at creation, and stays over pause and resume', async () => {
  const sandbox = await create(ONLY_ONE);
  const expected = ['hello', 'blocked'];
  expect(await reach(sandbox, [ONE, 443], [OTHER, 443])).toEqual(expected);
  await sandbox.pause();
  await sandbox.resume();
  expect(await reach(sandbox, [ONE, 443], [OTHER, 443])).toEqual(expected);
  expect(await sandbox.networkPolicy.get()).toEqual(ONLY_ONE);
});

it('holds in a fork', async () => {
  const sandbox = await create(ONLY_ONE);
  const fork = await miosa.sandboxes.fork(sandbox.id);
  made.push(fork);
  expect(await reach(fork, [ONE, 443], [OTHER, 443])).toEqual(['hello', 'blocked']);
});

it('deny beats allow', async () => {
  const sandbox = await create({
    defaultEffect: 'deny',
    rules: [
      { effect: 'allow', destination: '198.51.100.64/27' },
      { effect: 'deny', destination: OTHER, ports: ['1-100'], protocol: 'tcp' },
    ],
  });
  expect(await reach(sandbox, [ONE, 80], [OTHER, 443], [OTHER, 80])).toEqual(['hello', 'hello', 'blocked']);
});

it('says what was stopped', async () => {
  const since = new Date(Date.now() - 1000).toISOString();
  const sandbox = await create(ONLY_ONE);
  await reach(sandbox, [OTHER, 80], ['unlisted.example.com', 443]);
  const blocked = await sandbox.networkPolicy.blocked({ since }).all();
  expect(blocked).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ destination: OTHER, port: 80, protocol: 'tcp' }),
      expect.objectContaining({ destination: 'unlisted.example.com', port: null, protocol: 'dns' }),
    ]),
  );
});

it('refuses what is no policy, with the field', async () => {
  const sandbox = await create();
  const bad = { defaultEffect: 'deny' as const, rules: [{ effect: 'allow' as const, destination: '10.0.0.1/8' }] };
  await expect(sandbox.networkPolicy.set(bad)).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('rules[0].destination'),
  });
});

it('the organization’s setting holds for all its sandboxes, also those that run, beside their own policies', async () => {
  const own = await create(ONLY_ONE);
  const free = await create();
  const { networkPolicy } = await admin.settings.update({
    networkPolicy: { defaultEffect: 'allow', rules: [{ effect: 'deny', destination: `${ONE}/32` }] },
  });
  expect(networkPolicy?.rules).toHaveLength(1);
  for (const sandbox of [own, free, await create()])
    await expect.poll(() => reach(sandbox, [ONE, 443]), { timeout: 20_000, interval: 500 }).toEqual(['blocked']);
  expect(await reach(free, [OTHER, 443])).toEqual(['hello']);
  await admin.settings.update({ networkPolicy: null });
  await expect.poll(() => reach(own, [ONE, 443]), { timeout: 20_000, interval: 500 }).toEqual(['hello']);
});
