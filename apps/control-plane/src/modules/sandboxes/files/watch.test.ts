import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let id: string;
beforeAll(async () => {
  world = await createWorld();
  id = (await world.create()).id;
});
afterAll(() => world?.close());

const eventsOf = (text: string) =>
  text
    .split('\n\n')
    .filter((frame) => frame.startsWith('event:'))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)));

test('changes come as events in the form of the contract', async () => {
  await world.call('POST', `/sandboxes/${id}/files`, { path: 'watched/a.txt', content: '' });
  const { status, headers, text } = await world.call('GET', `/sandboxes/${id}/files/watch?path=watched`);
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/event-stream')]);
  expect(eventsOf(text)).toEqual([
    { type: 'created', path: '/workspace/watched/a.txt', is_dir: false, size_bytes: 0 },
    { type: 'deleted', path: '/workspace/watched', is_dir: true, size_bytes: 0 },
  ]);
});

test('what cannot be watched is refused by status, before the first byte', async () => {
  expect((await world.call('GET', `/sandboxes/${id}/files/watch?path=nope`)).body.error.code).toBe('NOT_FOUND');
  expect((await world.call('GET', `/sandboxes/${id}/files/watch?recursive=maybe`)).status).toBe(400);
});

test('watching counts as reading', async () => {
  const activity = async () =>
    (await world.core.db.read.selectFrom('sandboxes').select('last_activity_at').where('id', '=', id).executeTakeFirstOrThrow())
      .last_activity_at;
  await world.core.activity.flush();
  const before = await activity();
  world.advance(60_000);
  await world.call('GET', `/sandboxes/${id}/files/watch?path=watched`);
  await world.core.activity.flush();
  expect(await activity()).toEqual(before);
});
