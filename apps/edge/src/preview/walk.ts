import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateLimit } from '../net/rate.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import { isGone, type SandboxRoute } from '../routes/types.ts';
import type { World } from '../routes/world.ts';
import { presentedIn } from '../tokens/presented.ts';
import type { Visit } from '../visit.ts';
import type { Activity } from './activity.ts';
import type { Admission, Ask } from './admit.ts';
import type { Connections } from './connections.ts';
import type { Waker } from './wake.ts';

export interface WalkDeps {
  readonly world: World;
  readonly admit: (ask: Ask) => Promise<Admission>;
  readonly waker: Waker;
  readonly connections: Connections;
  readonly activity: Activity;
  readonly rate: RateLimit;
}

export interface Target {
  readonly port: number;
  readonly slug: string;
}

/** How one visitor is answered: requests and upgrades take the same steps and differ in these only. */
export interface Visitor {
  readonly upgrade: boolean;
  readonly hasLeft: () => boolean;
  readonly onLeave: (hear: () => void) => void;
  readonly cut: () => void;
  readonly refuse: (refusal: Refusal, sandboxId?: string) => void;
  readonly redirect: (location: string, cookie: string | null) => void;
  /** `path` is the request target without our tokens. */
  readonly pass: (route: SandboxRoute, path: string) => void;
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join() : value);

const askOf = (
  req: IncomingMessage,
  visit: Visit,
  route: SandboxRoute,
  port: number,
  upgrade: boolean,
  urlTokens: readonly string[],
): Ask => ({
  ...{ visit, route, port, upgrade, urlTokens },
  method: req.method ?? 'GET',
  origin: req.headers.origin,
  fetchMode: one(req.headers['sec-fetch-mode']),
  cookie: req.headers.cookie,
  headerToken: one(req.headers['x-miosa-preview-token']),
});

/** The walk of a preview request: rate, route, admission, wake, pass. Rejects only when nothing is known and the database is down. */
export const createWalk = (deps: WalkDeps) => {
  const { world, admit, waker, connections, activity, rate } = deps;

  return async (req: IncomingMessage, visit: Visit, target: Target, visitor: Visitor): Promise<void> => {
    const waitMs = rate.take(visit.ip, visit.hostname);
    if (waitMs === null) return visitor.refuse(REFUSALS.tooMany);
    if (waitMs > 0) await sleep(waitMs);
    const { version } = world;
    const route = await world.sandbox(target.slug);
    if (route === null) return visitor.refuse(REFUSALS.notFound);
    if (isGone(route)) return visitor.refuse(REFUSALS.gone, route.id);
    const { tokens, cleanUrl } = presentedIn(req.url ?? '/');
    const admission = await admit(askOf(req, visit, route, target.port, visitor.upgrade, tokens));
    if (admission.kind === 'refused') return visitor.refuse(admission.refusal, route.id);
    // Absolute, so that a path such as //evil.example stays a path.
    if (admission.kind === 'redirect') return visitor.redirect(`${visit.scheme}://${visit.authority}${cleanUrl}`, admission.cookie);
    if (visitor.hasLeft()) return;
    const connection = { ...target, isSocket: visitor.upgrade, grant: admission.grant, cut: visitor.cut };
    connections.add(connection);
    visitor.onLeave(() => connections.remove(connection));
    // Something changed while we judged; the news came before the connection was there to hear it.
    if (world.version !== version) connections.recheck(connection);
    activity.touch(route.id);
    const running = await waker.running(route, visitor.hasLeft);
    if ('code' in running) return visitor.refuse(running, route.id);
    if (!visitor.hasLeft()) visitor.pass(running, cleanUrl);
  };
};
