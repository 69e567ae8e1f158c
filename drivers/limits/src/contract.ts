import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RateCheck, RateLimiter } from './port.ts';

const WINDOW_MS = 60_000;
/** A minute that begins a slot, so that examples can count. */
const T0 = 1_800_000_000_000;

let serial = 0;
/** A key that no other example used. */
const fresh = (limit: number, bucket = 'key'): RateCheck => ({ bucket, key: `k${++serial}`, limit, windowMs: WINDOW_MS });

const mostInAnyWindow = (allowedAtMs: readonly number[]): number =>
  Math.max(0, ...allowedAtMs.map((end) => allowedAtMs.filter((at) => at > end - WINDOW_MS && at <= end).length));

export interface ContractOptions {
  /** Counting by the time that `take` is given. */
  create(): Promise<RateLimiter>;
  /** Random schedules a property is tried with. */
  readonly runs: number;
}

/** What every driver of `RateLimiter` does. */
export const limiterContract = (name: string, { create, runs }: ContractOptions): void => {
  describe(name, () => {
    let limiter: RateLimiter;
    beforeAll(async () => {
      limiter = await create();
    });
    afterAll(() => limiter.close());
    const allowed = async (checks: readonly RateCheck[], nowMs: number): Promise<boolean> => (await limiter.take(checks, nowMs)).allowed;

    it('never lets through more than the limit in any minute, whatever the schedule', async () => {
      const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 70_000 })), {
        minLength: 1,
        maxLength: 120,
      });
      const schedule = fc.record({ limit: fc.integer({ min: 1, max: 12 }), startMs: fc.integer({ min: 0, max: 120_000 }), steps });
      await fc.assert(
        fc.asyncProperty(schedule, async ({ limit, startMs, steps: gaps }) => {
          const check = fresh(limit);
          const through: number[] = [];
          let at = T0 + startMs;
          for (const gap of gaps) {
            at += gap;
            if (await allowed([check], at)) through.push(at);
          }
          expect(mostInAnyWindow(through)).toBeLessThanOrEqual(limit);
        }),
        { numRuns: runs },
      );
    });

    it('refuses nobody whose last minute and second had room', async () => {
      const gaps = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(gaps, fc.integer({ min: 1, max: 8 }), async (steps, limit) => {
          const check = fresh(limit);
          const through: number[] = [];
          let at = T0;
          for (const gap of steps) {
            at += gap;
            const recent = through.filter((earlier) => earlier > at - WINDOW_MS - 1000).length;
            const passed = await allowed([check], at);
            if (recent < limit) expect(passed).toBe(true);
            if (passed) through.push(at);
          }
        }),
        { numRuns: runs },
      );
    });

    it('lets exactly the limit through of many calls at once', async () => {
      const check = fresh(100);
      const answers = await Promise.all(Array.from({ length: 500 }, () => allowed([check], T0)));
      expect(answers.filter(Boolean)).toHaveLength(100);
    });

    it('counts a refused call in none of its buckets', async () => {
      const [narrow, wide] = [fresh(1), fresh(3, 'organization')];
      expect(await allowed([narrow, wide], T0)).toBe(true);
      for (let i = 0; i < 10; i++) expect(await allowed([narrow, wide], T0)).toBe(false);
      const others = [await allowed([wide], T0), await allowed([wide], T0), await allowed([wide], T0)];
      expect(others).toEqual([true, true, false]);
      // Nor are they held against the narrow one: its single call leaves with its own slot.
      expect(await allowed([narrow], T0 + WINDOW_MS + 1000)).toBe(true);
    });

    it('tells the tightest bucket, what is left in it and when it is unused again', async () => {
      const [key, organization] = [fresh(5), fresh(3000, 'organization')];
      const { tightest, retryAfterSeconds } = await limiter.take([organization, key], T0);
      expect([tightest, retryAfterSeconds]).toEqual([{ bucket: 'key', limit: 5, remaining: 4, resetSeconds: T0 / 1000 + 61 }, 0]);
    });

    it('tells a refused caller how long to wait, and keeps its word', async () => {
      const check = fresh(2);
      await limiter.take([check], T0);
      await limiter.take([check], T0 + 10_000);
      const refused = await limiter.take([check], T0 + 30_500);
      expect(refused).toEqual({
        allowed: false,
        tightest: { bucket: 'key', limit: 2, remaining: 0, resetSeconds: T0 / 1000 + 71 },
        retryAfterSeconds: 31,
      });
      expect(await allowed([check], T0 + 30_500 + refused.retryAfterSeconds * 1000)).toBe(true);
    });

    it('of several full buckets tells the one with the longest wait', async () => {
      const [soon, late] = [fresh(1, 'soon'), fresh(1, 'late')];
      await limiter.take([soon], T0);
      await limiter.take([late], T0 + 20_000);
      const { tightest, retryAfterSeconds } = await limiter.take([soon, late], T0 + 30_000);
      expect([tightest.bucket, retryAfterSeconds]).toEqual(['late', 51]);
    });

    it('keeps buckets and keys apart', async () => {
      const check = fresh(1);
      expect(await allowed([check], T0)).toBe(true);
      expect(await allowed([{ ...check, bucket: 'other' }], T0)).toBe(true);
      expect(await allowed([{ ...check, key: `${check.key}x` }], T0)).toBe(true);
      expect(await allowed([check], T0)).toBe(false);
    });

    it('applies a lowered limit at once', async () => {
      const check = fresh(10);
      for (let i = 0; i < 5; i++) await limiter.take([check], T0 + i * 1000);
      const refused = await limiter.take([{ ...check, limit: 3 }], T0 + 5000);
      // Three of the five have to leave: the third came in second 2.
      expect([refused.allowed, refused.tightest.limit, refused.retryAfterSeconds]).toEqual([false, 3, 58]);
    });

    it('lets nothing through at a limit of zero', async () => {
      const { allowed: passed, retryAfterSeconds } = await limiter.take([fresh(0)], T0);
      expect([passed, retryAfterSeconds]).toEqual([false, 61]);
    });
  });
};
