import type { RateCheck, RateVerdict } from './port.ts';

/**
 * The window in slots: counting the current slot and the 60 before it covers every window that ends now, wherever in a slot it began. An
 * exact log of calls would cost a number a call; sixty slots cost at most sixty numbers and let a call count for one second too long.
 */
export const SLOTS = 60;

/** One bucket as it was when the call came. */
export interface BucketState {
  readonly check: RateCheck;
  /** Calls counted before this one. */
  readonly used: number;
  /** When there is room for one more; null: now. */
  readonly freeAtMs: number | null;
  /** When everything counted before this call has left the window. */
  readonly emptyAtMs: number;
}

const toSeconds = (ms: number): number => Math.ceil(ms / 1000);

export const slotOf = (windowMs: number, atMs: number): number => Math.floor(atMs / (windowMs / SLOTS));

/** A call counted in this slot counts until then. */
export const leavesAtMs = (windowMs: number, slot: number): number => (slot + SLOTS + 1) * (windowMs / SLOTS);

/** Thrown for an empty list: a call that counts nowhere must not be asked about. */
const first = <T>([head]: readonly T[]): T => {
  if (head === undefined) throw new Error('no bucket to count in');
  return head;
};

/** What callers are told of a call that was counted everywhere (`freeAtMs` null in all) or nowhere. */
export const verdictOf = (states: readonly BucketState[], nowMs: number): RateVerdict => {
  const full = states.filter(({ freeAtMs }) => freeAtMs !== null);
  if (full.length > 0) {
    const waits = full.map((state) => ({ ...state, freeAtMs: state.freeAtMs ?? nowMs })).sort((a, b) => b.freeAtMs - a.freeAtMs);
    const { check, freeAtMs, emptyAtMs } = first(waits);
    return {
      allowed: false,
      tightest: { bucket: check.bucket, limit: check.limit, remaining: 0, resetSeconds: toSeconds(emptyAtMs) },
      retryAfterSeconds: Math.max(1, toSeconds(freeAtMs - nowMs)),
    };
  }
  const left = ({ check, used }: BucketState): number => check.limit - used - 1;
  const tight = states.reduce((a, b) => (left(b) < left(a) ? b : a), first(states));
  const { bucket, limit, windowMs } = tight.check;
  const resetSeconds = toSeconds(leavesAtMs(windowMs, slotOf(windowMs, nowMs)));
  return { allowed: true, tightest: { bucket, limit, remaining: left(tight), resetSeconds }, retryAfterSeconds: 0 };
};
