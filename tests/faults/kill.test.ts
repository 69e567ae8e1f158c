import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessName } from '../harness/platform.ts';
import { type Broken, createSurvivor, expectSurvived, listed, settled, startBreakable } from './fixture.ts';
import { sandboxesOnHost } from './host.ts';

let broken: Broken;
const killed = async (name: ProcessName): Promise<void> => {
  const before = broken.platform.pid(name);
  await broken.platform.kill(name);
  await broken.platform.restarted(name, before);
};
const host = (): string[] => sandboxesOnHost(broken.platform.dataDir);

beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(async () => {
  await broken?.platform.stop();
});

const CHILDREN: readonly ProcessName[] = ['postgres', 'runner', 'control-plane', 'edge'];

/** Before the first is carried out, among them, and when most are done. */
const MOMENTS_MS = [5, 40, 120];

describe.each(CHILDREN)('kill -9 of %s', (name) => {
  it('loses no running sandbox, file or process, and the platform heals by itself', async () => {
    const { miosa } = broken;
    const survivor = await createSurvivor(miosa);
    await killed(name);
    await expectSurvived(miosa, survivor);
    expect((await survivor.sandbox.exec('echo back')).stdout).toBe('back\n');
    await survivor.sandbox.destroy();
    await settled(broken);
  });

  it.each(MOMENTS_MS)('%i ms into a burst of creates leaves each sandbox whole or gone', async (moment) => {
    const { miosa } = broken;
    const creates = Promise.allSettled(Array.from({ length: 8 }, () => miosa.sandboxes.create({ name: 'burst' })));
    await sleep(moment);
    await killed(name);
    for (const result of await creates) if (result.status === 'fulfilled') expect((await result.value.exec('echo ok')).stdout).toBe('ok\n');
    await settled(broken);
    await Promise.all((await listed(miosa)).map((sandbox) => sandbox.destroy()));
    await settled(broken);
    expect(host()).toEqual([]);
  });

  it.each(MOMENTS_MS)('%i ms into destroys leaves nothing behind', async (moment) => {
    const { miosa } = broken;
    const sandboxes = await Promise.all(Array.from({ length: 4 }, () => miosa.sandboxes.create({ name: 'doomed' })));
    const destroys = Promise.allSettled(sandboxes.map((sandbox) => sandbox.destroy()));
    await sleep(moment);
    await killed(name);
    await destroys;
    await Promise.all(sandboxes.map((sandbox) => sandbox.destroy()));
    await settled(broken);
    expect(host()).toEqual([]);
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
