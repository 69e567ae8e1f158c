import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, TxOptions } from './database.ts';
import { createListener } from './listen.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { openSessions } from './transaction.ts';

const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 6;

const sqlState = (error: unknown): string | undefined => (error as { code?: string } | null)?.code;

/** Opens a pool; connects on first use. Close it to let the process end. */
export const openDatabase = (url: string, options: PoolOptions = {}): Database => {
  const pool = createPool(url, options);
  const sessions = openSessions(pool);
  const { read } = sessions;
  const listener = createListener(url);

  const tx: Database['tx'] = async (op, name, fn, { isolation = 'read committed' }: TxOptions = {}) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await sessions.run(isolation, fn);
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
