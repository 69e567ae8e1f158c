import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemOp } from '../deps.ts';
import { pauseAs } from '../lifecycle/settled.ts';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { compareWithHost } from './compare.ts';
import { endOverdue } from './overdue.ts';
import { endStaleFailures, endTimers } from './timers.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  for (const call of ['create', 'pause', 'resume', 'destroy', 'list'] as const) world.host.fail(call, undefined);
});

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const state = async (id: string) => {
  await settle();
  const row = await findAny(world.core.db.read, id);
  return row === undefined ? undefined : `${row.state}${row.transition === null ? '' : `/${row.transition}`}`;
};
const set = (id: string, values: object) => world.core.db.read.updateTable('sandboxes').set(values).where('id', '=', id).execute();
const openIntervals = async (id: string) =>
  (await world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).where('ended_at', 'is', null).execute())
    .length;

describe('timers', () => {
  test('a window ends on time, never early: persistent pauses, the other is destroyed, both with the reason', async () => {
    const kept = await world.create({ timeout_sec: 60 });
    const gone = await world.create({ timeout_sec: 60, persistent: false });
    world.advance(59_000);
    await endTimers(world.core);
    expect([await state(kept.id), await state(gone.id)]).toEqual(['running', 'running']);
    world.advance(1500);
    await endTimers(world.core);
    expect([await state(kept.id), await state(gone.id)]).toEqual(['paused', 'destroyed']);
    expect(await findAny(world.core.db.read, kept.id)).toMatchObject({ state_reason: 'timeout' });
    expect(await findAny(world.core.db.read, gone.id)).toMatchObject({ ended_reason: 'timeout' });
    expect([await openIntervals(kept.id), await openIntervals(gone.id)]).toEqual([0, 0]);
    expect(await world.host.fake.inspect(gone.id)).toBeNull();
  });

  test('an idle deadline counts from the last activity, also from activity still in memory', async () => {
    const { id } = await world.create({ idle_timeout_sec: 60, timeout_sec: 86_400 });
    world.advance(50_000);
    await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' });
    world.advance(55_000);
    await endTimers(world.core);
    expect(await state(id)).toBe('running');
    world.advance(4000); // 59 s after the exec
    await endTimers(world.core);
    expect(await state(id)).toBe('running');
    world.advance(5000); // beyond the idle time and the grace for reports under way
    await endTimers(world.core);
    expect(await state(id)).toBe('paused');
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state_reason: 'idle' });
  });

  test('a preview request reported by the edge counts; reading does not', async () => {
    const seen = await world.create({ idle_timeout_sec: 60, timeout_sec: 86_400 });
    const read = await world.create({ idle_timeout_sec: 60, timeout_sec: 86_400 });
    world.advance(50_000);
    await world.internal('POST', '/internal/activity', { sandboxes: { [seen.id]: world.core.now().getTime(), nonsense: 1 } });
    await world.call('GET', `/sandboxes/${read.id}/files`);
    world.advance(20_000);
    await endTimers(world.core);
    expect([await state(seen.id), await state(read.id)]).toEqual(['running', 'paused']);
  });

  test('a command that runs longer than the idle time keeps its sandbox', async () => {
    const { id } = await world.create({ idle_timeout_sec: 60, timeout_sec: 86_400 });
    const running = world.call('POST', `/sandboxes/${id}/exec`, { command: 'sleep 0.4' });
    await expect.poll(() => world.core.pools.has(id)).toBe(true);
    world.advance(120_000);
    await endTimers(world.core);
    expect(await state(id)).toBe('running');
    expect((await running).status).toBe(200);
  });

  test('always_on has no timers', async () => {
    const { id, expires_at } = await world.create({ always_on: true, timeout_sec: 60, idle_timeout_sec: 60 });
    expect(expires_at).toBeNull();
    world.advance(3600_000 * 24);
    await endTimers(world.core);
    expect(await state(id)).toBe('running');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('two reconcilers at once end a sandbox once', async () => {
    const { id } = await world.create({ timeout_sec: 60, persistent: false });
    world.advance(61_000);
    await Promise.all([endTimers(world.core), endTimers(world.core)]);
    await settle();
    const entries = await world.core.db.read.selectFrom('audit_entries').selectAll().where('resource_id', '=', id).execute();
    expect(entries.filter((entry) => entry.action === 'sandboxes.destroy')).toMatchObject([{ actor_type: 'system', actor_id: 'timer' }]);
  });
});

