import { isIPv6 } from 'node:net';

export interface RateLimit {
  /** Takes one token of this visitor at this host: milliseconds to wait for it (mostly 0), or null when the wait would be too long. */
  take(ip: string, host: string): number | null;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A page of a development server loads hundreds of modules at once: beyond the burst they come slower instead of failing. A browser with its
 * six connections never gets further than that; a flood does, and is refused.
 */
const MAX_WAIT_MS = 2_000;
/** About 100 bytes each. */
const MAX_BUCKETS = 50_000;

/** One IPv6 customer has a /64 or more; single addresses would be limitless. */
const visitor = (ip: string): string => (isIPv6(ip) ? ip.split(':').slice(0, 4).join(':') : ip);

/** Token buckets per visitor and host. Memory is bounded: the longest-unseen bucket goes first, which only ever forgives. */
export const createRateLimit = (rate: { readonly perSecond: number; readonly burst: number }, now: () => number = Date.now): RateLimit => {
  const buckets = new Map<string, Bucket>();

  const spend = (key: string): number | null => {
    const known = buckets.get(key);
    if (known) buckets.delete(key);
    else if (buckets.size >= MAX_BUCKETS) buckets.delete(buckets.keys().next().value ?? '');
    const time = now();
    const bucket = known ?? { tokens: rate.burst, at: time };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(rate.burst, bucket.tokens + (Math.max(0, time - bucket.at) / 1000) * rate.perSecond);
    bucket.at = time;
    const waitMs = Math.max(0, ((1 - bucket.tokens) / rate.perSecond) * 1000);
    if (waitMs > MAX_WAIT_MS) return null;
    bucket.tokens -= 1;
    return waitMs;
  };

  return {
    take: (ip, host) => {
      if (rate.perSecond === 0) return 0;
      const who = visitor(ip);
      const key = `${who} ${host}`;
      // New host names are themselves rationed, or guessing names would come with a fresh bucket each.
      const entryMs = buckets.has(key) ? 0 : spend(`${who} *`);
      const waitMs = entryMs === null ? null : spend(key);
      return entryMs === null || waitMs === null ? null : Math.max(entryMs, waitMs);
    },
  };
};
