import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '@miosa/kernel';
import { forward, hasBody } from '../proxy/forward.ts';
import type { LeanClient } from '../proxy/lean/client.ts';
import type { Pool, TunnelRequest, TunnelTarget } from '../proxy/pool.ts';
import { passUpgrade } from '../proxy/upgrade.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { DeploymentRoute, InstanceRoute } from '../routes/deployment-types.ts';
import { presentedIn } from '../tokens/presented.ts';
import type { Visit } from '../visit.ts';
import type { Balance } from './balance.ts';
import { appHeaders, type Shown, visitorHeaders } from './headers.ts';
import type { Place, ReadyInstances } from './ready.ts';

interface Deps {
  readonly pool: Pool;
  readonly lean: LeanClient;
  readonly balance: Balance;
  readonly ready: ReadyInstances;
  readonly log: Log;
  readonly firstByteMs: number;
}

/** One visit of a dynamic version. */
export interface AppVisit {
  readonly req: IncomingMessage;
  readonly visit: Visit;
  readonly place: Place;
  readonly route: DeploymentRoute;
  readonly refuse: (refusal: Refusal) => void;
}

/** Contract 6. */
const MAX_BODY_BYTES = 1_073_741_824;
const MAX_ATTEMPTS = 4;
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);
const NEVER_ARRIVED = new Set<string | undefined>(['AGENT_UNREACHABLE', 'NOTHING_LISTENS']);
const NONE: ReadonlySet<string> = new Set();

const tunnelTo = ({ machineId, endpoint, port }: InstanceRoute): TunnelTarget => {
  if (endpoint === null) throw new Error('a running machine without an endpoint');
  return { sandboxId: machineId, endpoint, port };
};

const over = (agent: Pool['kept'], instance: InstanceRoute): TunnelRequest => ({ agent, tunnel: tunnelTo(instance) });

/** Passes visits on to instances. What was not answered, and may be asked twice, is asked of another instance when one fails. */
export const createApps = ({ pool, lean, balance, ready, log, firstByteMs }: Deps) => {
  /** Sends to one instance after the other until one takes it. `send` reports a failure only while the visitor has got nothing. */
  const overInstances = (
    { visit, place, route, refuse }: AppVisit,
    hasLeft: () => boolean,
    mayRepeat: (error: Error | undefined) => boolean,
    send: (instance: InstanceRoute, failed: (refusal: Refusal, error?: Error) => void) => void,
  ): void => {
    let tried: Set<string> | null = null;
    const broken = (error: unknown): void => {
      log.error({ requestId: visit.requestId, error }, 'a request could not be passed on');
      refuse(REFUSALS.platformDown);
    };
    const attempt = (from: DeploymentRoute, instance: InstanceRoute): void =>
      send(instance, (refusal, error) => {
        if (error !== undefined) {
          log.debug({ requestId: visit.requestId, machineId: instance.machineId, error }, 'an instance did not answer');
        }
        tried = (tried ?? new Set<string>()).add(instance.machineId);
        if (error === undefined || tried.size >= MAX_ATTEMPTS || !mayRepeat(error) || hasLeft()) return void refuse(refusal);
        const next = ready.another(place, from, tried).then((found) => {
          if (found === null || hasLeft()) refuse(refusal);
          else attempt(found.route, found.instance);
        });
        next.catch(broken);
      });
    const instance = balance.pick(route.instances, NONE);
    if (instance !== null) return void attempt(route, instance);
    const first = ready.held(place, route, hasLeft).then((found) => {
      if ('code' in found) refuse(found);
      else if (!hasLeft()) attempt(found.route, found.instance);
    });
    first.catch(broken);
  };

  const shown = ({ visit, place }: AppVisit): Shown => ({
    hostname: visit.hostname,
    requestId: visit.requestId,
    shared: place.space !== 'exact',
    staged: place.staged !== null,
  });

  const request = (app: AppVisit, res: ServerResponse): void => {
    const { req, visit } = app;
    const bodiless = !hasBody(req);
    const repeatable = bodiless && REPEATABLE.has(req.method ?? '');
    const { cleanUrl } = presentedIn(req.url ?? '/');
    const headers = appHeaders(req, visit, false);
    const view = shown(app);
    overInstances(
      app,
      () => res.destroyed,
      (error) => repeatable || (bodiless && NEVER_ARRIVED.has((error as NodeJS.ErrnoException | undefined)?.code)),
      (instance, failed) => {
        const leave = balance.enter(instance.machineId);
        const answer = (raw: readonly string[]): string[] => visitorHeaders(raw, view);
        const refuse = (refusal: Refusal, error?: Error): void => {
          leave();
          failed(refusal, error);
        };
        if (!repeatable || !lean.hasRoom(instance.machineId)) {
          res.once('close', leave);
          const target = over(repeatable ? pool.kept : pool.fresh, instance);
          const limits = { repeatable, firstByteMs, maxBodyBytes: MAX_BODY_BYTES };
          return void forward({ ...{ req, res, target, path: cleanUrl, headers, answer, refuse }, ...limits });
        }
        // Written out: on this path lists of names cost less than objects put together from others.
        const end = lean.send({
          res,
          target: tunnelTo(instance),
          method: req.method ?? 'GET',
          path: cleanUrl,
          headers,
          answer,
          firstByteMs,
          refuse,
        });
        res.on('close', () => {
          leave();
          end();
        });
      },
    );
  };

  const upgrade = (app: AppVisit, socket: Duplex, head: Buffer): void => {
    const { req, visit } = app;
    const { cleanUrl } = presentedIn(req.url ?? '/');
    const headers = appHeaders(req, visit, true);
    const view = shown(app);
    overInstances(
      app,
      () => socket.destroyed,
      () => true,
      (instance, failed) => {
        const leave = balance.enter(instance.machineId);
        socket.once('close', leave);
        passUpgrade({
          ...{ socket, head, path: cleanUrl, firstByteMs, headers, onTraffic: () => undefined },
          target: over(pool.fresh, instance),
          answer: (raw) => visitorHeaders(raw, view),
          refuse: (refusal, error) => {
            leave();
            failed(refusal, error);
          },
        });
      },
    );
  };

  return { request, upgrade };
};
