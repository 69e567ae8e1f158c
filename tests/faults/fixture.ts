import { Miosa, type Sandbox } from '@miosa/sdk';
import { expect } from 'vitest';
import { type StartOptions, startPlatform, type TestPlatform } from '../harness/platform.ts';
import { sandboxesOnHost } from './host.ts';

/** A platform of its own for one file, and a client that repeats as a customer's would. */
export interface Broken {
  readonly platform: TestPlatform;
  readonly miosa: Miosa;
  /** Without repeats: to see the first answer. */
  readonly once: Miosa;
}

export const startBreakable = async (options: StartOptions = {}): Promise<Broken> => {
  // Tests come from one address, faster than any visitor: the limiter has tests of its own.
  const platform = await startPlatform({
    ...options,
    env: { MIOSA_EDGE_RATE: '0', MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off', ...options.env },
  });
  const { apiKey, apiUrl: baseUrl, ca } = platform;
  return { platform, miosa: new Miosa({ apiKey, baseUrl, ca, maxRetries: 8 }), once: new Miosa({ apiKey, baseUrl, ca, maxRetries: 0 }) };
};

export const listed = async (miosa: Miosa): Promise<Sandbox[]> => {
  const found: Sandbox[] = [];
  for await (const sandbox of miosa.sandboxes.list()) found.push(sandbox);
  return found;
};

/** Waits until no boot is under way and the host has exactly the machines that the API speaks of. */
export const settled = async ({ platform, miosa }: Broken): Promise<void> => {
  const states = async (...wanted: readonly string[]) =>
    (await listed(miosa)).filter(({ state }) => wanted.includes(state)).map(({ id }) => id);
  await expect.poll(() => states('provisioning'), { timeout: 90_000 }).toEqual([]);
  await expect
    .poll(async () => ({ rows: (await states('running', 'paused')).sort(), host: sandboxesOnHost(platform.dataDir) }), { timeout: 60_000 })
    .toSatisfy(({ rows, host }: { rows: string[]; host: string[] }) => JSON.stringify(rows) === JSON.stringify(host));
};

/** A running sandbox with a file and a process, both of which a fault elsewhere must not cost. */
export interface Survivor {
  readonly sandbox: Sandbox;
  readonly process: string;
}

export const createSurvivor = async (miosa: Miosa): Promise<Survivor> => {
  const sandbox = await miosa.sandboxes.create({ name: 'survivor' });
  await sandbox.files.write('kept.txt', 'kept');
  const ticker = await sandbox.processes.start('while :; do sleep 1; done');
  return { sandbox, process: ticker.id };
};

export const expectSurvived = async (miosa: Miosa, { sandbox, process }: Survivor): Promise<void> => {
  expect((await miosa.sandboxes.get(sandbox.id)).state).toBe('running');
  expect(await sandbox.files.readText('kept.txt')).toBe('kept');
  expect((await sandbox.processes.get(process)).state).toBe('running');
};
