import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCore } from '../core.ts';
import { exec } from '../exec/service.ts';
import { createWorld, type World } from '../testing/world.ts';
import { destroySandbox } from './service.ts';
import { lookupFor, settleFor } from './settled.ts';

/** Two control planes on one database and one host. */
let world: World;
let second: Awaited<ReturnType<typeof createCore>>;
beforeAll(async () => {
  world = await createWorld();
  second = await createCore(world.core, () => {});
});
afterAll(async () => {
  await second?.activity.close();
  await second?.signals.close();
  second?.pools.closeAll();
  await world?.close();
});

test('fifty resumes over two control planes are one resume on the host, and all see the sandbox run', async () => {
  const { id } = await world.create();
  await world.call('POST', `/sandboxes/${id}/pause`);
  const before = world.host.calls.length;
  const op = world.op();
  const rows = await Promise.all(
    Array.from({ length: 50 }, (_, i) => {
      const core = i % 2 === 0 ? world.core : second;
      return settleFor(op, core, lookupFor(op, core, id), 'resume');
    }),
  );
  expect(rows.every((row) => row.state === 'running' && row.transition === null)).toBe(true);
  expect(world.host.calls.slice(before).filter((call) => call === `resume ${id}`)).toHaveLength(1);
});

test('a pause by one control plane cuts a command run through the other, with the reason', async () => {
  const { id } = await world.create();
  const running = exec(world.op(), second, id, { command: 'sleep 20' }).catch((error: unknown) => error);
  await expect.poll(() => second.pools.has(id)).toBe(true);
  await world.call('POST', `/sandboxes/${id}/pause`);
  expect(await running).toMatchObject({ code: 'SANDBOX_NOT_RUNNING', details: { state: 'paused' } });
  await destroySandbox(world.op(), second, id);
  expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' })).status).toBe(410);
});
