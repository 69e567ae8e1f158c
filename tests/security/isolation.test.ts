import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { ledger } from './escape/tiers.ts';
import { buildWorld, FLAG_PORT, FORBIDDEN, FORBIDDEN_V6, PUBLIC } from './world.ts';

interface Finding {
  readonly name: string;
  readonly blocked: boolean;
  readonly detail: string;
}

const miosa = client();
const tally = ledger('isolation', 'container');
let world: Awaited<ReturnType<typeof buildWorld>>;
let attacker: Sandbox;
let victim: Sandbox;

beforeAll(async () => {
  world = await buildWorld();
  [attacker, victim] = await Promise.all([miosa.sandboxes.create(), miosa.sandboxes.create()]);
  await victim.processes.start(['python3', '-m', 'http.server', String(FLAG_PORT), '--bind', '0.0.0.0']);
});
afterAll(async () => {
  await Promise.all([attacker?.destroy(), victim?.destroy()]);
  await world?.close();
  tally.close();
});

/** The same address as a resolver, a URL parser or a sloppy allow-list may read it. */
const ODD_SPELLINGS = [
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '0xa9.0xfe.0xa9.0xfe',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '169.254.169.254.',
  'metadata.google.internal',
  'host.docker.internal',
];

const addressOf = async (sandbox: Sandbox): Promise<string> => {
  const code =
    'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("45.45.45.45", 9)); print(s.getsockname()[0])';
  return (await sandbox.exec(['python3', '-c', code])).stdout.trim();
};

const gatewayOf = async (sandbox: Sandbox): Promise<string> => {
  const { stdout } = await sandbox.exec([
    'python3',
    '-c',
    'print(next(l.split()[2] for l in open("/proc/net/route") if l.split()[1] == "00000000"))',
  ]);
  return (stdout.trim().match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
};

it('holds against every attempt to reach host, control plane, database, neighbours and metadata, or to change the kernel', async () => {
  const { httpPort, httpsPort } = platform();
  const own = await addressOf(attacker);
  const neighbour = await addressOf(victim);
  expect(neighbour).not.toBe(own);
  const gateway = await gatewayOf(attacker);
  const hosts = [...world.hostAddresses, gateway];
  const targets = [
    ...hosts.flatMap((host) => [FLAG_PORT, httpPort, httpsPort, 5432, 22].map((port) => [`host ${host}:${port}`, host, port])),
    ...[...FORBIDDEN, ...FORBIDDEN_V6, ...ODD_SPELLINGS].map((host) => [`forbidden ${host}`, host, 80]),
    [`neighbour ${neighbour}`, neighbour, FLAG_PORT],
    ['loopback of the host', '127.0.0.1', FLAG_PORT],
    ['loopback of the host, v6', '::1', FLAG_PORT],
  ];
  await attacker.files.write('/tmp/probe.py', readFileSync(join(import.meta.dirname, 'probe.py')));
  const options = JSON.stringify({ targets, control: [PUBLIC, FLAG_PORT], flag: world.flag });
  const result = await attacker.exec(['python3', '/tmp/probe.py', options], { user: 'root', timeout: 300, cwd: '/' });
  expect(result).toMatchObject({ exitCode: 0 });
  const findings = JSON.parse(result.stdout) as Finding[];
  tally.tried(findings.length);
  expect(findings.length).toBeGreaterThan(100);
  const control = findings.find(({ name }) => name.startsWith('control:'));
  expect(control).toMatchObject({ blocked: true }); // "blocked" means "as it must be": the flag of the public host was read
  expect(findings.filter(({ blocked }) => !blocked)).toEqual([]);
});

it('does not let a sandbox take a neighbour’s address', async () => {
  const neighbour = await addressOf(victim);
  const code = `import socket; s = socket.socket(); s.bind(("${neighbour}", 0))`;
  expect((await attacker.exec(['python3', '-c', code], { user: 'root' })).exitCode).not.toBe(0);
});

it('kills only inside when memory runs out', async () => {
  await using hog = await miosa.sandboxes.create({ size: 'xs' });
  const result = await hog.exec(['python3', '-c', 'b = []\nwhile True: b.append(bytearray(1 << 26))'], { timeout: 120 });
  expect(result.exitCode).toBe(137);
  expect((await hog.exec('echo alive')).stdout).toBe('alive\n');
  expect((await victim.exec('echo fine')).stdout).toBe('fine\n');
});

it('sees nothing of host or neighbours in its own tables', async () => {
  const { stdout } = await attacker.exec('cat /proc/mounts /proc/self/mountinfo /proc/self/cgroup; ls /sys; env; ps aux', { user: 'root' });
  expect(stdout).not.toContain(victim.id);
  expect(stdout).not.toContain(platform().dataDir);
  expect(stdout).not.toContain('msk_');
});
