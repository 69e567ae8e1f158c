/** One bucket a request counts in. */
export interface RateCheck {
  /** Name of the bucket as clients read it, e.g. `organization`. */
  readonly bucket: string;
  /** Whose bucket: id or address. */
  readonly key: string;
  /** Most calls in any `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  /** The bucket with least left; of a refused call, the one that has to be waited for longest. */
  readonly tightest: {
    readonly bucket: string;
    readonly limit: number;
    readonly remaining: number;
    /** Unix seconds from which on the bucket is unused, if nothing more is called. */
    readonly resetSeconds: number;
  };
  /** Whole seconds after which the same call fits; 0 when it was allowed. */
  readonly retryAfterSeconds: number;
}

/**
 * Sliding windows. In no window of `windowMs` does a bucket let through more than its limit, however calls are spread; the price is that a
 * call counts for up to a sixtieth of the window longer.
 */
export interface RateLimiter {
  /**
   * Counts one call in all of the buckets, or, when one of them is full, in none. `nowMs`: unix time, from a clock that is not set back.
   * Rejects when the store does not answer.
   */
  take(checks: readonly RateCheck[], nowMs: number): Promise<RateVerdict>;
  close(): Promise<void>;
}
