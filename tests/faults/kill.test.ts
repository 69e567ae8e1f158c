import { readdirSync } from 'node:fs';
import { Miosa, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessName, startPlatform, type TestPlatform } from '../harness/platform.ts';

let platform: TestPlatform;
let miosa: Miosa;

beforeAll(async () => {
  platform = await startPlatform({ env: { MIOSA_EDGE_RATE: '0' } });
  miosa = new Miosa({ apiKey: platform.apiKey, baseUrl: platform.apiUrl, ca: platform.ca, maxRetries: 8 });
});
afterAll(async () => {
  await platform?.stop();
});

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

/** Ids of the sandboxes that have something on this host: a control group of the platform's own. */
const onHost = (): string[] => {
  const found = new Set<string>();
  const walk = (path: string, depth: number): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) {
        if (entry.name.startsWith('sbx_')) found.add(entry.name);
        if (depth > 0) walk(`${path}/${entry.name}`, depth - 1);
      }
  };
  walk('/sys/fs/cgroup', 3);
  return [...found].sort();
};

const settled = async (): Promise<void> => {
  await expect
    .poll(async () => (await all(miosa.sandboxes.list())).filter(({ state }) => state === 'provisioning').length, { timeout: 90_000 })
    .toBe(0);
  const alive = async () => (await all(miosa.sandboxes.list())).filter(({ state }) => state === 'running' || state === 'paused');
  await expect
    .poll(async () => ({ rows: (await alive()).map(({ id }) => id).sort(), host: onHost() }), { timeout: 60_000 })
    .toSatisfy(({ rows, host }: { rows: string[]; host: string[] }) => JSON.stringify(rows) === JSON.stringify(host));
};

const withTicker = async (): Promise<{ sandbox: Sandbox; process: string }> => {
  const sandbox = await miosa.sandboxes.create({ name: 'survivor' });
  await sandbox.files.write('kept.txt', 'kept');
  const ticker = await sandbox.processes.start('while :; do sleep 1; done');
  return { sandbox, process: ticker.id };
};

const stillThere = async ({ sandbox, process }: { sandbox: Sandbox; process: string }): Promise<void> => {
  expect((await miosa.sandboxes.get(sandbox.id)).state).toBe('running');
  expect(await sandbox.files.readText('kept.txt')).toBe('kept');
  expect((await sandbox.processes.get(process)).state).toBe('running');
};

const CHILDREN: readonly ProcessName[] = ['postgres', 'runner', 'control-plane', 'edge'];

describe.each(CHILDREN)('kill -9 of %s', (name) => {
  it('loses no running sandbox, file or process, and the platform heals by itself', async () => {
    const survivor = await withTicker();
    const before = platform.pid(name);
    await platform.kill(name);
    await platform.restarted(name, before);
    await stillThere(survivor);
    expect((await survivor.sandbox.exec('echo back')).stdout).toBe('back\n');
    await survivor.sandbox.destroy();
    await settled();
  });

  it('in the middle of creates leaves each sandbox whole or gone', async () => {
    const before = platform.pid(name);
    const creates = Promise.allSettled(Array.from({ length: 8 }, () => miosa.sandboxes.create({ name: 'burst' })));
    await platform.kill(name);
    await platform.restarted(name, before);
    for (const result of await creates) if (result.status === 'fulfilled') expect((await result.value.exec('echo ok')).stdout).toBe('ok\n');
    await settled();
    await Promise.all((await all(miosa.sandboxes.list())).map((sandbox) => sandbox.destroy()));
    await settled();
    expect(onHost()).toEqual([]);
  });

  it('in the middle of destroys leaves nothing behind', async () => {
    const sandboxes = await Promise.all(Array.from({ length: 4 }, () => miosa.sandboxes.create({ name: 'doomed' })));
    const before = platform.pid(name);
    const destroys = Promise.allSettled(sandboxes.map((sandbox) => sandbox.destroy()));
    await platform.kill(name);
    await platform.restarted(name, before);
    await destroys;
    await Promise.all(sandboxes.map((sandbox) => sandbox.destroy()));
    await settled();
    expect(onHost()).toEqual([]);
  });
});

it('re-adopts running sandboxes when the supervisor was killed and started again', async () => {
  const survivor = await withTicker();
  await platform.kill('supervisor');
  await platform.up();
  await stillThere(survivor);
  await survivor.sandbox.destroy();
  await settled();
});

it('keeps files over a clean stop and start; the sandbox is paused by the operator and wakes on use', async () => {
  const { sandbox } = await withTicker();
  await platform.down();
  expect(onHost()).toEqual([]);
  await platform.up();
  await expect.poll(async () => (await miosa.sandboxes.get(sandbox.id)).state, { timeout: 30_000 }).toBe('paused');
  expect(await miosa.sandboxes.get(sandbox.id)).toMatchObject({ stateReason: 'operator' });
  expect(await sandbox.files.readText('kept.txt')).toBe('kept');
  await sandbox.destroy();
});
