import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { type Broken, createSurvivor, startBreakable } from './fixture.ts';
import { traces } from './host.ts';

let broken: Broken | undefined;
afterEach(async () => {
  const { platform } = broken ?? {};
  broken = undefined;
  await platform?.stop();
});

const helperOf = (runner: number): number =>
  Number(spawnSync('pgrep', ['-P', String(runner), '-x', 'launch'], { encoding: 'utf8' }).stdout);

/** Kills the runner time and again, until its supervisor pauses for longer than a moment before it starts another. */
const driveIntoBackOff = async ({ platform }: Broken): Promise<void> => {
  for (let death = 0; death < 4; death++) {
    const before = platform.pid('runner');
    await platform.kill('runner');
    if (death < 3) await platform.restarted('runner', before);
  }
};

const expectAwakeAfter = async ({ platform, miosa }: Broken, id: string): Promise<void> => {
  await platform.up();
  await expect.poll(async () => (await miosa.sandboxes.get(id)).state, { timeout: 30_000 }).toBe('paused');
  expect(await miosa.sandboxes.get(id)).toMatchObject({ stateReason: 'operator' });
  const sandbox = await miosa.sandboxes.get(id);
  expect(await sandbox.files.readText('kept.txt')).toBe('kept');
};

it('a clean stop takes all off the host and keeps files; the sandbox is paused by the operator and wakes on use', async () => {
  broken = await startBreakable();
  const { sandbox } = await createSurvivor(broken.miosa);
  await broken.platform.down();
  expect(traces(broken.platform.dataDir)).toEqual([]);
  await expectAwakeAfter(broken, sandbox.id);
});

it('a stop right after the death of the runner is as clean', async () => {
  broken = await startBreakable();
  const { sandbox } = await createSurvivor(broken.miosa);
  await broken.platform.kill('runner');
  await broken.platform.down();
  expect(traces(broken.platform.dataDir)).toEqual([]);
  await expectAwakeAfter(broken, sandbox.id);
});

it('a stop while the runner waits in its back-off is as clean', async () => {
  broken = await startBreakable();
  await createSurvivor(broken.miosa);
  await driveIntoBackOff(broken);
  await broken.platform.down();
  expect(traces(broken.platform.dataDir)).toEqual([]);
});

it('a stop right after the death of the launch helper is as clean', async () => {
  broken = await startBreakable();
  await createSurvivor(broken.miosa);
  process.kill(helperOf(broken.platform.pid('runner')), 'SIGKILL');
  await broken.platform.down();
  expect(traces(broken.platform.dataDir)).toEqual([]);
});

it('a runner killed in the middle of the clean stop is replaced, and the stop is as clean', async () => {
  broken = await startBreakable();
  const { platform, miosa } = broken;
  await Promise.all(Array.from({ length: 6 }, () => miosa.sandboxes.create()));
  const runner = platform.pid('runner');
  const before = traces(platform.dataDir).length;
  const down = platform.down();
  // The first thing gone from the host tells that the runner is at it.
  await expect.poll(() => traces(platform.dataDir).length, { timeout: 30_000, interval: 5 }).toBeLessThan(before);
  try {
    process.kill(runner, 'SIGKILL');
  } catch {
    // It was quicker.
  }
  await down;
  expect(traces(platform.dataDir)).toEqual([]);
});

it('down after everything was killed ends what still runs, and the next up has the files', async () => {
  broken = await startBreakable();
  const { platform, miosa } = broken;
  const { sandbox } = await createSurvivor(miosa);
  await platform.kill('supervisor');
  expect(traces(platform.dataDir)).not.toEqual([]);
  expect(await platform.command('down')).toMatchObject({ code: 0 });
  expect(traces(platform.dataDir)).toEqual([]);
  expect(await platform.command('down')).toEqual({ code: 0, output: `no platform is running in ${platform.dataDir}\n` });
  await expectAwakeAfter(broken, sandbox.id);
});

it('reset after everything was killed ends what still runs and leaves an empty folder', async () => {
  broken = await startBreakable();
  const { platform, miosa } = broken;
  await createSurvivor(miosa);
  await platform.kill('supervisor');
  expect(await platform.command('reset')).toMatchObject({ code: 0 });
  expect(traces(platform.dataDir)).toEqual([]);
  expect(readdirSync(platform.dataDir)).toEqual([]);
});

it('an interrupted start takes off the host what it had begun', async () => {
  broken = await startBreakable();
  const { platform } = broken;
  await platform.down();
  for (const asked of ['runner', 'lock'] as const) {
    const up = platform.up().catch((error: Error) => error);
    await expect
      .poll(() => (asked === 'lock' ? platform.pid('supervisor') : platform.pid('runner')), { timeout: 30_000, interval: 2 })
      .not.toBe(0);
    await platform.down().catch(() => {}); // exit code 1: a start that was interrupted has failed
    expect(await up).toBeInstanceOf(Error);
    expect(traces(platform.dataDir)).toEqual([]);
  }
});

it('the folder of a platform whose processes were killed can be removed by its owner', async () => {
  broken = await startBreakable();
  const { platform, miosa } = broken;
  await createSurvivor(miosa);
  await platform.kill('supervisor');
  broken = undefined;
  await platform.stop();
  expect(existsSync(platform.dataDir)).toBe(false);
});
