import { afterEach, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
afterEach(() => world.close());

const take = (id: string) => world.call('POST', `/sandboxes/${id}/snapshots`, {});

test('of eight snapshots at once of one sandbox no more are taken than it may have, and a deleted one makes room', async () => {
  world = await createWorld({ policy: { snapshotsPerSandbox: 2 } });
  const { id } = await world.create();
  const answers = await Promise.all(Array.from({ length: 8 }, () => take(id)));
  const taken = answers.filter(({ status }) => status === 201);
  expect(taken).toHaveLength(2);
  const refused = answers.find(({ status }) => status !== 201);
  expect([refused?.status, refused?.body.error.code]).toEqual([403, 'QUOTA_EXCEEDED']);
  expect(refused?.body.error.details).toEqual({ quota: 'snapshots', limit: 2, used: 2, level: 'sandbox' });
  expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('running');
  await world.call('DELETE', `/sandboxes/${id}/snapshots/${taken[0]?.body.data.id}`);
  expect((await take(id)).status).toBe(201);
  expect((await take((await world.create()).id)).status).toBe(201);
});

test('a fork needs no room for snapshots', async () => {
  world = await createWorld({ policy: { snapshotsPerSandbox: 0, snapshotGibPerOrganization: 0 } });
  const { id } = await world.create();
  expect((await world.call('POST', `/sandboxes/${id}/fork`, {})).status).toBe(201);
  expect((await take(id)).status).toBe(403);
});

test('one that turns out larger than what is left of the organization is refused, leaves nothing on the host, and says why', async () => {
  world = await createWorld({ policy: { snapshotGibPerOrganization: 1 } });
  const { id } = await world.create();
  const first = (await take(id)).body.data;
  await world.core.db.read
    .updateTable('snapshots')
    .set({ size_bytes: 2 ** 30 - 1 })
    .where('id', '=', first.id)
    .execute();
  const over = await take(id);
  expect([over.status, over.body.error.code, over.body.error.details.quota]).toEqual([403, 'QUOTA_EXCEEDED', 'snapshot_gib']);
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
  expect((await world.host.fake.listSnapshots()).map((one) => one.id)).toEqual([first.id]);
  expect((await world.call('GET', `/sandboxes/${id}/snapshots?state=failed`)).body.data).toEqual([
    expect.objectContaining({ state: 'failed', state_reason: expect.stringContaining('1 GiB') }),
  ]);
  expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ state: 'running', ready: true });
});
