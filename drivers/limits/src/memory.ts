import type { RateCheck, RateLimiter } from './port.ts';
import { SlidingCount } from './sliding-count.ts';
import { type BucketState, leavesAtMs, SLOTS, slotOf, verdictOf } from './verdict.ts';

/**
 * Keys of one bucket that are remembered exactly. Beyond it, those idle longest are forgotten early: whoever calls from that many addresses
 * has no need for the calls this gives back.
 */
const MAX_KEYS = 100_000;

/** Two generations: what is used moves to the young one, and what was not used for a whole window falls with the old one. */
class Counts {
  readonly #windowMs: number;
  readonly #maxKeys: number;
  #young = new Map<string, SlidingCount>();
  #old = new Map<string, SlidingCount>();
  #turnedAtMs = 0;

  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** To be called before reads; at the latest a window and a slot later nothing of the old generation counts any more. */
  turn(nowMs: number): void {
    if (nowMs - this.#turnedAtMs < this.#windowMs * (1 + 1 / SLOTS) && this.#young.size < this.#maxKeys / 2) return;
    this.#turnedAtMs = nowMs;
    this.#old = this.#young;
    this.#young = new Map();
  }

  get(key: string): SlidingCount | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#young.set(key, old);
    return old;
  }

  create(key: string): SlidingCount {
    const count = new SlidingCount();
    this.#young.set(key, count);
    return count;
  }
}

export interface MemoryLimiter extends RateLimiter {
  /** Keys in memory now. */
  readonly size: number;
}

/** For one process: exact there, knows nothing of others. */
export const createMemoryLimiter = ({ maxKeys = MAX_KEYS }: { readonly maxKeys?: number } = {}): MemoryLimiter => {
  // A bucket apart from the others: a flood of addresses pushes out no key.
  const buckets = new Map<string, Counts>();

  const countsOf = ({ bucket, windowMs }: RateCheck): Counts => {
    const name = `${bucket} ${windowMs}`;
    const known = buckets.get(name);
    if (known !== undefined) return known;
    const made = new Counts(windowMs, maxKeys);
    buckets.set(name, made);
    return made;
  };

  const stateOf = (check: RateCheck, nowMs: number): BucketState => {
    const { key, limit, windowMs } = check;
    const counts = countsOf(check);
    counts.turn(nowMs);
    const count = counts.get(key);
    const slot = slotOf(windowMs, nowMs);
    count?.forgetBefore(slot - SLOTS);
    const used = count?.total ?? 0;
    const emptyAtMs = leavesAtMs(windowMs, count?.newest ?? slot);
    return { check, used, emptyAtMs, freeAtMs: used < limit ? null : leavesAtMs(windowMs, count?.slotToLeave(limit) ?? slot) };
  };

  const add = (check: RateCheck, nowMs: number): void => {
    const counts = countsOf(check);
    (counts.get(check.key) ?? counts.create(check.key)).add(slotOf(check.windowMs, nowMs));
  };

  return {
    take: async (checks, nowMs) => {
      const states = checks.map((check) => stateOf(check, nowMs));
      const verdict = verdictOf(states, nowMs);
      if (verdict.allowed) for (const check of checks) add(check, nowMs);
      return verdict;
    },
    close: async () => buckets.clear(),
    get size() {
      return [...buckets.values()].reduce((sum, counts) => sum + counts.size, 0);
    },
  };
};
