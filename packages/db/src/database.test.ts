import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseFault } from './faults.ts';
import { openDatabase } from './open.ts';
import { type TestDatabase, testDatabase } from './testing.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const op = { log, requestId: 'req_test' };

let t: TestDatabase;
beforeAll(async () => {
  t = await testDatabase();
  await sql`create table counters (id int primary key, n bigint not null)`.execute(t.db.read);
  await sql`insert into counters select i, 0 from generate_series(1, 2) i`.execute(t.db.read);
});
afterAll(() => t.close());

it('reads int8 as numbers and refuses those a number cannot hold', async () => {
  expect((await sql<{ n: number }>`select 9007199254740991::int8 as n`.execute(t.db.read)).rows[0]?.n).toBe(Number.MAX_SAFE_INTEGER);
  await expect(sql`select 9007199254740993::int8 as n`.execute(t.db.read)).rejects.toThrow(RangeError);
  expect((await sql<{ n: number }>`select 1 as n`.execute(t.db.read)).rows[0]?.n).toBe(1);
});

describe('transactions', () => {
  it('lose no update under serializable contention', async () => {
    const add = () =>
      t.db.tx(
        op,
        'add',
        async (tx) => {
          const { rows } = await sql<{ n: number }>`select n from counters where id = 1`.execute(tx);
          await sql`update counters set n = ${(rows[0]?.n ?? 0) + 1} where id = 1`.execute(tx);
        },
        { isolation: 'serializable' },
      );
    await Promise.all(Array.from({ length: 4 }, add));
    expect((await sql<{ n: number }>`select n from counters where id = 1`.execute(t.db.read)).rows[0]?.n).toBe(4);
  });

  it('are run again after a deadlock', async () => {
    const lock = (first: number, second: number) => {
      let tries = 0;
      return t.db.tx(op, 'lock', async (tx) => {
        tries++;
        await sql`update counters set n = n + 1 where id = ${first}`.execute(tx);
        if (tries === 1) await sleep(50);
        await sql`update counters set n = n + 1 where id = ${second}`.execute(tx);
        return tries;
      });
    };
    const tries = await Promise.all([lock(1, 2), lock(2, 1)]);
    expect(tries.toSorted()).toEqual([1, 2]);
  });

  it('leave nothing behind when they throw', async () => {
    const failed = t.db.tx(op, 'fail', async (tx) => {
      await sql`insert into counters values (9, 9)`.execute(tx);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect((await sql`select from counters where id = 9`.execute(t.db.read)).rows).toHaveLength(0);
  });
});

describe('statements of a transaction that are started together', () => {
  it('run in the order in which they were started, and see each other', async () => {
    const seen = await t.db.tx(op, 'together', async (tx) => {
      const add = () => sql<{ n: number }>`update counters set n = n + 1 where id = 2 returning n`.execute(tx);
      return (await Promise.all([add(), add(), add()])).map(({ rows }) => rows[0]?.n ?? 0);
    });
    expect(seen.map((n) => n - (seen[0] ?? 0))).toEqual([0, 1, 2]);
  });

  it('leave nothing behind when one of them fails, and the failure is the first', async () => {
    const failed = t.db.tx(op, 'together', (tx) =>
      Promise.all([
        sql`insert into counters values (20, 0)`.execute(tx),
        sql`insert into counters values (1, 0)`.execute(tx),
        sql`insert into counters values (21, 0)`.execute(tx),
      ]),
    );
    await expect(failed).rejects.toMatchObject({ code: '23505' });
    expect((await sql`select from counters where id >= 20`.execute(t.db.read)).rows).toHaveLength(0);
  });

  it('tell the first failure also to code that awaits a later one', async () => {
    const failed = t.db.tx(op, 'together', async (tx) => {
      const early = sql`insert into counters values (1, 0)`.execute(tx);
      early.catch(() => {});
      await sql`select 1`.execute(tx);
    });
    await expect(failed).rejects.toMatchObject({ code: '23505' });
  });

  it('do not commit when a failure was swallowed', async () => {
    const swallowed = t.db.tx(op, 'together', async (tx) => {
      await Promise.allSettled([sql`insert into counters values (22, 0)`.execute(tx), sql`select 1 / 0`.execute(tx)]);
    });
    await expect(swallowed).rejects.toThrow();
    expect((await sql`select from counters where id = 22`.execute(t.db.read)).rows).toHaveLength(0);
  });

  it('prepared often enough to have a name, fail and succeed like others', async () => {
    const twice = (id: number) =>
      t.db.tx(op, 'together', (tx) =>
        Promise.all([sql`select 1 / ${id}::int`.execute(tx), sql`insert into counters values (${30 + id}, 0)`.execute(tx)]),
      );
    for (let i = 0; i < 8; i++) {
      await expect(twice(0)).rejects.toMatchObject({ code: '22012' });
      await twice(i + 1);
    }
    expect((await sql`select from counters where id > 30`.execute(t.db.read)).rows).toHaveLength(8);
  });

  it('are refused after its end', async () => {
    const kept = await t.db.tx(op, 'kept', async (tx) => ({ tx }));
    await expect(sql`select 1`.execute(kept.tx)).rejects.toThrow('after the end of its transaction');
  });
});

describe('notifications', () => {
  it('arrive in order, and a lost connection is re-made and reported as a gap', async () => {
    const seen: string[] = [];
    const events = new EventTarget();
    const emit = (name: string) => events.dispatchEvent(new Event(name));
    const stop = await t.db.listen(
      'test_channel',
      (payload) => {
        seen.push(payload);
        emit('payload');
      },
      () => emit('gap'),
    );
    const first = once(events, 'payload');
    await sql`select pg_notify('test_channel', 'one')`.execute(t.db.read);
    await first;

    const gap = once(events, 'gap');
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'miosa-listen' and datname = current_database()`.execute(
      t.db.read,
    );
    await gap;
    const second = once(events, 'payload');
    await sql`select pg_notify('test_channel', 'two')`.execute(t.db.read);
    await second;
    expect(seen).toEqual(['one', 'two']);
    await stop();
  });
});

describe('errors of the driver', () => {
  const faultOf = async (query: Promise<unknown>): Promise<string | undefined> =>
    query.then(
      () => 'none',
      (error) => databaseFault(error)?.code,
    );

  it('become faults where a caller can act on them', async () => {
    expect(await faultOf(sql`select ${'a\0b'}::text`.execute(t.db.read))).toBe('VALIDATION_ERROR');
    expect(await faultOf(sql`select ${'{"a":"\\ud800"}'}::jsonb`.execute(t.db.read))).toBe('VALIDATION_ERROR');
    expect(await faultOf(sql`select ${'nope'}::uuid`.execute(t.db.read))).toBe('VALIDATION_ERROR');
    expect(await faultOf(sql`select * from no_such_table`.execute(t.db.read))).toBeUndefined();
  });

  it('say UNAVAILABLE when there is no server', async () => {
    const absent = openDatabase('postgresql://x@localhost/x?host=/nonexistent');
    expect(await faultOf(absent.ping())).toBe('UNAVAILABLE');
    await absent.close();
  });

  it('say UNAVAILABLE when the connection is cut in the middle, and the pool recovers', async () => {
    const cut = sql`select pg_terminate_backend(pg_backend_pid())`.execute(t.db.read);
    expect(await faultOf(cut)).toBe('UNAVAILABLE');
    // The dead connection leaves the pool when its socket closes, a moment later.
    await vi.waitFor(() => t.db.ping());
  });

  it('a connection cut between two statements of a transaction fails that transaction and not the process', async () => {
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    const other = openDatabase(t.url, { connections: 1 });
    const cut = other.tx(op, 'cut', async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid}::int)`.execute(t.db.read);
      await sleep(100); // until the news is there and nobody waits for it
      await sql`select 1`.execute(tx);
    });
    expect(await faultOf(cut)).toBe('UNAVAILABLE');
    await other.ping();
    await other.close();
    process.off('uncaughtException', uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });
});

it('goes on after another version changed a table under its prepared statements', async () => {
  const db = openDatabase(t.url, { connections: 1 });
  const read = () => sql`select * from counters where id = ${2}`.execute(db.read);
  for (let i = 0; i < 6; i++) await read();
  await sql`alter table counters add column later text`.execute(t.db.read);
  expect(
    await read().then(
      () => 'none',
      (error) => databaseFault(error)?.code,
    ),
  ).toBe('UNAVAILABLE');
  await vi.waitFor(async () => expect((await read()).rows[0]).toHaveProperty('later'));
  await db.close();
});
