import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareWithHost } from '../jobs/compare.ts';
import { endTimers } from '../jobs/timers.ts';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const get = async (id: string) => (await world.call('GET', `/sandboxes/${id}`)).body.data;
const patch = (id: string, body: object) => world.call('PATCH', `/sandboxes/${id}`, body);

describe('lists', () => {
  test('every filter finds what has it and nothing else; an unknown value finds nothing', async () => {
    const wanted = await world.create({
      ...{ name: 'wanted', tags: ['red', 'blue'] },
      ...{ external_workspace_id: 'clinic_1', external_user_id: 'user_1', external_project_id: 'proj_1' },
    });
    await world.create({ name: 'other', tags: ['green'], external_workspace_id: 'clinic_2', external_project_id: 'proj_2' });
    const filters: Record<string, unknown> = {
      name: 'wanted',
      slug: wanted.slug,
      tag: 'blue',
      workspace_id: wanted.workspace_id,
      project_id: wanted.project_id,
      external_workspace_id: 'clinic_1',
      external_user_id: 'user_1',
      external_project_id: 'proj_1',
    };
    const list = async (query: string) => (await world.call('GET', `/sandboxes?${query}`)).body.data.map((row: { id: string }) => row.id);
    for (const [name, value] of Object.entries(filters)) {
      expect([name, await list(`${name}=${value}`)]).toEqual([name, [wanted.id]]);
      expect([name, await list(`${name}=nonsense`)]).toEqual([name, []]);
    }
    expect(await list(`template_id=miosa-sandbox&name=wanted`)).toEqual([wanted.id]);
    expect(await list('template_id=nonsense')).toEqual([]);
    expect(await list('state=paused')).toEqual([]);
    await world.call('POST', `/sandboxes/${wanted.id}/pause`);
    expect(await list('state=paused')).toEqual([wanted.id]);
    expect(await list('state=running&name=wanted')).toEqual([]);
  });
});

test('lists by metadata: every key asked for, and values of any kind', async () => {
  const one = await world.create({ metadata: { plan: 'pro', n: 1, deep: { a: [1, 2] } } });
  await world.create({ metadata: { plan: 'free', n: 1 } });
  const find = async (wanted: unknown) => {
    const answer = await world.call('GET', `/sandboxes?metadata=${encodeURIComponent(JSON.stringify(wanted))}`);
    return answer.status === 200 ? answer.body.data.map(({ id }: { id: string }) => id) : answer.status;
  };
  expect(await find({ plan: 'pro', n: 1 })).toEqual([one.id]);
  expect(await find({ deep: { a: [2] } })).toEqual([one.id]);
  expect(await find({ n: 1 })).toHaveLength(2);
  expect(await find({ n: '1' })).toEqual([]);
  expect(await find(['plan'])).toBe(422);
  expect((await world.call('GET', '/sandboxes?metadata={')).status).toBe(422);
});

test('while a sandbox is copied it is listed in the state it shows', async () => {
  const { id } = await world.create({ name: 'copied' });
  const release = world.host.hold('snapshot');
  const taking = world.call('POST', `/sandboxes/${id}/snapshots`, {});
  await expect.poll(async () => (await get(id)).state).toBe('snapshotting');
  const list = async (state: string) => (await world.call('GET', `/sandboxes?name=copied&state=${state}`)).body.data.length;
  expect([await list('snapshotting'), await list('running')]).toEqual([1, 0]);
  release();
  await taking;
  expect([await list('snapshotting'), await list('running')]).toEqual([0, 1]);
});

describe('the end of a record', () => {
  test('a destroyed sandbox is readable for thirty days, then as if it had never been; its slug is never given again', async () => {
    const { id } = await world.create();
    await world.call('DELETE', `/sandboxes/${id}`);
    const age = (days: number) =>
      world.core.db.read
        .updateTable('sandboxes')
        .set({ destroyed_at: new Date(Date.now() - days * 86_400_000) })
        .where('id', '=', id)
        .execute();
    await age(29.9);
    expect((await world.call('GET', `/sandboxes/${id}`)).status).toBe(200);
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    await age(30.1);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/resume'],
      ['GET', '/usage'],
      ['GET', '/metrics'],
    ] as const)
      expect([path, (await world.call(method, `/sandboxes/${id}${path}`)).status]).toEqual([path, 404]);
    expect((await world.call('GET', '/sandboxes?state=destroyed')).body.data).toEqual([]);
    expect(await findAny(world.core.db.read, id)).toBeDefined();
  });
});

