import type { Op } from '@miosa/kernel';
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** A connection or a transaction: what store functions take. */
export type Db = Kysely<Schema> | Transaction<Schema>;
export type Tx = Transaction<Schema>;

export interface TxOptions {
  /** Default `read committed`: state changes take row locks or conditional updates, which it serves without retries. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

export interface Database {
  readonly read: Kysely<Schema>;
  /** One transaction; serialization failures and deadlocks (40001, 40P01) are retried with jitter, so `fn` must have no outside effect. */
  tx<T>(op: Pick<Op, 'log' | 'requestId'>, name: string, fn: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;
  /** Delivers NOTIFY payloads of a channel; reconnects by itself and then calls `onGap`, since notifications may have been lost. */
  listen(channel: string, onPayload: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>>;
  /** Throws when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
