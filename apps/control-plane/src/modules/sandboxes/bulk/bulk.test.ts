import { newId } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCore } from '../core.ts';
import { createWorld, type World } from '../testing/world.ts';
import { runQueued } from './run.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const finished = async (id: string) => {
  for (;;) {
    const { body } = await world.call('GET', `/bulk/${id}`);
    if (body.data.state === 'done') return body.data;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const stateOf = async (id: string) => (await world.call('GET', `/sandboxes/${id}`)).body.data.state;

it('does to each sandbox what it can, and says of each of the others why not', async () => {
  const [a, b, gone] = [await world.create(), await world.create(), await world.create()];
  await world.call('DELETE', `/sandboxes/${gone.id}`);
  const absent = newId('sbx');
  const accepted = await world.call('POST', '/bulk/sandboxes/pause', { ids: [a.id, b.id, a.id, gone.id, absent] });
  expect([accepted.status, accepted.body.data]).toEqual([202, { id: expect.stringMatching(/^blk_/), queued: 4 }]);
  const done = await finished(accepted.body.data.id);
  expect(done).toMatchObject({ queued: 0, completed: 2, failed: 2 });
  expect(done.errors).toEqual([
    { id: gone.id, code: 'GONE' },
    { id: absent, code: 'NOT_FOUND' },
  ]);
  expect([await stateOf(a.id), await stateOf(b.id)]).toEqual(['paused', 'paused']);
});

it('finds sandboxes by a filter, and never all of them by an empty one', async () => {
  const [tagged, other] = [await world.create({ tags: ['old'] }), await world.create()];
  const { body } = await world.call('POST', '/bulk/sandboxes/destroy', { filter: { tag: 'old' } });
  expect(await finished(body.data.id)).toMatchObject({ completed: 1, failed: 0 });
  expect([await stateOf(tagged.id), await stateOf(other.id)]).toEqual(['destroyed', 'running']);
  for (const wrong of [{}, { filter: {} }, { ids: [] }, { ids: [other.id], filter: { tag: 'x' } }, { filter: { nonsense: 'x' } }]) {
    expect([wrong, (await world.call('POST', '/bulk/sandboxes/destroy', wrong)).status]).toEqual([wrong, 422]);
  }
  expect((await world.call('POST', '/bulk/sandboxes/pause', { ids: Array.from({ length: 501 }, () => newId('sbx')) })).status).toBe(422);
});

it('touches nothing of another organization, and shows it nothing', async () => {
  const sandbox = await world.create();
  const as = world.actor({ tenantId: await world.tenant('Other') });
  const { body } = await world.call('POST', '/bulk/sandboxes/destroy', { ids: [sandbox.id] }, { as });
  expect((await world.call('GET', `/bulk/${body.data.id}`, undefined, { as })).body.data.errors).toEqual([
    { id: sandbox.id, code: 'NOT_FOUND' },
  ]);
  expect((await world.call('GET', `/bulk/${body.data.id}`)).status).toBe(404);
  expect(await stateOf(sandbox.id)).toBe('running');
});

it('goes on in another process when one died half-way', async () => {
  const sandboxes = await Promise.all([world.create(), world.create(), world.create()]);
  const id = newId('blk');
  const { db } = world.core;
  const actor = JSON.stringify(world.op().actor);
  // As a process leaves it that died: one done, one leased by the dead, one not begun.
  await sql`insert into bulk_operations values (${id}, ${world.tenantId}, 'destroy', ${actor}::jsonb, 'k', 'req_1', now())`.execute(
    db.read,
  );
  for (const [position, { id: sandboxId }] of sandboxes.entries()) {
    await sql`insert into bulk_items values (${id}, ${position}, ${sandboxId}, ${position === 0 ? 'completed' : 'queued'}, null,
      ${position === 1 ? sql`now() - interval '1 second'` : sql`null`})`.execute(db.read);
  }
  const second = await createCore(world.core, () => {});
  await runQueued(second);
  second.stop();
  await second.signals.close();
  expect(await finished(id)).toMatchObject({ completed: 3, failed: 0 });
  expect(await Promise.all(sandboxes.map(({ id: each }) => stateOf(each)))).toEqual(['running', 'destroyed', 'destroyed']);
});
