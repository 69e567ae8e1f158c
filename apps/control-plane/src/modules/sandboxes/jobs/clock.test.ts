import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { compareWithHost } from './compare.ts';
import { endOverdue } from './overdue.ts';
import { endTimers } from './timers.ts';

/** The host's clock may be set under us: every time in the database is wall time, read by `core.now()`. */
const HOUR_MS = 3600_000;

let world: World;
let ahead = 0;
const jump = (ms: number): void => {
  world.advance(ms);
  ahead += ms;
};
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
afterEach(() => jump(-ahead));

const reconcile = async (): Promise<void> => {
  await endTimers(world.core);
  await endOverdue(world.core);
  await compareWithHost(world.core);
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const state = async (id: string) => {
  const row = await findAny(world.core.db.read, id);
  return [row?.state, row?.transition, row?.state_reason];
};
const intervals = (id: string) => world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).execute();
const post = async (id: string, verb: string) => (await world.call('POST', `/sandboxes/${id}/${verb}`, {})).status;

test('a clock set back an hour ends no window early, meters nothing negative and stops no change of state', async () => {
  const { id } = await world.create({ timeout_sec: 60, idle_timeout_sec: 60 });
  jump(-HOUR_MS);
  await reconcile();
  expect(await state(id)).toEqual(['running', null, null]);
  expect(await post(id, 'pause')).toBe(200);
  expect(await post(id, 'resume')).toBe(200);
  const usage = (await world.call('GET', `/sandboxes/${id}/usage`)).body.data;
  for (const value of Object.values(usage)) if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
  for (const { started_at, ended_at } of await intervals(id))
    if (ended_at !== null) expect(ended_at.getTime()).toBeGreaterThanOrEqual(started_at.getTime());
  // The window is counted anew from the resume, by the clock of now.
  jump(61_000);
  await reconcile();
  expect(await state(id)).toEqual(['paused', null, 'timeout']);
  expect(await post(id, 'resume')).toBe(200);
  expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
  await reconcile();
  expect((await intervals(id)).filter(({ ended_at }) => ended_at === null)).toEqual([]);
});

test('a clock set an hour ahead ends what is due by it, once and with its reason, and leaves the rest alone', async () => {
  const due = await world.create({ timeout_sec: 600 });
  const later = await world.create({ timeout_sec: 7200 });
  const endless = await world.create({ always_on: true });
  jump(HOUR_MS);
  await reconcile();
  expect([await state(due.id), await state(later.id), await state(endless.id)]).toEqual([
    ['paused', null, 'timeout'],
    ['running', null, null],
    ['running', null, null],
  ]);
  jump(-HOUR_MS);
  await reconcile();
  expect(await post(due.id, 'resume')).toBe(200);
  expect(await state(due.id)).toEqual(['running', null, null]);
  for (const { started_at, ended_at } of await intervals(due.id))
    if (ended_at !== null) expect(ended_at.getTime()).toBeGreaterThanOrEqual(started_at.getTime());
});
