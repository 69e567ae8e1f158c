import { setTimeout as sleep } from 'node:timers/promises';
import { type TestDatabase, testDatabase } from '@miosa/db';
import type { SseEvent, SsePosition } from '@miosa/http';
import { type Log, newUuid, type Op } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEvents, type Events, emit } from './index.ts';
import { purge } from './purge.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let t: TestDatabase;
let events: Events;
beforeAll(async () => {
  t = await testDatabase();
  events = createEvents({ db: t.db, log: silent });
  await events.start();
});
afterAll(async () => {
  await events.close();
  await t.close();
});

const opOf = (tenantId: string): Op =>
  ({
    requestId: 'req_test',
    actor: { type: 'system', id: 'test', name: 'test', tenantId },
    ip: null,
    userAgent: null,
    log: silent,
    now: () => new Date(),
    signal: new AbortController().signal,
  }) as unknown as Op;

const happened = (id: string, n = 0) => ({ type: 'sandbox.created', resource: { type: 'sandbox', id }, data: { n } });
const everything = (lastEventId?: string) => ({ conditions: [], resourceId: null, lastEventId });

/** The first `count` events; positions are kept apart. */
const take = async (stream: AsyncIterable<SseEvent | SsePosition>, count: number, onPosition: (id: string) => void = () => {}) => {
  const taken: SseEvent[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  while (taken.length < count) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    if ('kind' in value) onPosition(value.id);
    else taken.push(value);
  }
  await iterator.return?.();
  return taken;
};
const resourceOf = (event: SseEvent): string => (event.data.resource as { id: string }).id;

it('delivers what commits late after what committed early, and loses neither', async () => {
  const op = opOf(newUuid());
  const stream = await events.stream(op, everything());
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next(); // its position
  const { promise: late, resolve: commitNow } = Promise.withResolvers<void>();
  const emitted = Promise.withResolvers<void>();
  const slow = t.db.tx(op, 'slow', async (tx) => {
    await emit(tx, op, happened('slow'));
    emitted.resolve();
    await late;
  });
  await emitted.promise;
  await t.db.tx(op, 'fast', (tx) => emit(tx, op, happened('fast')));
  const first = (await iterator.next()).value as SseEvent;
  commitNow();
  await slow;
  const second = (await iterator.next()).value as SseEvent;
  expect([resourceOf(first), resourceOf(second)]).toEqual(['fast', 'slow']);
  expect((first.id ?? '') < (second.id ?? '')).toBe(true);
  await iterator.return?.();
});

it('gives readers that are cut off again and again each event once, in the order of its resource, under concurrent transactions', async () => {
  const op = opOf(newUuid());
  const [WRITERS, EACH] = [8, 25];
  await sql`create table if not exists things (id text primary key, n int not null default 0)`.execute(t.db.read);
  const start = await events.stream(op, everything());
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; i < EACH; i++) {
      const id = `thing${(writer + i) % 3}`; // shared between writers: their row lock orders the changes
      await t.db.tx(op, 'write', async (tx) => {
        const { rows } = await sql<{ n: number }>`insert into things (id, n) values (${id}, 1)
          on conflict (id) do update set n = things.n + 1 returning n`.execute(tx);
        await emit(tx, op, happened(id, rows[0]?.n ?? 0));
        await sleep(Math.random() * 3);
      });
    }
  };
  const total = WRITERS * EACH;
  const read = async (stream: typeof start): Promise<SseEvent[]> => {
    const all: SseEvent[] = [];
    for (let from = stream, at: string | undefined; all.length < total; from = await events.stream(op, everything(at))) {
      const few = await take(from, Math.min(1 + Math.floor(Math.random() * 15), total - all.length), (id) => {
        at = id;
      });
      all.push(...few);
      at = few.at(-1)?.id ?? at;
    }
    return all;
  };
  const readers = [start, await events.stream(op, everything()), await events.stream(op, everything())].map(read);
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  const seen = await Promise.all(readers);
  for (const all of seen) {
    const ids = all.map(({ id }) => id ?? '');
    expect(ids).toEqual([...new Set(ids)].sort());
    for (const thing of ['thing0', 'thing1', 'thing2']) {
      const counts = all.filter((event) => resourceOf(event) === thing).map((event) => (event.data.data as { n: number }).n);
      expect(counts).toEqual(counts.map((_, i) => i + 1));
    }
  }
  expect(seen[1]).toEqual(seen[0]);
});

