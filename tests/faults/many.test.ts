import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { note } from '../harness/notes.ts';
import { type Broken, listed, startBreakable } from './fixture.ts';
import { agentOf, sandboxesOnHost } from './host.ts';
import { inBatches } from './steps/rows.ts';

/** Live at once, each with a file and a process of its own. */
const LIVE = 200;
const AT_ONCE = 12;

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(() => broken?.platform.stop());

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const states = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { state } of await listed(broken.miosa)) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

it(`${LIVE} live sandboxes survive the death of the whole process tree, and a clean stop with their files`, {
  timeout: 600_000,
}, async () => {
  const { platform, miosa } = broken;
  let started = Date.now();
  const live = await inBatches(Array.from({ length: LIVE }), AT_ONCE, async () => {
    const sandbox = await miosa.sandboxes.create({ size: 'xs' });
    await sandbox.files.write('own.txt', sandbox.id);
    const { id } = await sandbox.processes.start('exec sleep 50000');
    return { sandbox, process: id };
  });
  const made = seconds(started);
  const agents = live.map(({ sandbox }) => agentOf(platform.dataDir, sandbox.id));

  started = Date.now();
  await platform.kill('supervisor'); // and with it, by the kernel, all of its children
  await platform.up();
  const upAgain = seconds(started);
  const check = async ({ sandbox, process }: { sandbox: Sandbox; process: string }) => {
    expect((await sandbox.exec('cat own.txt')).stdout).toBe(sandbox.id);
    expect((await sandbox.processes.get(process)).state).toBe('running');
  };
  await inBatches(live, AT_ONCE, check);
  const allAnswer = seconds(started);
  expect(await states()).toEqual({ running: LIVE });
  expect(live.map(({ sandbox }) => agentOf(platform.dataDir, sandbox.id))).toEqual(agents);

  started = Date.now();
  await platform.down();
  const down = seconds(started);
  expect(sandboxesOnHost(platform.dataDir)).toEqual([]);
  started = Date.now();
  await platform.up();
  await expect.poll(states, { timeout: 60_000, interval: 500 }).toEqual({ paused: LIVE });
  const paused = seconds(started);
  started = Date.now();
  await inBatches(live, AT_ONCE, async ({ sandbox }) => expect((await sandbox.exec('cat own.txt')).stdout).toBe(sandbox.id));
  const awake = seconds(started);
  expect(await states()).toEqual({ running: LIVE });
  note(
    `${LIVE} live sandboxes (made in ${made}): all killed, up again in ${upAgain}, all answer after ${allAnswer}; stop ${down}, start ${paused}, all awake in ${awake}`,
  );
  await inBatches(live, AT_ONCE, ({ sandbox }) => sandbox.destroy());
});