describe('overdue transitions', () => {
  test('a boot whose process died is adopted when its machine is there', async () => {
    const { id } = await world.create();
    await set(id, { state: 'provisioning', endpoint: null, transition_deadline: new Date(world.core.now().getTime() + 60_000) });
    await endOverdue(world.core);
    expect(await state(id)).toBe('provisioning');
    world.advance(61_000);
    await endOverdue(world.core);
    expect(await state(id)).toBe('running');
  });

  test('a boot whose process died without a machine becomes an error, unbilled, and ends after a day', async () => {
    const { id } = await world.create();
    await world.host.fake.destroy(id);
    await set(id, { state: 'provisioning', endpoint: null, started_at: null, transition_deadline: world.core.now() });
    world.advance(1000);
    await endOverdue(world.core);
    expect(await state(id)).toBe('error');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state_reason).toContain('boot_timeout');
    expect(await openIntervals(id)).toBe(0);
    await endStaleFailures(world.core);
    expect(await state(id)).toBe('error');
    world.advance(25 * 3600_000);
    await endStaleFailures(world.core);
    expect(await state(id)).toBe('destroyed');
  });

  test('a pause whose process died after the freeze is completed', async () => {
    const { id } = await world.create();
    await world.host.fake.pause(id);
    await set(id, { transition: 'pausing', state_reason: 'user', transition_deadline: world.core.now() });
    world.advance(1000);
    await endOverdue(world.core);
    expect(await state(id)).toBe('paused');
    expect(await openIntervals(id)).toBe(0);
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a resume whose process died is completed', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    await set(id, { transition: 'resuming', transition_deadline: world.core.now() });
    world.advance(1000);
    await endOverdue(world.core);
    expect(await state(id)).toBe('running');
    expect(await openIntervals(id)).toBe(1);
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a destroy whose process died is completed on the host', async () => {
    const { id } = await world.create();
    world.host.fail('destroy', new Error('away'));
    await world.call('DELETE', `/sandboxes/${id}`);
    world.host.fail('destroy', undefined);
    expect(await state(id)).toBe('destroyed/destroying');
    world.advance(31_000);
    await endOverdue(world.core);
    expect(await state(id)).toBe('destroyed');
    expect(await world.host.fake.inspect(id)).toBeNull();
  });

  test('a pause that the host refuses leaves the sandbox running', async () => {
    const { id } = await world.create();
    world.host.fail('pause', new Error('away'));
    const row = await findAny(world.core.db.read, id);
    if (row === undefined) throw new Error('no row');
    await expect(pauseAs(systemOp(world.core, world.tenantId, 'test'), world.core, row, 'user')).rejects.toThrow(Fault);
    expect(await state(id)).toBe('running');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state_reason).toBeNull();
    await world.call('DELETE', `/sandboxes/${id}`);
  });
});

