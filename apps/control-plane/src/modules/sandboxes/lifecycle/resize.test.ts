import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareWithHost } from '../jobs/compare.ts';
import { endOverdue } from '../jobs/overdue.ts';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
beforeEach(() => world.host.fail('resize', undefined));

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const patch = (id: string, body: object) => world.call('PATCH', `/sandboxes/${id}`, body);
const shapeOf = async (id: string) => (await world.host.fake.inspect(id))?.shape;
const MEDIUM = { cpuCount: 4, memoryMiB: 8192, diskMiB: 20_480 };
const SMALL = { cpuCount: 2, memoryMiB: 4096, diskMiB: 10_240 };

describe('size of a sandbox', () => {
  test('changes while it runs, with other fields, and is metered from then on', async () => {
    const { id } = await world.create();
    const { status, body } = await patch(id, { size: 'medium', name: 'bigger' });
    expect([status, body.data]).toMatchObject([
      200,
      { size: 'medium', cpu_count: 4, memory_mb: 8192, disk_size_mb: 20_480, name: 'bigger', state: 'running', ready: true },
    ]);
    expect(await shapeOf(id)).toEqual(MEDIUM);
    const intervals = await world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).execute();
    expect(intervals.map(({ vcpus, ended_at }) => [vcpus, ended_at === null]).sort()).toEqual([
      [2, false],
      [4, true],
    ]);
    const triple = await patch(id, { cpu_count: 1, memory_mb: 2048, disk_size_mb: 10_240 });
    expect(triple.body.data.size).toBe('xs');
    expect((await patch(id, { cpu_count: 3, memory_mb: 2048, disk_size_mb: 10_240 })).status).toBe(422);
    expect((await patch(id, { cpu_count: 4 })).status).toBe(422);
  });

  test('stays usable meanwhile: a command runs during a resize', async () => {
    const { id } = await world.create();
    const release = world.host.hold('resize');
    const resizing = patch(id, { size: 'medium' });
    await expect.poll(async () => (await findAny(world.core.db.read, id))?.transition).toBe('resizing');
    expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo fine' })).body.data.stdout).toBe('fine\n');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ state: 'running', ready: true, size: 'small' });
    release();
    expect((await resizing).body.data.size).toBe('medium');
  });

  test('changes while paused, without waking it, and unmetered', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    expect((await patch(id, { size: 'medium' })).body.data).toMatchObject({ size: 'medium', state: 'paused', state_reason: 'user' });
    const open = await world.core.db.read
      .selectFrom('usage_intervals')
      .selectAll()
      .where('resource_id', '=', id)
      .where('ended_at', 'is', null)
      .execute();
    expect(open).toEqual([]);
  });

  test('below what is in use is 409 with the figures, and changes nothing, other fields included', async () => {
    const { id } = await world.create({ name: 'full' });
    world.host.fake.use(id, { memoryBytes: 3 * 2 ** 30 });
    const { status, body } = await patch(id, { size: 'xs', name: 'renamed' });
    expect([status, body.error.code, body.error.details]).toEqual([
      409,
      'CONFLICT',
      { reason: 'memory', limit_bytes: 2048 * 2 ** 20, used_bytes: 3 * 2 ** 30 },
    ]);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ size: 'small', name: 'full' });
    expect(await findAny(world.core.db.read, id)).toMatchObject({ transition: null });
  });

  test('a field that is wrong is said before the size has changed', async () => {
    const { id } = await world.create();
    expect((await patch(id, { size: 'medium', idle_timeout_sec: 5 })).status).toBe(422);
    expect(await shapeOf(id)).toEqual(SMALL);
  });

  test('a host that does not answer leaves it as it was', async () => {
    const { id } = await world.create();
    world.host.fail('resize', new Fault('INTERNAL', 'broken'));
    expect((await patch(id, { size: 'medium' })).status).toBe(503);
    expect(await findAny(world.core.db.read, id)).toMatchObject({ size: 'small', transition: null, state: 'running' });
  });

  test('destroying it meanwhile wins', async () => {
    const { id } = await world.create();
    const release = world.host.hold('resize');
    const resizing = patch(id, { size: 'medium' });
    await expect.poll(async () => (await findAny(world.core.db.read, id))?.transition).toBe('resizing');
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    release();
    const answer = await resizing;
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await world.host.fake.inspect(id)).toBeNull();
  });

  test('a process that died after the host and before the row: the host is given the size of the row again', async () => {
    const { id } = await world.create();
    const deadline = new Date(world.core.now().getTime() + 1000);
    await world.core.db.read
      .updateTable('sandboxes')
      .set({ transition: 'resizing', transition_deadline: deadline })
      .where('id', '=', id)
      .execute();
    await world.host.fake.resize(id, MEDIUM);
    world.advance(2000);
    await endOverdue(world.core);
    await settle();
    world.advance(1000);
    await compareWithHost(world.core);
    await settle();
    expect(await shapeOf(id)).toEqual(SMALL);
    expect(await findAny(world.core.db.read, id)).toMatchObject({ transition: null, state: 'running', size: 'small' });
  });

  test('twenty resizes at once end in one of the sizes asked for, on host and row', async () => {
    const { id } = await world.create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => patch(id, { size: n % 2 === 0 ? 'medium' : 'xs' })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const row = await findAny(world.core.db.read, id);
    expect(await shapeOf(id)).toEqual({ cpuCount: row?.cpu_count, memoryMiB: row?.memory_mb, diskMiB: row?.disk_size_mb });
  });
});