it('keeps no event of a change that was undone', async () => {
  const op = opOf(newUuid());
  const stream = await events.stream(op, everything());
  await t.db
    .tx(op, 'undone', async (tx) => {
      await emit(tx, op, happened('undone'));
      throw new Error('undone');
    })
    .catch(() => {});
  await emit(t.db.read, op, happened('done'));
  expect((await take(stream, 1)).map(resourceOf)).toEqual(['done']);
});

it('goes on from its first position, when it was cut off before the first event', async () => {
  const op = opOf(newUuid());
  const iterator = (await events.stream(op, everything()))[Symbol.asyncIterator]();
  const position = (await iterator.next()).value as SsePosition;
  await iterator.return?.();
  await emit(t.db.read, op, happened('meanwhile'));
  await events.settle();
  expect((await take(await events.stream(op, everything(position.id)), 1)).map(resourceOf)).toEqual(['meanwhile']);
});

it('delivers although every notification is lost', async () => {
  const op = opOf(newUuid());
  const deaf = createEvents({ db: { ...t.db, listen: async () => async () => {} }, log: silent, healMs: 50 });
  const deafOrderer = setInterval(() => void deaf.settle(), 50);
  await sql`alter table event_inbox disable trigger event_inbox_filled`.execute(t.db.read);
  try {
    const stream = await deaf.stream(op, everything());
    const reading = take(stream, 1);
    await emit(t.db.read, op, happened('unheard'));
    expect((await reading).map(resourceOf)).toEqual(['unheard']);
  } finally {
    await sql`alter table event_inbox enable trigger event_inbox_filled`.execute(t.db.read);
    clearInterval(deafOrderer);
    await deaf.close();
  }
});

it('refuses to resume after more than 24 hours, and takes only ids of events', async () => {
  const op = opOf(newUuid());
  await emit(t.db.read, op, happened('recent'));
  await events.settle();
  await expect(events.stream(op, everything(`evt_${'0'.repeat(26)}`))).rejects.toMatchObject({ code: 'GONE' });
  await expect(events.stream(op, everything("evt_' or true --"))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

it('shows an organization nothing of another', async () => {
  const [op, other] = [opOf(newUuid()), opOf(newUuid())];
  const stream = await events.stream(op, everything());
  await emit(t.db.read, other, happened('theirs'));
  await emit(t.db.read, op, happened('ours'));
  expect((await take(stream, 1)).map(resourceOf)).toEqual(['ours']);
});

it('ends while it waits for an event', async () => {
  const stream = await events.stream(opOf(newUuid()), everything());
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const waiting = iterator.next();
  await iterator.return?.();
  expect((await waiting).done).toBe(true);
});

it('gives ids that never go back, also when the clock does', async () => {
  const op = opOf(newUuid());
  const stream = await events.stream(op, everything());
  await emit(t.db.read, op, happened('before'));
  await events.settle();
  await sql`update event_order set ms = ms + 60000, n = 1048575`.execute(t.db.read); // as if the clock had been a minute ahead
  await emit(t.db.read, op, happened('after'), happened('later'));
  await events.settle();
  const ids = (await take(stream, 3)).map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
});

it('removes what is older than 30 days and nothing else', async () => {
  const op = opOf(newUuid());
  const old = { ...op, now: () => new Date(Date.now() - 31 * 24 * 3600_000) };
  await emit(t.db.read, old, happened('old'));
  await emit(t.db.read, op, happened('new'));
  await events.settle();
  expect(await purge(t.db, new Date())).toBeGreaterThan(0);
  const { rows } = await sql<{ resource_id: string }>`select resource_id from events where tenant_id = ${op.actor.tenantId}`.execute(
    t.db.read,
  );
  expect(rows.map((row) => row.resource_id)).toEqual(['new']);
});
