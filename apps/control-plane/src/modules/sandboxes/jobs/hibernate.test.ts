import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { compareWithHost } from './compare.ts';
import { hibernatePaused } from './hibernate.ts';
import { endOverdue } from './overdue.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ policy: { hibernateAfterSec: 3600 } });
});
afterAll(() => world?.close());
beforeEach(() => world.host.fake.setRoom({ memoryBytes: 2 ** 34, memoryFreeBytes: 2 ** 33 }));

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const paused = async () => {
  const { id } = await world.create();
  await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo kept > file' });
  await world.call('POST', `/sandboxes/${id}/pause`);
  world.advance(1000);
  return id;
};
const pass = async (): Promise<void> => {
  await hibernatePaused(world.core);
  await settle();
};
const machine = async (id: string) => (await world.host.fake.inspect(id))?.state;

describe('hibernation', () => {
  test('a host short of memory takes that of the sandboxes paused longest; their files stay and they say so', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await paused());
    await pass();
    expect(await Promise.all(ids.map(machine))).toEqual(Array(6).fill('paused'));
    world.host.fake.setRoom({ memoryFreeBytes: 2 ** 30 });
    await pass();
    expect(await Promise.all(ids.map(machine))).toEqual([...Array(4).fill('stopped'), 'paused', 'paused']);
    const [first] = ids;
    expect((await world.call('GET', `/sandboxes/${first}`)).body.data).toMatchObject({
      state: 'paused',
      state_reason: 'user',
      resume_keeps: 'files',
    });
    expect((await world.call('POST', `/sandboxes/${first}/exec`, { command: 'cat file' })).body.data.stdout).toBe('kept\n');
    expect((await world.call('GET', `/sandboxes/${first}`)).body.data).toMatchObject({ state: 'running', resume_keeps: 'memory' });
    for (const id of ids) await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('after the time the operator gives', async () => {
    const id = await paused();
    world.advance(3_590_000);
    await pass();
    expect(await machine(id)).toBe('paused');
    world.advance(20_000);
    await pass();
    expect(await machine(id)).toBe('stopped');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('after a restore in place it keeps its memory again', async () => {
    const { id } = await world.create();
    const snapshot = (await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body.data.id;
    await world.core.db.read.updateTable('sandboxes').set({ resume_keeps: 'files' }).where('id', '=', id).execute();
    const { body } = await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' });
    expect(body.data.resume_keeps).toBe('memory');
  });

  test('a resume meanwhile waits and then has the sandbox running; a destroy wins', async () => {
    const [id, doomed] = [await paused(), await paused()];
    world.host.fake.setRoom({ memoryFreeBytes: 0 });
    const release = world.host.hold('stop');
    await hibernatePaused(world.core);
    expect((await findAny(world.core.db.read, id))?.transition).toBe('hibernating');
    const resuming = world.call('POST', `/sandboxes/${id}/resume`, {});
    expect((await world.call('DELETE', `/sandboxes/${doomed}`)).status).toBe(200);
    release();
    expect((await resuming).body.data).toMatchObject({ state: 'running', resume_keeps: 'memory' });
    await settle();
    expect(await world.host.fake.inspect(doomed)).toBeNull();
    expect(await findAny(world.core.db.read, doomed)).toMatchObject({ state: 'destroyed', transition: null });
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a process that died in it: it is completed', async () => {
    const id = await paused();
    const set = { transition: 'hibernating', transition_deadline: world.core.now() } as const;
    await world.core.db.read.updateTable('sandboxes').set(set).where('id', '=', id).execute();
    world.advance(1000);
    await endOverdue(world.core);
    await settle();
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state: 'paused', transition: null, resume_keeps: 'files' });
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a paused machine whose processes ended with the host is not said to have kept its memory', async () => {
    const id = await paused();
    await world.host.fake.stop(id);
    await compareWithHost(world.core);
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state: 'paused', resume_keeps: 'files' });
    await world.call('DELETE', `/sandboxes/${id}`);
  });
});
