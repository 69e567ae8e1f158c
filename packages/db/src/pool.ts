import pg from 'pg';
import { PreparingClient } from './prepared.ts';

export interface PoolOptions {
  /** Connections. Default 10: on the two-core default machine more only queue inside Postgres instead of here. */
  readonly connections?: number;
  /** Default 30,000: no request waits longer, so a statement that does is a fault. */
  readonly statementTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
}

const INT8 = 20;

/** int8 as number; a value beyond 2^53 is a fault and not a silently rounded number. */
const parseInt8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} does not fit a JavaScript number`);
  return value;
};

// Per pool, never `pg.types.setTypeParser`: that is global to the process.
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? parseInt8 : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig;

/** Connection settings for `pg`; `?host=/folder` in the URL means a unix socket. */
export const connectionConfig = (url: string, options: PoolOptions = {}): pg.ClientConfig => ({
  connectionString: url,
  application_name: options.applicationName ?? 'miosa',
  statement_timeout: options.statementTimeoutMs ?? 30_000,
  // A transaction left open by a bug must not hold its locks for ever.
  idle_in_transaction_session_timeout: 60_000,
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  types,
});

export const createPool = (url: string, options: PoolOptions = {}): pg.Pool => {
  const pool = new pg.Pool({
    ...connectionConfig(url, options),
    Client: PreparingClient,
    // Statements of a transaction that are started together are sent together; see `transaction.ts`.
    pipeline: true,
    max: options.connections ?? 10,
    idleTimeoutMillis: 30_000,
  });
  // An idle connection that dies (Postgres restart) is dropped by the pool; without a listener the event would end the process.
  pool.on('error', () => {});
  // The same for one that dies between two statements of a transaction: the next statement fails, and the pool drops it on release.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
};
