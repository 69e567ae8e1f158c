import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import pg from 'pg';

/** Seen this often, a statement is prepared: one-off texts (long IN lists) would only fill the server's memory. */
const SEEN_BEFORE_PREPARING = 3;
const MOST_PREPARED = 400;
const MOST_COUNTED = 4000;

const names = new Map<string, string>();
const seen = new Map<string, number>();

/** A stable name for a statement that pays to prepare. Shared by all connections: it depends on the text only. */
const statementName = (text: string): string | undefined => {
  const known = names.get(text);
  if (known !== undefined) return known;
  const count = (seen.get(text) ?? 0) + 1;
  if (count <= SEEN_BEFORE_PREPARING || names.size >= MOST_PREPARED) {
    if (seen.size > MOST_COUNTED) seen.clear();
    seen.set(text, count);
    return undefined;
  }
  const name = `m${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  seen.delete(text);
  return name;
};

/** What the pools of this process have sent so far: statements, and the writes they took, each of which somebody waited for. */
export const traffic = { statements: 0, writes: 0 };

type Query = (config: unknown, values?: unknown, callback?: unknown) => unknown;

/** After a newer version changed a table, a prepared `select *` fails on this connection for ever: the connection has to go. */
const isStalePlan = (error: { code?: string } | undefined): boolean => error?.code === '0A000';

/**
 * A connection that prepares statements it runs often. Measured here on a two-join point query over the unix socket:
 * 0.10 ms instead of 0.21 ms, since parse and plan are skipped.
 */
export class PreparingClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as { readonly connection: { readonly stream: Writable } };
    let writing: Writable | undefined;
    /** What is asked for in one go is one write. */
    const gather = (): void => {
      traffic.statements += 1;
      if (writing !== undefined) return;
      traffic.writes += 1;
      writing = connection.stream; // another one after the handshake of TLS
      writing.cork();
      process.nextTick(() => {
        writing?.uncork();
        writing = undefined;
      });
    };
    const plain: Query = this.query.bind(this) as Query;
    const preparing: Query = (config, values, callback) => {
      gather();
      if (typeof config !== 'string' || !Array.isArray(values)) return plain(config, values, callback);
      const name = statementName(config);
      if (name === undefined) return plain(config, values, callback);
      const result = plain({ name, text: config, values }, callback);
      if (result instanceof Promise) result.catch((error) => isStalePlan(error) && void this.end().catch(() => {}));
      return result;
    };
    this.query = preparing as typeof this.query;
  }
}
