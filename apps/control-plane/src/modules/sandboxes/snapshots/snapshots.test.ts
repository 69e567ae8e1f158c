import { Fault, newId } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endOverdue } from '../jobs/overdue.ts';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { tendSnapshots } from './jobs.ts';
import { findSnapshot } from './store.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
beforeEach(() => {
  for (const call of ['create', 'destroy', 'snapshot', 'restore', 'deleteSnapshot'] as const) world.host.fail(call, undefined);
});

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const run = async (id: string, command: string): Promise<string> =>
  (await world.call('POST', `/sandboxes/${id}/exec`, { command })).body.data.stdout;
const take = async (id: string, body: object = {}) => {
  const answer = await world.call('POST', `/sandboxes/${id}/snapshots`, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
};
const rowOf = async (id: string) => {
  await settle();
  const row = await findAny(world.core.db.read, id);
  return row === undefined ? undefined : { state: row.state, transition: row.transition };
};
const onHost = async (): Promise<string[]> => (await world.host.fake.listSnapshots()).map(({ id }) => id);
const fieldsOf = (body: { error: { code: string } }) => body.error.code;
const actions = async (sandboxId: string) =>
  (
    await world.core.db.read
      .selectFrom('audit_entries')
      .select(['action', 'outcome'])
      .where('resource_id', '=', sandboxId)
      .where('action', 'like', '%snapshots%')
      .orderBy('seq')
      .execute()
  ).map(({ action, outcome }) => `${action} ${outcome}`);

describe('snapshots', () => {
  test.each(['running', 'paused'])('of a %s sandbox leave it as it was and show whose they are', async (state) => {
    const { id } = await world.create({ external_workspace_id: `clinic-${state}`, external_user_id: 'smith' });
    if (state === 'paused') await world.call('POST', `/sandboxes/${id}/pause`);
    const made = await take(id, { comment: 'before the change' });
    expect(made).toMatchObject({ sandbox_id: id, state: 'ready', comment: 'before the change', keep: false, retention_seconds: 2_592_000 });
    expect(made).toMatchObject({ external_workspace_id: `clinic-${state}`, external_user_id: 'smith' });
    expect(made.size_bytes).toBeGreaterThan(0);
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(2_592_000_000);
    expect(await rowOf(id)).toEqual({ state, transition: null });
    const { body } = await world.call('GET', `/sandboxes/${id}/snapshots`);
    expect(body.data).toEqual([made]);
    expect((await world.call('GET', `/sandboxes/${id}/snapshots/${made.id}`)).body.data).toEqual(made);
    expect(await actions(id)).toEqual(['sandboxes.snapshots.create success']);
  });

  test('two at once are both taken, one after the other', async () => {
    const { id } = await world.create();
    const [one, two] = await Promise.all([take(id), take(id)]);
    expect([one.state, two.state]).toEqual(['ready', 'ready']);
    expect(one.id).not.toBe(two.id);
    expect(await onHost()).toEqual(expect.arrayContaining([one.id, two.id]));
    expect(await rowOf(id)).toEqual({ state: 'running', transition: null });
  });

  test('while one is taken the sandbox says so and goes on taking commands', async () => {
    const { id } = await world.create();
    const letGo = world.host.hold('snapshot');
    const taking = take(id, { wait: false });
    const made = await taking;
    expect(made.state).toBe('creating');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ state: 'snapshotting', ready: true });
    expect(await run(id, 'echo on')).toBe('on\n');
    expect(fieldsOf((await world.call('POST', `/sandboxes/${id}/fork`, { snapshot_id: made.id })).body)).toBe('SNAPSHOT_NOT_READY');
    letGo();
    await settle();
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('running');
    expect((await findSnapshot(world.core.db.read, made.id))?.state).toBe('ready');
  });

  test('keep has no end; others are deleted when theirs is reached, on the host too, and never before', async () => {
    const { id } = await world.create({ timeout_sec: 86_400 });
    const kept = await take(id, { keep: true });
    const short = await take(id, { retention_seconds: 600 });
    expect(kept).toMatchObject({ expires_at: null, retention_seconds: null });
    world.advance(595_000);
    await tendSnapshots(world.core);
    expect((await findSnapshot(world.core.db.read, short.id))?.state).toBe('ready');
    world.advance(6000);
    await tendSnapshots(world.core);
    await settle();
    expect((await findSnapshot(world.core.db.read, short.id))?.state).toBe('deleted');
    expect(await onHost()).toContain(kept.id);
    expect(await onHost()).not.toContain(short.id);
    expect((await actions(id)).at(-1)).toBe('sandboxes.snapshots.delete success');
  });

  test('outlive their sandbox; deleting is repeatable, and a deleted one makes nothing any more', async () => {
    const { id } = await world.create({ env: { SECRET: 'x' } });
    await run(id, 'echo kept > mark');
    const { id: snapshot } = await take(id);
    await world.call('DELETE', `/sandboxes/${id}`);
    expect((await world.call('GET', `/sandboxes/${id}/snapshots`)).body.data).toHaveLength(1);
    const restored = await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, {});
    expect(restored.status, restored.text).toBe(201);
    expect(restored.body.data).toMatchObject({ boot_path: 'snapshot', snapshot_id: snapshot, parent_sandbox_id: id });
    expect(await run(restored.body.data.id, 'cat mark')).toBe('kept\n');
    for (let i = 0; i < 2; i++) expect((await world.call('DELETE', `/sandboxes/${id}/snapshots/${snapshot}`)).status).toBe(200);
    expect(await onHost()).not.toContain(snapshot);
    expect((await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, {})).status).toBe(410);
    expect((await world.call('GET', `/sandboxes/${id}/snapshots/${snapshot}`)).body.data.state).toBe('deleted');
    expect(await run(restored.body.data.id, 'cat mark')).toBe('kept\n');
  });

  test('are seen by nobody whose the sandbox is not, and not under another sandbox', async () => {
    const { id } = await world.create();
    const other = await world.create();
    const { id: snapshot } = await take(id);
    const stranger = world.actor({ tenantId: await world.tenant('Stranger') });
    for (const [method, path] of [
      ['GET', `/sandboxes/${id}/snapshots`],
      ['GET', `/sandboxes/${id}/snapshots/${snapshot}`],
      ['DELETE', `/sandboxes/${id}/snapshots/${snapshot}`],
      ['POST', `/sandboxes/${id}/restore/${snapshot}`],
      ['POST', `/sandboxes/${id}/fork`],
    ] as const)
      expect((await world.call(method, path, method === 'POST' ? {} : undefined, { as: stranger })).status).toBe(404);
    expect((await world.call('GET', `/sandboxes/${other.id}/snapshots/${snapshot}`)).status).toBe(404);
    expect((await world.call('POST', `/sandboxes/${other.id}/restore/${snapshot}`, {})).status).toBe(404);
    expect((await world.call('POST', '/sandboxes', { snapshot_id: snapshot }, { as: stranger })).status).toBe(404);
  });

  test('of what failed to start are refused', async () => {
    const { id } = await world.create();
    await world.core.db.read.updateTable('sandboxes').set({ state: 'error' }).where('id', '=', id).execute();
    expect(fieldsOf((await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body)).toBe('SANDBOX_NOT_RUNNING');
  });
});