describe('comparison with the host', () => {
  test('a machine nobody knows is removed; one whose row was just made or just destroyed is left alone', async () => {
    const { runtime } = world.host;
    const orphan = 'sbx_00000000000000000000000000';
    const spec = { templateId: 'miosa-sandbox', hostname: 'h', cpuCount: 1, memoryMiB: 64, diskMiB: 64, pidsMax: 10, env: {} };
    await runtime.create({ ...spec, id: orphan });
    const known = await world.create();
    const ended = await world.create();
    world.host.fail('destroy', new Error('away'));
    await world.call('DELETE', `/sandboxes/${ended.id}`);
    world.host.fail('destroy', undefined);
    await compareWithHost(world.core);
    expect(await world.host.fake.inspect(orphan)).toBeNull();
    expect(await world.host.fake.inspect(known.id)).not.toBeNull();
    expect(await world.host.fake.inspect(ended.id)).not.toBeNull();
    world.advance(6000);
    await compareWithHost(world.core);
    expect(await world.host.fake.inspect(ended.id)).toBeNull();
    await world.call('DELETE', `/sandboxes/${known.id}`);
  });

  test('a machine that is being made is never taken for an orphan', async () => {
    const release = world.host.hold('create');
    const creating = world.call('POST', '/sandboxes', {});
    await expect.poll(() => world.host.calls.at(-1)).toMatch(/^create /);
    await compareWithHost(world.core);
    release();
    const { body } = await creating;
    expect(body.data.state).toBe('running');
    expect(await world.host.fake.inspect(body.data.id)).not.toBeNull();
    await world.call('DELETE', `/sandboxes/${body.data.id}`);
  });

  test('a lost machine is brought back with its window kept and metering unbroken', async () => {
    const { id, expires_at } = await world.create();
    await world.host.fake.lose(id);
    world.advance(1000);
    await compareWithHost(world.core);
    expect(await state(id)).toBe('running');
    expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo back' })).body.data.stdout).toBe('back\n');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.expires_at).toBe(expires_at);
    const intervals = await world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).execute();
    expect(intervals).toHaveLength(1);
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a lost machine that cannot be brought back in sixty seconds makes an error, which is not billed further', async () => {
    const { id } = await world.create();
    await world.host.fake.lose(id);
    world.host.fail('resume', new Fault('INTERNAL', 'The machine does not start.'));
    world.advance(1000);
    await compareWithHost(world.core);
    world.advance(60_000); // the attempt under way sees that its time is up
    expect(await state(id)).toBe('error');
    expect(await openIntervals(id)).toBe(0);
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a lost machine whose host is away stays as it is, and is brought back when the host answers', async () => {
    const { id } = await world.create();
    await world.host.fake.lose(id);
    world.host.fail('resume', new Fault('UPSTREAM_UNREACHABLE', 'away'));
    world.advance(1000);
    await compareWithHost(world.core);
    world.advance(120_000);
    await endOverdue(world.core);
    world.host.fail('resume', undefined);
    expect(await state(id)).toBe('running');
    expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo back' })).body.data.stdout).toBe('back\n');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a boot whose process died is adopted within seconds when its machine is ready', async () => {
    const { id } = await world.create();
    await set(id, { state: 'provisioning', endpoint: null });
    await compareWithHost(world.core);
    expect(await state(id)).toBe('provisioning');
    world.advance(4000);
    await compareWithHost(world.core);
    expect(await state(id)).toBe('running');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('a boot that the host knows nothing of ends as an error long before its deadline', async () => {
    const { id } = await world.create();
    await world.host.fake.destroy(id);
    await set(id, { state: 'provisioning', endpoint: null, started_at: null });
    world.advance(4000);
    await compareWithHost(world.core);
    expect(await state(id)).toBe('provisioning');
    world.advance(12_000);
    await compareWithHost(world.core);
    expect(await state(id)).toBe('error');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state_reason).toContain('boot_lost');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('after a clean stop of the host a sandbox is paused by the operator and wakes when used', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo kept > file' });
    await world.host.fake.stop(id);
    world.advance(1000);
    await compareWithHost(world.core);
    expect(await state(id)).toBe('paused');
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state_reason).toBe('operator');
    expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'cat file' })).body.data.stdout).toBe('kept\n');
    await world.call('DELETE', `/sandboxes/${id}`);
  });

  test('nothing is concluded while the host does not answer', async () => {
    const { id } = await world.create();
    world.host.fail('list', new Error('away'));
    world.advance(1000);
    await expect(compareWithHost(world.core)).rejects.toThrow('away');
    expect(await state(id)).toBe('running');
    await world.call('DELETE', `/sandboxes/${id}`);
  });
});
