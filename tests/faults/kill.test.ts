import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessName } from '../harness/platform.ts';
import { type Broken, createSurvivor, expectSurvived, listed, settled, startBreakable } from './fixture.ts';
import { sandboxesOnHost } from './host.ts';

const CHILDREN: readonly ProcessName[] = ['postgres', 'runner', 'control-plane', 'edge'];

/** Before the first is carried out, among them, and when most are done. */
const CREATES_MS = [5, 40, 120];
const DESTROYS_MS = [10, 80];

let broken: Broken;
/** Kills it and waits for its successor; every other process must be the one it was. */
const killed = async (name: ProcessName): Promise<() => void> => {
  const { platform } = broken;
  const others = CHILDREN.filter((other) => other !== name);
  const before = platform.pid(name);
  const pids = others.map(platform.pid);
  await platform.kill(name);
  await platform.restarted(name, before);
  return () => expect(others.map(platform.pid)).toEqual(pids);
};
const host = (): string[] => sandboxesOnHost(broken.platform.dataDir);

/** Named processes inside: whoever finished the boot must have run the start command, and once. */
const startedIn = async (sandbox: Sandbox): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of sandbox.processes.list()) if (name !== null) names.push(name);
  return names;
};

beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(async () => {
  await broken?.platform.stop();
});

afterEach(async () => {
  for (const sandbox of await listed(broken.miosa)) await sandbox.destroy();
});

describe.each(CHILDREN)('kill -9 of %s', (name) => {
  it('loses no running sandbox, file or process, and the platform heals by itself', async () => {
    const { miosa } = broken;
    const survivor = await createSurvivor(miosa);
    const expectOthersUnharmed = await killed(name);
    await expectSurvived(miosa, survivor);
    expect((await survivor.sandbox.exec('echo back')).stdout).toBe('back\n');
    await survivor.sandbox.destroy();
    await settled(broken);
    expectOthersUnharmed();
  });

  it.each(CREATES_MS)('%i ms into a burst of creates leaves each sandbox whole or gone', async (moment) => {
    const { miosa } = broken;
    const creates = Promise.allSettled(
      Array.from({ length: 8 }, () => miosa.sandboxes.create({ name: 'burst', startCommand: 'sleep 1000' })),
    );
    await sleep(moment);
    const expectOthersUnharmed = await killed(name);
    for (const result of await creates) if (result.status === 'fulfilled') expect((await result.value.exec('echo ok')).stdout).toBe('ok\n');
    await settled(broken);
    for (const sandbox of await listed(miosa))
      if (sandbox.state === 'running') await expect.poll(() => startedIn(sandbox), { timeout: 10_000 }).toEqual(['start']);
    await Promise.all((await listed(miosa)).map((sandbox) => sandbox.destroy()));
    await settled(broken);
    expect(host()).toEqual([]);
    expectOthersUnharmed();
  });

  it.each(DESTROYS_MS)('%i ms into destroys leaves nothing behind', async (moment) => {
    const { miosa } = broken;
    const sandboxes = await Promise.all(Array.from({ length: 4 }, () => miosa.sandboxes.create({ name: 'doomed' })));
    const destroys = Promise.allSettled(sandboxes.map((sandbox) => sandbox.destroy()));
    await sleep(moment);
    const expectOthersUnharmed = await killed(name);
    await destroys;
    await Promise.all(sandboxes.map((sandbox) => sandbox.destroy()));
    await settled(broken);
    expect(host()).toEqual([]);
    expectOthersUnharmed();
  });
});

it('re-adopts running sandboxes when the supervisor was killed and started again', async () => {
  const { platform, miosa } = broken;
  const survivor = await createSurvivor(miosa);
  await platform.kill('supervisor');
  await platform.up();
  await expectSurvived(miosa, survivor);
  await survivor.sandbox.destroy();
  await settled(broken);
});
