import { isIPv6 } from 'node:net';

export interface RateLimit {
  /** Takes one token of this visitor at this host; false when there is none. */
  take(ip: string, host: string): boolean;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** About 100 bytes each. */
const MAX_BUCKETS = 50_000;

/** One IPv6 customer has a /64 or more; single addresses would be limitless. */
const visitor = (ip: string): string => (isIPv6(ip) ? ip.split(':').slice(0, 4).join(':') : ip);

/** Token buckets per visitor and host. Memory is bounded: the longest-unseen bucket goes first, which only ever forgives. */
export const createRateLimit = (rate: { readonly perSecond: number; readonly burst: number }, now: () => number = Date.now): RateLimit => {
  const buckets = new Map<string, Bucket>();

  const spend = (key: string): boolean => {
    const known = buckets.get(key);
    if (known) buckets.delete(key);
    else if (buckets.size >= MAX_BUCKETS) buckets.delete(buckets.keys().next().value ?? '');
    const time = now();
    const bucket = known ?? { tokens: rate.burst, at: time };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(rate.burst, bucket.tokens + (Math.max(0, time - bucket.at) / 1000) * rate.perSecond);
    bucket.at = time;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };

  return {
    take: (ip, host) => {
      if (rate.perSecond === 0) return true;
      const who = visitor(ip);
      const key = `${who} ${host}`;
      // New host names are themselves rationed, or guessing names would come with a fresh bucket each.
      return (buckets.has(key) || spend(`${who} *`)) && spend(key);
    },
  };
};
