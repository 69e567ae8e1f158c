import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endOverdue } from '../jobs/overdue.ts';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { tendSnapshots } from './jobs.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
beforeEach(() => {
  for (const call of ['create', 'snapshot', 'restore'] as const) world.host.fail(call, undefined);
});

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const run = async (id: string, command: string): Promise<string> =>
  (await world.call('POST', `/sandboxes/${id}/exec`, { command })).body.data.stdout;
const fork = async (id: string, body: object = {}) => {
  const answer = await world.call('POST', `/sandboxes/${id}/fork`, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
};
const take = async (id: string) => (await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body.data.id as string;
const openIntervals = async (id: string) =>
  (await world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).where('ended_at', 'is', null).execute())
    .length;

describe('fork', () => {
  test.each(['running', 'paused'])('of a %s sandbox has its files, environment and owner, and a life of its own', async (state) => {
    const source = await world.create({
      env: { GREETING: 'salve' },
      size: 'xs',
      tags: ['a'],
      metadata: { k: 1 },
      external_workspace_id: `clinic-${state}`,
      external_user_id: 'smith',
      idle_timeout_sec: 600,
    });
    await run(source.id, 'echo one > mark');
    if (state === 'paused') await world.call('POST', `/sandboxes/${source.id}/pause`);
    const made = await fork(source.id, { name: 'copy', external_user_id: 'jones', metadata: { k: 2 } });
    expect(made).toMatchObject({ state: 'running', ready: true, boot_path: 'fork', parent_sandbox_id: source.id, snapshot_id: null });
    expect(made).toMatchObject({ name: 'copy', size: 'xs', tags: ['a'], metadata: { k: 2 }, idle_timeout_sec: 600 });
    expect(made).toMatchObject({ external_workspace_id: `clinic-${state}`, external_user_id: 'jones', project_id: source.project_id });
    expect([made.id, made.slug]).not.toEqual(expect.arrayContaining([source.id]));
    expect(made.slug).not.toBe(source.slug);
    expect(await run(made.id, 'cat mark; echo $GREETING $MIOSA_SANDBOX_ID')).toBe(`one\nsalve ${made.id}\n`);
    expect((await world.call('GET', `/sandboxes/${source.id}`)).body.data.state).toBe(state);
    await run(made.id, 'echo two > mark');
    expect(await run(source.id, 'cat mark')).toBe('one\n');
    expect(await openIntervals(made.id)).toBe(1);
    await settle();
    // What was kept for it is gone, and was never shown.
    expect(await world.host.fake.listSnapshots()).toEqual([]);
    expect((await world.call('GET', `/sandboxes/${source.id}/snapshots`)).body.data).toEqual([]);
  });

  test('of a snapshot has the files of then; ten at once of one sandbox are ten', async () => {
    const { id } = await world.create();
    await run(id, 'echo then > mark');
    const snapshot = await take(id);
    await run(id, 'echo now > mark');
    const old = await fork(id, { snapshot_id: snapshot });
    expect(old).toMatchObject({ snapshot_id: snapshot, boot_path: 'fork' });
    expect(await run(old.id, 'cat mark')).toBe('then\n');
    const all = await Promise.all(Array.from({ length: 10 }, () => fork(id)));
    expect(new Set(all.map((made) => made.slug)).size).toBe(10);
    for (const made of all) expect(await run(made.id, 'cat mark')).toBe('now\n');
  });

  test('that fails to start leaves an error row, nothing billed, and nothing on the host', async () => {
    const { id } = await world.create();
    world.host.fail('create', new Fault('INTERNAL', 'broken'));
    const answer = await world.call('POST', `/sandboxes/${id}/fork`, {});
    expect(answer.status).toBe(503);
    await settle();
    const failed = await findAny(world.core.db.read, answer.body.error.details.sandbox_id);
    expect(failed?.state).toBe('error');
    expect(await openIntervals(failed?.id ?? '')).toBe(0);
    expect((await world.host.fake.listSnapshots()).filter((snapshot) => snapshot.sandboxId === id)).toEqual([]);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('running');
  });
});

describe('create from a snapshot', () => {
  test('has its files and size, belongs to whom the request says, else to whom the snapshot belongs', async () => {
    const source = await world.create({ size: 'xs', external_workspace_id: 'clinic-c' });
    await run(source.id, 'echo kept > mark');
    const snapshot = await take(source.id);
    const made = await world.create({ snapshot_id: snapshot });
    expect(made).toMatchObject({ size: 'xs', boot_path: 'snapshot', snapshot_id: snapshot, parent_sandbox_id: null });
    expect(made).toMatchObject({ workspace_id: source.workspace_id, external_workspace_id: 'clinic-c' });
    expect(await run(made.id, 'cat mark')).toBe('kept\n');
    const elsewhere = await world.create({ snapshot_id: snapshot, external_workspace_id: 'clinic-d' });
    expect(elsewhere.workspace_id).not.toBe(source.workspace_id);
    const { body } = await world.call('GET', `/sandboxes/${source.id}/snapshots/${snapshot}`);
    expect(body.data.last_used_at).not.toBeNull();
    expect((await world.call('POST', '/sandboxes', { snapshot_id: 'snp_1' })).status).toBe(404);
    expect((await world.call('POST', '/sandboxes', { snapshot_id: snapshot, template_id: 'other' })).status).toBe(422);
  });
});

describe('restore in place', () => {
  test.each(['running', 'paused', 'error'])('gives a %s sandbox its files back and starts it, under the same id', async (state) => {
    const { id, slug } = await world.create({ env: { GREETING: 'salve' } });
    await run(id, 'echo then > mark');
    const snapshot = await take(id);
    await run(id, 'echo now > mark; echo new > other');
    if (state === 'paused') await world.call('POST', `/sandboxes/${id}/pause`);
    if (state === 'error') await world.core.db.read.updateTable('sandboxes').set({ state: 'error' }).where('id', '=', id).execute();
    const answer = await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' });
    expect(answer.status, answer.text).toBe(200);
    expect([answer.status, answer.body.data.id, answer.body.data.slug]).toEqual([200, id, slug]);
    expect(answer.body.data).toMatchObject({ state: 'running', ready: true });
    expect(await run(id, 'cat mark; ls; echo $GREETING')).toBe('then\nmark\nsalve\n');
    expect(await openIntervals(id)).toBe(1);
  });

  test('cut off half-way is done again by the reconciler; commands wait for it', async () => {
    const { id } = await world.create({ timeout_sec: 86_400 });
    await run(id, 'echo then > mark');
    const snapshot = await take(id);
    await run(id, 'echo now > mark');
    world.host.fail('restore', new Error('socket closed'));
    expect((await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' })).status).toBe(502);
    expect(await findAny(world.core.db.read, id)).toMatchObject({ transition: 'restoring', restoring_from: snapshot });
    expect((await world.call('DELETE', `/sandboxes/${id}/snapshots/${snapshot}`)).body.error.code).toBe('IN_USE');
    const waiting = run(id, 'cat mark');
    world.host.fail('restore', undefined);
    world.advance(61_000);
    await endOverdue(world.core);
    expect(await waiting).toBe('then\n');
    await settle();
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state: 'running', transition: null, restoring_from: null });
    expect((await world.call('DELETE', `/sandboxes/${id}/snapshots/${snapshot}`)).status).toBe(200);
  });

  test('that the host refuses for good is an error with its reason, from which resume leads back', async () => {
    const { id } = await world.create();
    await run(id, 'echo kept > mark');
    const snapshot = await take(id);
    world.host.fail('restore', new Fault('NOT_FOUND', 'no files'));
    expect((await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' })).status).toBe(503);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ state: 'error', state_reason: 'no files' });
    expect((await world.call('POST', `/sandboxes/${id}/resume`, {})).status).toBe(200);
    expect(await run(id, 'cat mark')).toBe('kept\n');
  });

  test('and destroy at the same time: destroyed, with nothing on the host', async () => {
    const { id } = await world.create();
    const snapshot = await take(id);
    const letGo = world.host.hold('restore');
    const restoring = world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' });
    await expect.poll(() => world.host.calls).toContain(`restore ${id}`);
    await world.call('DELETE', `/sandboxes/${id}`);
    letGo();
    expect((await restoring).status).toBeGreaterThanOrEqual(400);
    await settle();
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state: 'destroyed' });
    expect(await world.host.fake.inspect(id)).toBeNull();
    await tendSnapshots(world.core);
  });
});
