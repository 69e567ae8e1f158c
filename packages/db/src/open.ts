import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import type { Database, Tx, TxOptions } from './database.ts';
import { createListener } from './listen.ts';
import { createPool, type PoolOptions } from './pool.ts';
import type { Schema } from './schema.ts';

const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 6;

const sqlState = (error: unknown): string | undefined => (error as { code?: string } | null)?.code;

/** Opens a pool; connects on first use. Close it to let the process end. */
export const openDatabase = (url: string, options: PoolOptions = {}): Database => {
  const pool = createPool(url, options);
  const read = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const listener = createListener(url);

  const tx: Database['tx'] = async (op, name, fn, { isolation = 'read committed' }: TxOptions = {}) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const builder = read.transaction();
        // `begin` already means the server's default; saying it again would cost a round trip.
        return await (isolation === 'read committed' ? builder : builder.setIsolationLevel(isolation)).execute((t) => fn(t as Tx));
      } catch (error) {
        const state = sqlState(error);
        if (state === undefined || !RETRYABLE.has(state) || attempt === ATTEMPTS) throw error;
        op.log.debug({ tx: name, attempt, sqlState: state, requestId: op.requestId }, 'transaction retried');
        // Full jitter: colliding transactions must not collide again in step. At most 5 ms, 10, 20, 40, 80.
        await sleep(Math.random() * 5 * 2 ** (attempt - 1));
      }
    }
  };

  let closing: Promise<void> | undefined;
  return {
    read,
    tx,
    listen: listener.listen,
    ping: async () => {
      await pool.query('select 1');
    },
    close: () => {
      closing ??= Promise.all([listener.close(), read.destroy()]).then(() => undefined);
      return closing;
    },
  };
};