describe('snapshots and what goes wrong', () => {
  test('a host without room says STORAGE_FULL; the sandbox goes on, the row says why', async () => {
    const { id } = await world.create();
    world.host.fail('snapshot', new Fault('STORAGE_FULL', 'full', { details: { limit_bytes: 1, used_bytes: 1 } }));
    const { status, body } = await world.call('POST', `/sandboxes/${id}/snapshots`, {});
    expect([status, body.error.code]).toEqual([507, 'STORAGE_FULL']);
    expect(await rowOf(id)).toEqual({ state: 'running', transition: null });
    const [failed] = (await world.call('GET', `/sandboxes/${id}/snapshots`)).body.data;
    expect(failed).toMatchObject({ state: 'failed', state_reason: 'full' });
    expect(fieldsOf((await world.call('POST', `/sandboxes/${id}/restore/${failed.id}`, {})).body)).toBe('SNAPSHOT_NOT_READY');
    expect(await actions(id)).toEqual(['sandboxes.snapshots.create success', 'sandboxes.snapshots.create failure']);
  });

  test('destroying while one is taken leaves a snapshot that is ready or failed, and nothing else', async () => {
    const { id } = await world.create();
    const letGo = world.host.hold('snapshot');
    const taking = world.call('POST', `/sandboxes/${id}/snapshots`, {});
    await expect.poll(() => world.host.calls).toContain(`snapshot ${id}`);
    await world.call('DELETE', `/sandboxes/${id}`);
    letGo();
    expect((await taking).status).toBe(410);
    expect(await rowOf(id)).toEqual({ state: 'destroyed', transition: null });
    const [left] = (await world.call('GET', `/sandboxes/${id}/snapshots`)).body.data;
    expect(left.state).toBe('failed');
    expect(await onHost()).not.toContain(left.id);
  });

  test('a process that dies before, or between, host and row: the reconciler finishes it, once', async () => {
    for (const madeOnHost of [false, true]) {
      const { id } = await world.create({ timeout_sec: 86_400 });
      await run(id, 'echo then > mark');
      const letGo = world.host.hold('snapshot');
      const made = await take(id, { wait: false });
      if (madeOnHost) await world.host.fake.snapshot(id, made.id);
      // The process that began it never comes back: its answer from the host is a failure of that process alone.
      await world.core.db.read
        .updateTable('snapshots')
        .set({ deadline: new Date(0) })
        .where('id', '=', made.id)
        .execute();
      await world.core.db.read
        .updateTable('sandboxes')
        .set({ transition_deadline: new Date(0) })
        .where('id', '=', id)
        .execute();
      letGo();
      await endOverdue(world.core);
      await tendSnapshots(world.core);
      await settle();
      expect(await rowOf(id)).toEqual({ state: 'running', transition: null });
      expect((await findSnapshot(world.core.db.read, made.id))?.state).toBe('ready');
      expect((await onHost()).filter((snapshot) => snapshot === made.id)).toHaveLength(1);
    }
  });

  test('what the host has without a row is removed, and a row without files says so', async () => {
    const { id } = await world.create();
    const { id: lost } = await take(id);
    await world.host.fake.deleteSnapshot(lost);
    const orphan = newId('snp');
    await world.host.fake.snapshot(id, orphan);
    await tendSnapshots(world.core);
    await settle();
    expect(await onHost()).not.toContain(orphan);
    expect(await findSnapshot(world.core.db.read, lost)).toMatchObject({ state: 'failed' });
  });

  test('one that a sandbox is being made from cannot be deleted, nor does it expire', async () => {
    const { id } = await world.create({ timeout_sec: 86_400 });
    const { id: snapshot } = await take(id, { retention_seconds: 60 });
    const letGo = world.host.hold('create');
    const { body } = await world.call('POST', '/sandboxes', { snapshot_id: snapshot, wait: false });
    const refused = await world.call('DELETE', `/sandboxes/${id}/snapshots/${snapshot}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, 'IN_USE']);
    expect(refused.body.error.details.dependents).toEqual([{ type: 'sandbox', id: body.data.id }]);
    world.advance(61_000);
    await tendSnapshots(world.core);
    expect((await findSnapshot(world.core.db.read, snapshot))?.state).toBe('ready');
    letGo();
    await settle();
    expect((await world.call('DELETE', `/sandboxes/${id}/snapshots/${snapshot}`)).status).toBe(200);
  });

  test('snapshots of a deleted project are deleted', async () => {
    const { id, project_id: project } = await world.create({ project_slug: 'short-lived' });
    const { id: snapshot } = await take(id, { keep: true });
    await world.call('DELETE', `/sandboxes/${id}`);
    await world.core.db.read
      .updateTable('projects')
      .set({ deleted_at: new Date() })
      .where('id', '=', project as never)
      .execute();
    await tendSnapshots(world.core);
    await settle();
    expect((await findSnapshot(world.core.db.read, snapshot))?.state).toBe('deleted');
    expect(await onHost()).not.toContain(snapshot);
  });
});
