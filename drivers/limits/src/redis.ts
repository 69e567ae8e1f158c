import { hash } from 'node:crypto';
import type { Log } from '@miosa/kernel';
import { createClient } from 'redis';
import type { RateCheck, RateLimiter } from './port.ts';
import { TAKE } from './redis-script.ts';
import { type BucketState, SLOTS, verdictOf } from './verdict.ts';

const TAKE_SHA = hash('sha1', TAKE, 'hex');

const MOST_BETWEEN_TRIES_MS = 2000;

export interface RedisLimiterOptions {
  /** `redis://`, `rediss://` (TLS) or `unix:///path`: one server, or the primary of one; the buckets of a call are no cluster slot. */
  readonly url: string;
  readonly log: Log;
  /**
   * Whose clock counts. `server` (default): the store's, one for all hosts, so that hosts whose clocks differ do not widen the window.
   * `caller`: that of `take`.
   */
  readonly clock?: 'server' | 'caller';
}

const connectionOf = (url: string) => {
  const reconnectStrategy = (tries: number): number => Math.min(50 * 2 ** Math.min(tries, 10), MOST_BETWEEN_TRIES_MS);
  const { protocol, pathname } = new URL(url);
  return protocol === 'unix:'
    ? { socket: { path: decodeURIComponent(pathname), tls: false as const, reconnectStrategy } }
    : { url, socket: { reconnectStrategy } };
};

const keyOf = ({ bucket, key, windowMs }: RateCheck): string => `miosa:rate:${bucket}:${windowMs}:${key}`;

type Answer = readonly [nowMs: number, ...(readonly [used: number, freeAtMs: number, emptyAtMs: number])[]];

/** For several hosts: Redis or Valkey, one script a call, so nothing comes between reading and counting. Connects in the background. */
export const createRedisLimiter = ({ url, log, clock = 'server' }: RedisLimiterOptions): RateLimiter => {
  // While there is no connection a call fails at once instead of waiting in a queue.
  const client = createClient({ ...connectionOf(url), RESP: 2, disableOfflineQueue: true });
  client.on('error', (error: unknown) => log.debug({ error }, 'rate limit store: connection'));
  client.connect().catch((error: unknown) => log.debug({ error }, 'rate limit store: not connected'));

  const run = async (call: { keys: string[]; arguments: string[] }): Promise<unknown> => {
    try {
      return await client.evalSha(TAKE_SHA, call);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(TAKE, call);
    }
  };

  return {
    take: async (checks, atMs) => {
      const numbers = checks.flatMap(({ limit, windowMs }) => [String(limit), String(windowMs)]);
      const time = clock === 'caller' ? String(Math.floor(atMs)) : '';
      const [nowMs, ...buckets] = (await run({ keys: checks.map(keyOf), arguments: [time, String(SLOTS), ...numbers] })) as Answer;
      const states = checks.map((check, i): BucketState => {
        const [used = 0, freeAtMs = -1, emptyAtMs = nowMs] = buckets[i] ?? [];
        return { check, used, freeAtMs: freeAtMs < 0 ? null : freeAtMs, emptyAtMs };
      });
      return verdictOf(states, nowMs);
    },
    close: async () => client.destroy(),
  };
};
