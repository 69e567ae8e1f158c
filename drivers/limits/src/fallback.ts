import type { Log } from '@miosa/kernel';
import type { RateCheck, RateLimiter, RateVerdict } from './port.ts';

/** A store on the network answers in about a millisecond; longer is a fault, and every request waits for it. */
const ANSWER_WITHIN_MS = 100;
/** While it is down it is asked once in that time, so that not every request pays for finding out. */
const ASK_AGAIN_MS = 1000;

const within = <T>(work: Promise<T>, ms: number): Promise<T> => {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  work.then(resolve, reject);
  return promise.finally(() => clearTimeout(timer));
};

/**
 * The shared store as long as it answers, else this process alone: limits then hold on each host but not across hosts. Refusing everything
 * would turn a cache that is down into a platform that is down. What the store lets through is counted here too, so that a failure does not
 * start the minute anew.
 */
export const withFallback = (store: RateLimiter, local: RateLimiter, log: Log): RateLimiter => {
  let failing = false;
  let askAgainAtMs = Number.NEGATIVE_INFINITY;

  const askStore = async (checks: readonly RateCheck[], nowMs: number): Promise<RateVerdict | null> => {
    if (failing) {
      if (performance.now() < askAgainAtMs) return null;
      askAgainAtMs = performance.now() + ASK_AGAIN_MS;
    }
    try {
      const verdict = await within(store.take(checks, nowMs), ANSWER_WITHIN_MS);
      if (failing) log.info({}, 'rate limit store answers again');
      failing = false;
      return verdict;
    } catch (error) {
      if (!failing) log.warn({ error }, 'rate limit store does not answer: each process counts for itself');
      failing = true;
      askAgainAtMs = performance.now() + ASK_AGAIN_MS;
      return null;
    }
  };

  return {
    take: async (checks, nowMs) => {
      const verdict = await askStore(checks, nowMs);
      if (verdict === null) return local.take(checks, nowMs);
      if (verdict.allowed) await local.take(checks, nowMs);
      return verdict;
    },
    close: async () => {
      await Promise.all([store.close(), local.close()]);
    },
  };
};
