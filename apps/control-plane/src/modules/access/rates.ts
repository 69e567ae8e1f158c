import type { RateCheck, Route } from '@miosa/http';
import type { Actor, Rates, TenantId } from '@miosa/kernel';
import { networkOf } from './addresses.ts';

/** Calls a minute by plan (contract 1.6). */
interface PlanRates {
  readonly key: number;
  readonly organization: number;
}

const STARTER: PlanRates = { key: 300, organization: 3000 };
const PLANS: Readonly<Record<string, PlanRates>> = {
  free: { key: 60, organization: 600 },
  starter: STARTER,
  pro: { key: 600, organization: 6000 },
  scale: { key: 3000, organization: 30_000 },
};

export const ratesOfPlan = (plan: string): PlanRates => PLANS[plan] ?? STARTER;

/** For the actor: what `limitsOf` has to know of it. `ownPerMinute`: a key's `rate_limit_rpm`. */
export const ratesOf = (organizationId: TenantId, plan: string, ownPerMinute = STARTER.key): Rates => ({
  ownPerMinute,
  organizationId,
  organizationPerMinute: ratesOfPlan(plan).organization,
});

const MINUTE_MS = 60_000;
const ADMIN_PER_MINUTE = 300;
const PUBLISH_PER_MINUTE = 30;
const AUTH_PER_MINUTE = 60;
const FAILED_AUTH_PER_MINUTE = 60;

const perMinute = (bucket: string, key: string, limit: number): RateCheck => ({ bucket, key, limit, windowMs: MINUTE_MS });

type Caller = Exclude<Actor, { type: 'system' }>;

const ownBucket = (actor: Caller, { access }: Route): RateCheck => {
  const limit = actor.rates?.ownPerMinute ?? STARTER.key;
  if (actor.type === 'user') return perMinute('user', actor.id, limit);
  if (actor.type === 'browser') return perMinute('browser_token', actor.id, limit);
  return access !== 'public' && access.operator === true
    ? perMinute('admin', actor.id, ADMIN_PER_MINUTE)
    : perMinute('key', actor.id, limit);
};

/**
 * The buckets a request counts in (contract 1.6). Without an actor: those of the address, for the routes that take passwords, and for
 * credentials and signatures that were refused; other public routes have none. A key counts against its own organization, wherever its operator acts.
 */
export const limitsOf = (actor: Actor | null, route: Route, ip: string | null): readonly RateCheck[] => {
  if (actor === null) {
    if (route.access !== 'public' || route.bucket === 'signed') return [perMinute('failed_auth', networkOf(ip), FAILED_AUTH_PER_MINUTE)];
    return route.bucket === 'auth' ? [perMinute('auth', networkOf(ip), AUTH_PER_MINUTE)] : [];
  }
  if (actor.type === 'system') return [];
  const { organizationId, organizationPerMinute } = actor.rates ?? ratesOf(actor.tenantId, 'starter');
  const organization = perMinute('organization', organizationId, organizationPerMinute);
  const buckets = [ownBucket(actor, route), organization];
  return route.bucket === 'publish' ? [...buckets, perMinute('publish', actor.tenantId, PUBLISH_PER_MINUTE)] : buckets;
};
