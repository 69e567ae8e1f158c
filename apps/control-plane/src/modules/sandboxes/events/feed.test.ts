import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';
import { createFeeds } from './feed.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const WAIT = { timeout: 10_000 };
const told = async (id: string): Promise<string[]> => {
  const { rows } = await sql<{ text: string }>`
    select type || ' ' || (data ->> 'name') as text from events where resource_id = ${id} and narrow
    union all select type || ' ' || (data ->> 'name') from event_inbox where resource_id = ${id} and narrow`.execute(world.core.db.read);
  return rows.map(({ text }) => text).sort();
};
const start = (id: string, name: string) => world.call('POST', `/sandboxes/${id}/processes`, { command: 'sleep 1', name });

test('commands are told of while somebody listens, once though two control planes do, and not when nobody does', async () => {
  const { id } = await world.create();
  await start(id, 'before');
  const elsewhere = createFeeds({ ...world.core, background: new Set() });
  const releases = await Promise.all([world.core.feeds.listen(id), world.core.feeds.listen(id), elsewhere.listen(id)]);
  await start(id, 'one');
  await start(id, 'two');
  await expect.poll(() => told(id), WAIT).toEqual(['sandbox.exec.started one', 'sandbox.exec.started two']);
  await start(id, 'three');
  await expect.poll(() => told(id), WAIT).toHaveLength(3);
  await new Promise((resolve) => setTimeout(resolve, 600)); // both have looked again
  expect(await told(id)).toHaveLength(3);
  for (const release of releases) release();
});

test('listening to a paused sandbox does not wake it, and goes on when it runs again', async () => {
  const { id } = await world.create();
  await world.call('POST', `/sandboxes/${id}/pause`);
  const release = await world.core.feeds.listen(id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
  await world.call('POST', `/sandboxes/${id}/resume`);
  await expect
    .poll(async () => {
      await start(id, 'after');
      return told(id);
    }, WAIT)
    .toContain('sandbox.exec.started after');
  release();
});

test('listening to one that is gone ends by itself', async () => {
  const { id } = await world.create();
  await world.call('DELETE', `/sandboxes/${id}`);
  (await world.core.feeds.listen(id))();
  expect(await told(id)).toEqual([]);
});
