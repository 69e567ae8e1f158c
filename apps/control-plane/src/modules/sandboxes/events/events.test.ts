import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let folder: string;
let socketPath: string;
beforeAll(async () => {
  world = await createWorld();
  folder = await mkdtemp(join(tmpdir(), 'miosa-events-'));
  socketPath = join(folder, 'api.sock');
  await world.server.listen(socketPath);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const typesOf = async (id: string): Promise<string[]> => {
  const { rows } = await sql<{ type: string }>`select type from event_inbox where resource_id = ${id}
    union all select type from events where resource_id = ${id}`.execute(world.core.db.read);
  return rows.map(({ type }) => type.replace('sandbox.', '')).sort();
};

/** Everything a stream says until it ends, or until `enough` is in it. */
const listen = (path: string, as: string, enough: string, headers: Record<string, string> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path: `/api/v1${path}`, headers: { ...headers, host: 'api', authorization: `Bearer ${as}` } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (enough !== '' && text.includes(enough)) sent.destroy();
        });
        answer.once('close', () => resolve(text));
        answer.on('error', () => {});
      },
    );
    sent.once('error', reject);
    sent.end();
  });

const eventsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)));

it('tells every change of state once', async () => {
  const { id } = await world.create();
  await world.call('POST', `/sandboxes/${id}/pause`);
  await world.call('POST', `/sandboxes/${id}/resume`);
  await world.call('POST', `/sandboxes/${id}/resume`);
  const { data: preview } = (await world.call('POST', `/sandboxes/${id}/expose`, { port: 3000 })).body;
  await world.call('DELETE', `/sandboxes/${id}/previews/${preview.id}`);
  await world.call('DELETE', `/sandboxes/${id}`);
  await world.call('DELETE', `/sandboxes/${id}`);
  expect(await typesOf(id)).toEqual(['created', 'destroyed', 'paused', 'preview.updated', 'preview.updated', 'resumed', 'running']);
});

it('tells in the stream of a sandbox what was made of it, and of its new start', async () => {
  const { id } = await world.create();
  const { data: snapshot } = (await world.call('POST', `/sandboxes/${id}/snapshots`, { comment: 'kept' })).body;
  const { data: fork } = (await world.call('POST', `/sandboxes/${id}/fork`, { name: 'copy' })).body;
  await world.call('POST', `/sandboxes/${id}/restore/${snapshot.id}`, { mode: 'in_place' });
  await world.call('POST', `/sandboxes/${id}/pause`);
  await world.call('POST', `/sandboxes/${id}/restore/${snapshot.id}`, { mode: 'in_place' });
  await world.call('POST', `/sandboxes/${id}/restore/${snapshot.id}`, {});
  expect(await typesOf(id)).toEqual(['created', 'forked', 'paused', 'resumed', 'running', 'running', 'snapshotted']);
  expect(await typesOf(fork.id)).toEqual(['created', 'running']);
  const { rows } = await sql<{ type: string; data: Record<string, unknown> }>`select type, data from event_inbox where resource_id = ${id}
    union all select type, data from events where resource_id = ${id}`.execute(world.core.db.read);
  const dataOf = (type: string) => rows.find((row) => row.type === type)?.data;
  expect(dataOf('sandbox.snapshotted')).toMatchObject({ id, state: 'running', snapshot: { id: snapshot.id, comment: 'kept' } });
  expect(dataOf('sandbox.forked')).toMatchObject({ id, fork: { id: fork.id, name: 'copy', slug: fork.slug } });
});

it('tells of a restore that failed', async () => {
  const { id } = await world.create();
  const { data: snapshot } = (await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body;
  world.host.fail('restore', new Fault('CONFLICT', 'no'));
  await world.call('POST', `/sandboxes/${id}/restore/${snapshot.id}`, { mode: 'in_place' });
  world.host.fail('restore', undefined);
  expect(await typesOf(id)).toEqual(['created', 'error', 'running', 'snapshotted']);
});

it('tells of a boot that failed, and why', async () => {
  world.host.fail('create', new Error('no'));
  const answer = await world.call('POST', '/sandboxes', {});
  world.host.fail('create', undefined);
  expect(await typesOf(answer.body.error.details.sandbox_id)).toEqual(['created', 'error']);
});

it('streams a sandbox’s events in order until it is destroyed, and again from where a reader was cut off', async () => {
  const as = world.actor({});
  const { id } = await world.create();
  const whole = listen(`/sandboxes/${id}/events`, as, '');
  const cut = listen(`/sandboxes/${id}/events`, as, 'event: sandbox.paused');
  await new Promise((resolve) => setTimeout(resolve, 200)); // both streams have their place
  await world.call('POST', `/sandboxes/${id}/pause`);
  const first = eventsIn(await cut).at(-1);
  await world.call('POST', `/sandboxes/${id}/resume`);
  await world.call('DELETE', `/sandboxes/${id}`);
  const types = eventsIn(await whole).map(({ type }) => type);
  expect(types.filter((type) => type !== 'sandbox.running')).toEqual(['sandbox.paused', 'sandbox.resumed', 'sandbox.destroyed']);
  expect(first).toMatchObject({ resource: { type: 'sandbox', id }, data: { id, state: 'paused' }, actor: { type: 'key' } });
  const rest = eventsIn(await listen(`/sandboxes/${id}/events`, as, '', { 'last-event-id': first.id }));
  expect(rest.map(({ type }) => type)).toEqual(['sandbox.resumed', 'sandbox.destroyed']);
  expect(rest.at(-1).data).toMatchObject({ state: 'destroyed', ended_reason: 'user' });
  expect((await world.call('GET', `/sandboxes/${id}/events`)).status).toBe(410);
});
