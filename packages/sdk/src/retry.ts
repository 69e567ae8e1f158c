const BASE_MS = 500;
const CAP_MS = 30_000;
/** Longer waits than this are the caller's decision (contract 5.2). */
export const MAX_RETRY_AFTER_MS = 60_000;

/** Full jitter: anything between 0 and 500 ms · 2ⁿ, capped at 30 s. Jitter keeps many clients from coming back in step. */
export const backoffMs = (attempt: number, random: () => number = Math.random): number =>
  random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);

/** `Retry-After` (seconds or an HTTP date, RFC 9110 §10.2.3) in milliseconds. */
export const retryAfterMs = (header: string | null, now: number = Date.now()): number | undefined => {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};

/** Waits; rejects with the signal's reason when it aborts. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
