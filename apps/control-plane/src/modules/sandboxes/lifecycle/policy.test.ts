import { afterEach, describe, expect, test } from 'vitest';
import { sandboxPolicyOf } from '../policy.ts';
import { createWorld, type World } from '../testing/world.ts';

const GIB = 2 ** 30;

describe('what the operator allows', () => {
  let world: World;
  afterEach(() => world.close());

  test('sizes beyond the largest are QUOTA_EXCEEDED with the figures, at creation and later', async () => {
    world = await createWorld({ policy: { largestSize: 'small' } });
    const made = await world.call('POST', '/sandboxes', { size: 'large' });
    expect([made.status, made.body.error.code, made.body.error.details]).toEqual([
      403,
      'QUOTA_EXCEEDED',
      { quota: 'sandbox_size', limit: 'small', used: 'large', level: 'installation' },
    ]);
    const { id } = await world.create();
    expect((await world.call('PATCH', `/sandboxes/${id}`, { size: 'medium' })).status).toBe(403);
    expect((await world.call('PATCH', `/sandboxes/${id}`, { size: 'xs' })).status).toBe(200);
  });

  test('always_on is for the plans it names', async () => {
    world = await createWorld({ policy: { alwaysOnPlans: ['pro'] } });
    const made = await world.call('POST', '/sandboxes', { always_on: true });
    expect([made.status, made.body.error.details]).toEqual([403, { quota: 'always_on', limit: 0, used: 1, level: 'plan' }]);
    const { id } = await world.create();
    expect((await world.call('PATCH', `/sandboxes/${id}`, { always_on: true })).status).toBe(403);
    await world.core.db.read.updateTable('tenants').set({ plan: 'pro' }).where('id', '=', world.tenantId).execute();
    const changed = await world.call('PATCH', `/sandboxes/${id}`, { always_on: true });
    expect([changed.status, changed.body.data.expires_at]).toEqual([200, null]);
    const timed = await world.call('PATCH', `/sandboxes/${id}`, { always_on: false });
    expect(timed.body.data.timeout_remaining_ms).toBeGreaterThan(3_590_000);
  });

  test('isolation is as asked, never below what it demands, and a fork has no less than its original', async () => {
    world = await createWorld();
    const made = await world.call('POST', '/sandboxes', { isolation: 'gvisor' });
    expect([made.status, made.body.data.isolation]).toEqual([201, 'gvisor']);
    const fork = await world.call('POST', `/sandboxes/${made.body.data.id}/fork`, {});
    expect([fork.status, fork.body.data.isolation]).toEqual([201, 'gvisor']);
    const never = await world.call('POST', '/sandboxes', { isolation: 'microvm' });
    expect([never.status, never.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect(never.body.error.message).toContain('it offers container, gvisor');
    await world.close();
    world = await createWorld({ policy: { isolation: 'gvisor' } });
    expect((await world.call('POST', '/sandboxes', {})).body.data.isolation).toBe('gvisor');
    const weaker = await world.call('POST', '/sandboxes', { isolation: 'container' });
    expect([weaker.status, weaker.body.error.message]).toEqual([422, expect.stringContaining('gvisor at least')]);
  });

  test('an isolation that it demands and the host cannot start is UNAVAILABLE, with what there is', async () => {
    world = await createWorld({ policy: { isolation: 'microvm' } });
    const { status, body } = await world.call('POST', '/sandboxes', {});
    expect([status, body.error.code, body.error.details]).toEqual([
      503,
      'UNAVAILABLE',
      { reason: 'isolation', offered: ['container', 'gvisor'] },
    ]);
  });

  test('no more memory is promised than the host has, times the factor; what is paused or gone does not count', async () => {
    world = await createWorld({ policy: { memoryOvercommit: 1 } });
    world.host.fake.setRoom({ memoryBytes: 9 * GIB });
    const first = await world.create();
    const second = await world.create();
    const full = await world.call('POST', '/sandboxes', {});
    expect([full.status, full.body.error.code, full.body.error.details.reason]).toEqual([503, 'UNAVAILABLE', 'memory']);
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
    expect((await world.call('PATCH', `/sandboxes/${first.id}`, { size: 'medium' })).status).toBe(503);
    await world.call('POST', `/sandboxes/${first.id}/pause`);
    const third = await world.create();
    const waking = await world.call('POST', `/sandboxes/${first.id}/resume`, {});
    expect([waking.status, waking.body.error.details.reason]).toEqual([503, 'memory']);
    expect((await world.call('GET', `/sandboxes/${first.id}`)).body.data).toMatchObject({ state: 'paused', state_reason: 'user' });
    await world.call('DELETE', `/sandboxes/${second.id}`);
    expect((await world.call('POST', `/sandboxes/${first.id}/resume`, {})).status).toBe(200);
    await world.call('DELETE', `/sandboxes/${third.id}`);
  });

  test('thirty at once never take more than there is', async () => {
    world = await createWorld({ policy: { cpuOvercommit: 5 } }); // ten of two processors, five times over two
    world.host.fake.setRoom({ cpuCount: 4 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => world.call('POST', '/sandboxes', {})));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(20);
  });

  test('an organization has no more at once than its caps, however many creates, forks and resumes race; another has its own', async () => {
    world = await createWorld({ policy: { runningPerOrganization: 3, sandboxesPerOrganization: 5 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.call('POST', '/sandboxes', {})));
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.data.id);
    expect(made).toHaveLength(3);
    const refused = answers.find(({ status }) => status !== 201);
    expect([refused?.status, refused?.body.error.details]).toEqual([
      403,
      { quota: 'running_sandboxes', limit: 3, used: 3, level: 'organization' },
    ]);
    const fork = await world.call('POST', `/sandboxes/${made[0]}/fork`, {});
    expect([fork.status, fork.body.error.code]).toEqual([403, 'QUOTA_EXCEEDED']);
    for (const id of made) await world.call('POST', `/sandboxes/${id}/pause`);
    const more = [await world.create(), await world.create()];
    const waking = await Promise.all(made.map((id) => world.call('POST', `/sandboxes/${id}/resume`, {})));
    expect(waking.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
    await world.call('POST', `/sandboxes/${more[0]?.id}/pause`);
    expect((await world.call('POST', '/sandboxes', {})).body.error.details).toMatchObject({ quota: 'sandboxes', limit: 5, used: 5 });
    const other = world.actor({ tenantId: await world.tenant('Other') });
    expect((await world.call('POST', '/sandboxes', {}, { as: other })).status).toBe(201);
  });

  test('restoring a paused sandbox in place counts as starting it', async () => {
    world = await createWorld({ policy: { runningPerOrganization: 1 } });
    const { id } = await world.create();
    const snapshot = (await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body.data.id;
    const restore = () => world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, { mode: 'in_place' });
    expect((await restore()).status).toBe(200);
    await world.call('POST', `/sandboxes/${id}/pause`);
    const other = await world.create();
    expect([(await restore()).status, (await world.call('GET', `/sandboxes/${id}`)).body.data.state]).toEqual([403, 'paused']);
    await world.call('DELETE', `/sandboxes/${other.id}`);
    expect((await restore()).status).toBe(200);
  });

  test('size and idle time of project, workspace and installation hold where a request says none', async () => {
    world = await createWorld({ policy: { idleTimeoutSec: 900 } });
    const plain = await world.create();
    expect(plain).toMatchObject({ size: 'small', idle_timeout_sec: 900 });
    const set = (table: 'workspaces' | 'projects', id: unknown, settings: object) =>
      world.core.db.read
        .updateTable(table)
        .set({ settings: JSON.stringify(settings) })
        .where('id', '=', id as never)
        .execute();
    await set('workspaces', plain.workspace_id, { default_sandbox_size: 'xs', idle_timeout_sec: 600 });
    expect(await world.create()).toMatchObject({ size: 'xs', idle_timeout_sec: 600 });
    await set('projects', plain.project_id, { idle_timeout_sec: 0 });
    expect(await world.create()).toMatchObject({ size: 'xs', idle_timeout_sec: 0 });
    expect(await world.create({ size: 'medium', idle_timeout_sec: 60 })).toMatchObject({ size: 'medium', idle_timeout_sec: 60 });
  });
});

test.each([
  [{ largest_size: 'huge' }, 'largest_size'],
  [{ idle_timeout_sec: 30 }, 'idle_timeout_sec'],
  [{ memory_overcommit: 0 }, 'memory_overcommit'],
  [[], 'P'],
  [{ mistyped: 1 }, 'P'],
])('a policy of %j is refused by name', (value, name) => {
  expect(() => sandboxPolicyOf('P', value)).toThrow(name);
});
