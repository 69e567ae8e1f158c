import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParsedHost } from '@miosa/hostnames';
import type { Log } from '@miosa/kernel';
import type { RateLimit } from '../net/rate.ts';
import type { WakeCalls } from '../net/wake-calls.ts';
import { refuseRequest, refuseUpgrade } from '../pages/answer.ts';
import type { Activity } from '../preview/activity.ts';
import type { LeanClient } from '../proxy/lean/client.ts';
import type { Pool } from '../proxy/pool.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { DeploymentRoute } from '../routes/deployment-types.ts';
import type { Deployments } from '../routes/deployments.ts';
import type { Visit } from '../visit.ts';
import { createApps } from './app.ts';
import { createBalance } from './balance.ts';
import { createReady, lookUp, type Place, standing } from './ready.ts';
import type { Sites } from './sites.ts';
import type { Traffic } from './traffic.ts';

export interface PublishedDeps {
  readonly deployments: Deployments;
  readonly sites: Sites;
  readonly pool: Pool;
  readonly lean: LeanClient;
  readonly calls: WakeCalls;
  readonly activity: Activity;
  readonly traffic: Traffic;
  readonly rate: RateLimit;
  readonly log: Log;
  readonly firstByteMs: number;
  readonly holdMs: number;
  readonly onRefused: (refusal: Refusal) => void;
}

type Admitted = DeploymentRoute | Refusal;

/** Machines with something open count as in use, at this pace. */
const TOUCH_MS = 1_000;

export type PublishedHost = Extract<ParsedHost, { kind: 'deployment' | 'other' }>;

const placeOf = (host: PublishedHost): Place =>
  host.kind === 'deployment'
    ? { space: 'managed', name: host.name, staged: host.staged }
    : { space: 'exact', name: host.hostname, staged: null };

/** Deployments: what was published, under its managed, staged and own host names (contract 4.5). */
export const createPublished = (deps: PublishedDeps) => {
  const { deployments, sites, pool, lean, calls, activity, traffic, rate, log, firstByteMs, holdMs, onRefused } = deps;
  const balance = createBalance();
  const apps = createApps({ pool, lean, balance, log, firstByteMs, ready: createReady({ deployments, calls, balance, holdMs }) });
  const sockets = new Set<Duplex>();
  const touch = setInterval(() => {
    for (const machineId of balance.busy()) activity.touch(machineId);
  }, TOUCH_MS);
  touch.unref();

  /** The version that answers is chosen here, once: the route is passed on and not looked up again. */
  const admit = (visit: Visit, place: Place): Admitted | Promise<Admitted> => {
    const waitMs = rate.take(visit.ip, visit.hostname);
    if (waitMs === null) return REFUSALS.tooMany;
    return waitMs > 0 ? sleep(waitMs).then(() => routeOf(place)) : routeOf(place);
  };

  const routeOf = (place: Place): Admitted | Promise<Admitted> => {
    const judged = (route: DeploymentRoute | null): Admitted => standing(route, place) ?? route ?? REFUSALS.notFound;
    const found = lookUp(deployments, place);
    return found instanceof Promise ? found.then(judged) : judged(found);
  };

  /** At once when memory holds all that is needed; may throw as well as reject. */
  const request = (req: IncomingMessage, res: ServerResponse, visit: Visit, host: PublishedHost): Promise<void> | void => {
    const place = placeOf(host);
    const admitted = admit(visit, place);
    if (admitted instanceof Promise) return admitted.then((route) => answer(req, res, visit, place, route));
    return answer(req, res, visit, place, admitted);
  };

  const answer = (req: IncomingMessage, res: ServerResponse, visit: Visit, place: Place, route: Admitted): Promise<void> | void => {
    const refuse = (refusal: Refusal): void => {
      onRefused(refusal);
      refuseRequest(req, res, refusal, { requestId: visit.requestId });
    };
    if ('code' in route) return refuse(route);
    if (res.destroyed) return;
    if (place.staged === null) traffic.watch(route.deploymentId, visit.startedAtMs, req, res);
    if (route.kind === 'dynamic') return apps.request({ req, visit, place, route, refuse }, res);
    const { tenantId, manifestSha256, spa } = route;
    if (manifestSha256 === null) return refuse(REFUSALS.platformDown);
    const staged = place.staged !== null;
    if (staged) res.setHeader('X-Robots-Tag', 'noindex');
    return sites.request(req, res, visit, { tenantId, manifestSha256, spa, staged }, refuse);
  };

  const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer, visit: Visit, host: PublishedHost): Promise<void> => {
    const place = placeOf(host);
    const refuse = (refusal: Refusal): void => {
      onRefused(refusal);
      refuseUpgrade(req, socket, refusal, { requestId: visit.requestId });
    };
    const route = await admit(visit, place);
    if ('code' in route) return refuse(route);
    if (socket.destroyed) return;
    // Files have no sockets; the request is answered as the plain one it also is.
    if (route.kind !== 'dynamic') return refuse(REFUSALS.badRequest);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    apps.upgrade({ req, visit, place, route, refuse }, socket, head);
  };

  return {
    request,
    upgrade,
    /** Whether it is a whole host name that nothing is known of: nobody is sent on to it. */
    isForeign: (host: ParsedHost): boolean => host.kind === 'other' && deployments.peek('exact', host.hostname) === undefined,
    /** At shut-down: sockets reconnect elsewhere, requests may still finish. */
    cutSockets: (): void => {
      for (const socket of sockets) socket.destroy();
    },
    close: (): void => clearInterval(touch),
  };
};

export type Published = ReturnType<typeof createPublished>;
