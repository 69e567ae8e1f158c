import { type Actor, Fault } from '@miosa/kernel';
import type { FastifyReply } from 'fastify';
import type { Route } from './route.ts';

/** One bucket a request counts in: at most `limit` in any `windowMs`. */
export interface RateCheck {
  readonly bucket: string;
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
}

export interface RateLimits {
  readonly limiter: {
    take(
      checks: readonly RateCheck[],
      nowMs: number,
    ): Promise<{
      readonly allowed: boolean;
      readonly tightest: { readonly bucket: string; readonly limit: number; readonly remaining: number; readonly resetSeconds: number };
      readonly retryAfterSeconds: number;
    }>;
  };
  /**
   * What a request counts in; empty: it is not limited. Without an actor it is one to a public route, or one whose authentication failed.
   * Everything in it must be known without asking anybody: it runs before every handler.
   */
  limitsOf(actor: Actor | null, route: Route, ip: string | null): readonly RateCheck[];
}

/** Unix time that is not set back: a clock that steps would hand out a minute twice. */
const steadyNowMs = (): number => performance.timeOrigin + performance.now();

export type Count = (actor: Actor | null, route: Route, ip: string | null, reply: FastifyReply) => Promise<void>;

/** Counts a request and tells the caller where it stands (contract 1.6); throws RATE_LIMITED when it is one too many. */
export const createCount = (limits: RateLimits | undefined): Count => {
  if (limits === undefined) return async () => {};
  const { limiter, limitsOf } = limits;
  return async (actor, route, ip, reply) => {
    const checks = limitsOf(actor, route, ip);
    if (checks.length === 0) return;
    const { allowed, tightest, retryAfterSeconds } = await limiter.take(checks, steadyNowMs());
    const { bucket, limit, remaining, resetSeconds } = tightest;
    reply.headers({
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(resetSeconds),
    });
    if (allowed) return;
    throw new Fault('RATE_LIMITED', `Too many requests: ${limit} a minute are allowed here. Wait ${retryAfterSeconds} s and try again.`, {
      details: { bucket, limit },
      retryAfterSeconds,
    });
  };
};
