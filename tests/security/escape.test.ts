import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { hoistFlags } from './escape/flags.ts';
import { ledger, sandboxOf, type Tier } from './escape/tiers.ts';

/** Name, whether the kernel refused, and what came of it. */
type Attempt = readonly [name: string, refused: boolean, detail: string];

/** Refused by nobody, and no way out: what a sandbox does to itself. */
const OWN: Readonly<Record<Tier, readonly RegExp[]>> = {
  container: [],
  // Its kernel is its own: mounts, namespaces, keys and most calls stay inside it.
  gvisor: [/./],
};

const miosa = client();
let flags: Awaited<ReturnType<typeof hoistFlags>>;
beforeAll(async () => {
  flags = await hoistFlags(platform().dataDir);
});
afterAll(() => flags?.close());

const socketsBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSocket())
    .map(({ parentPath, name }) => join(parentPath, name));

const expectUntouched = (): void => expect(flags.look()).toEqual(flags.before);
const expectWell = async (): Promise<void> => {
  expect((await fetchHealth()).ok).toBe(true);
};
const fetchHealth = async (): Promise<{ readonly ok: boolean }> => ({ ok: (await miosa.sandboxes.list({ limit: 1 })) !== undefined });

describe.each(['container', 'gvisor'] as const)('from a %s', (tier) => {
  const tally = ledger('kernel, files, sockets', tier);
  let inside: Sandbox | null;
  beforeAll(async () => {
    inside = await sandboxOf(miosa, tier);
  });
  afterAll(async () => {
    await inside?.destroy();
    tally.close();
  });

  it('nothing that root inside can call, open, mount or connect to gives the flag or changes the host', async ({ skip }) => {
    if (inside === null) return skip('this host does not offer the tier');
    expect(inside.isolation).toBe(tier);
    // Everything the host gets from a spoofed source ends up here, were it let through.
    const heard: string[] = [];
    const sink = createSocket('udp4');
    sink.on('message', (message, from) => heard.push(`${message} from ${from.address}`));
    await new Promise<void>((resolve) => sink.bind(0, '0.0.0.0', resolve));
    const gateway = (await inside.exec('awk \'$2 == "00000000" {print $3}\' /proc/net/route')).stdout.trim();
    const address = (gateway.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
    await inside.files.write('/tmp/attempts.py', readFileSync(join(import.meta.dirname, 'escape/attempts.py')));
    const given = JSON.stringify({
      path: flags.path,
      socket: flags.abstractSocket,
      unix: socketsBelow(join(platform().dataDir, 'run')),
      spoof: ['127.0.0.1', '8.8.8.8', address, '10.0.0.1', '169.254.169.254'],
      ownKernel: tier === 'gvisor',
      sink: [address, sink.address().port],
    });
    const { stdout, stderr, exitCode } = await inside.exec(['python3', '/tmp/attempts.py', given], { user: 'root', cwd: '/', timeout: 50 });
    sink.close();
    expect([exitCode, stderr]).toEqual([0, '']);
    const attempts = JSON.parse(stdout) as readonly Attempt[];
    tally.tried(attempts.length);
    expect(attempts.length).toBeGreaterThan(1000);
    expect(stdout).not.toContain(flags.flag);
    expect(heard).toEqual([]);
    expect(attempts.filter(([name, refused]) => !refused && !OWN[tier].some((own) => own.test(name)))).toEqual([]);
    expectUntouched();
    await expectWell();
  });
});