describe('PATCH', () => {
  test('a smaller window never ends a running one at once; a smaller idle time counts from now', async () => {
    const { id } = await world.create({ timeout_sec: 7200 });
    world.advance(3_600_000);
    await patch(id, { timeout_sec: 60, idle_timeout_sec: 60 });
    await endTimers(world.core);
    await settle();
    expect((await get(id)).state).toBe('running');
    world.advance(64_000);
    await endTimers(world.core);
    await settle();
    expect(await get(id)).toMatchObject({ state: 'paused', state_reason: 'timeout' });
  });

  test('of a paused sandbox is for its next window', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    expect((await patch(id, { timeout_sec: 600 })).body.data).toMatchObject({ state: 'paused', expires_at: null, timeout_sec: 600 });
    const { body } = await world.call('POST', `/sandboxes/${id}/resume`, {});
    expect(body.data.timeout_remaining_ms).toBeLessThanOrEqual(600_000);
  });

  test('a changed external id is that of usage from then on, and not of what was used before', async () => {
    const { id } = await world.create({ external_user_id: 'before' });
    await patch(id, { external_user_id: 'after' });
    await patch(id, { external_user_id: 'after', name: 'same' });
    const intervals = await world.core.db.read
      .selectFrom('usage_intervals')
      .select(['external_user_id', 'ended_at'])
      .where('resource_id', '=', id)
      .orderBy('started_at')
      .execute();
    expect(intervals.map((one) => [one.external_user_id, one.ended_at === null])).toEqual([
      ['before', false],
      ['after', true],
    ]);
  });

  test('two at once that each add a key to the metadata lose neither', async () => {
    const { id } = await world.create();
    await Promise.all(Array.from({ length: 10 }, (_, n) => patch(id, { metadata: { [`k${n}`]: n } })));
    expect(Object.keys((await get(id)).metadata)).toHaveLength(10);
  });

  test('of a destroyed sandbox is 410 with its reason', async () => {
    const { id } = await world.create();
    await world.call('DELETE', `/sandboxes/${id}`);
    const { status, body } = await patch(id, { size: 'medium' });
    expect([status, body.error.details]).toEqual([410, { ended_reason: 'user' }]);
  });
});

describe('races', () => {
  test('a resume during a pause waits for it and then has the sandbox running', async () => {
    const { id } = await world.create();
    const release = world.host.hold('pause');
    const pausing = world.call('POST', `/sandboxes/${id}/pause`);
    await expect.poll(async () => (await findAny(world.core.db.read, id))?.transition).toBe('pausing');
    const resuming = world.call('POST', `/sandboxes/${id}/resume`, {});
    const waking = world.internal('POST', `/internal/sandboxes/${id}/wake`);
    release();
    expect((await pausing).status).toBe(200);
    expect((await resuming).body.data).toMatchObject({ state: 'running', ready: true });
    expect((await waking).body.data.state).toBe('running');
  });

  test('an extend and the end of the window: either it was extended and runs, or it was refused', async () => {
    for (let n = 0; n < 10; n++) {
      const { id } = await world.create({ timeout_sec: 60, persistent: false });
      world.advance(60_500);
      const [extended] = await Promise.all([
        world.call('POST', `/sandboxes/${id}/extend`, { timeout_sec: 600 }),
        endTimers(world.core).then(settle),
      ]);
      const row = await get(id);
      if (extended.status === 200) expect(row.state).toBe('running');
      else expect([extended.status, row.state, row.ended_reason]).toEqual([410, 'destroyed', 'timeout']);
      await world.call('DELETE', `/sandboxes/${id}`);
    }
  });

  test('pauses, resumes, commands and a destroy at random end destroyed, metered once and with nothing on the host', async () => {
    const { id } = await world.create();
    const acts = ['pause', 'resume', 'exec'] as const;
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, (n * 37) % 50));
        if (n === 40) return world.call('DELETE', `/sandboxes/${id}`);
        const act = acts[n % 3] ?? 'exec';
        return world.call('POST', `/sandboxes/${id}/${act}`, act === 'exec' ? { command: 'true' } : {});
      }),
    );
    expect(answers.filter(({ status }) => status >= 500 && status !== 502 && status !== 503)).toEqual([]);
    await settle();
    world.advance(6000);
    await compareWithHost(world.core);
    await settle();
    expect(await get(id)).toMatchObject({ state: 'destroyed', ended_reason: 'user' });
    expect(await world.host.fake.inspect(id)).toBeNull();
    const intervals = await world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).execute();
    expect(intervals.every((row) => row.ended_at !== null)).toBe(true);
  });
});
