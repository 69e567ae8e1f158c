import { traffic } from '@miosa/db';
import { newUuid } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

/** A wait for the database costs a caller half a millisecond: these are as many as there are reasons for. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

/** The least of several: what else the process does meanwhile counts as well. */
const fewest = async (act: () => Promise<unknown>): Promise<number> => {
  const counts: number[] = [];
  for (let n = 0; n < 12; n++) {
    const before = traffic.writes;
    await act();
    counts.push(traffic.writes - before);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Math.min(...counts);
};
const post = async (path: string, body: object = {}) => {
  const answer = await world.call('POST', path, body, { headers: { 'idempotency-key': newUuid() } });
  expect(answer.status).toBeLessThan(300);
  return answer.body.data;
};

describe('waits for the database', () => {
  test('of a create: the key, the place, two for all that belongs to the row, its commit, two for the boot and its commit, the answer', async () => {
    expect(await fewest(() => post('/sandboxes'))).toBeLessThanOrEqual(10);
  });

  test('of an exec: the key, the sandbox, the audit entry and the answer', async () => {
    const { id } = await post('/sandboxes');
    expect(await fewest(() => post(`/sandboxes/${id}/exec`, { command: ['true'] }))).toBeLessThanOrEqual(4);
  });

  test('of a destroy', async () => {
    const made: string[] = [];
    for (let n = 0; n < 12; n++) made.push((await post('/sandboxes')).id);
    expect(await fewest(() => world.call('DELETE', `/sandboxes/${made.pop()}`))).toBeLessThanOrEqual(8);
  });
});
