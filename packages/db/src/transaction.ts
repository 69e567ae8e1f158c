import {
  CompiledQuery,
  type DatabaseConnection,
  DefaultConnectionProvider,
  DefaultQueryExecutor,
  type Driver,
  Kysely,
  Transaction as KyselyTransaction,
  PostgresDialect,
} from 'kysely';
import type pg from 'pg';
import type { Tx, TxOptions } from './database.ts';
import type { Schema } from './schema.ts';

/** What the server says to every statement behind the one that failed. */
const IN_FAILED_TRANSACTION = '25P02';

/** The server's default is not said again. */
const BEGIN: Readonly<Record<NonNullable<TxOptions['isolation']>, string>> = {
  'read committed': 'begin',
  'repeatable read': 'begin isolation level repeatable read',
  serializable: 'begin isolation level serializable',
};

const isAftermath = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === IN_FAILED_TRANSACTION;

export interface Sessions {
  readonly read: Kysely<Schema>;
  /** One try. */
  run<T>(isolation: NonNullable<TxOptions['isolation']>, fn: (tx: Tx) => Promise<T>): Promise<T>;
}

/**
 * Kysely's own transaction sends a statement when the one before was answered. Here statements that the code starts together travel together,
 * `begin` with the first of them: each wait costs a caller half a millisecond. They run one after the other in the order in which they were
 * started; once one has failed, those behind it fail as well and nothing is committed: the error is then that of the first, whichever the
 * code happened to await. The pool's clients must pipeline.
 */
export const openSessions = (pool: pg.Pool): Sessions => {
  const dialect = new PostgresDialect({ pool });
  const driver: Driver = dialect.createDriver();
  const initialised = driver.init();
  const connections = new DefaultConnectionProvider(driver);
  const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), {
    provideConnection: async (consumer, options) => {
      await initialised;
      return connections.provideConnection(consumer, options);
    },
  });
  const props = { config: { dialect }, dialect, driver };
  return {
    read: new Kysely<Schema>({ ...props, executor }),
    run: (isolation, fn) =>
      executor.provideConnection(async (connection) => {
        let open = true;
        let first: unknown;
        const watched: DatabaseConnection = {
          executeQuery: (query, options) =>
            connection.executeQuery<never>(query, options).catch((error: unknown) => {
              first ??= error;
              throw error;
            }),
          streamQuery: (query, chunkSize, options) => connection.streamQuery(query, chunkSize, options),
        };
        const inside = executor.withConnectionProvider({
          provideConnection: async (consumer) => {
            if (!open) throw new Error('a statement was started after the end of its transaction');
            return consumer(watched);
          },
        });
        const beginning = connection.executeQuery(CompiledQuery.raw(BEGIN[isolation]));
        beginning.catch(() => {}); // thrown below, if nothing behind it says the same first
        try {
          const result = await fn(new KyselyTransaction<Schema>({ ...props, executor: inside }) as Tx);
          await beginning;
          open = false;
          await driver.commitTransaction(connection);
          return result;
        } catch (error) {
          open = false;
          // Where this fails the connection is lost or unfit: the driver discards it, and the server undoes by itself.
          await driver.rollbackTransaction(connection).catch(() => {});
          throw isAftermath(error) ? (first ?? error) : error;
        }
      }),
  };
};
