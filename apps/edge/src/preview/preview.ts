import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '@miosa/kernel';
import { refuseRequest, refuseUpgrade } from '../pages/answer.ts';
import { forward, hasBody } from '../proxy/forward.ts';
import type { Pool, TunnelRequest } from '../proxy/pool.ts';
import { passUpgrade } from '../proxy/upgrade.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import { ruleFor, type SandboxRoute } from '../routes/types.ts';
import type { Visit } from '../visit.ts';
import { type AppPlace, appHeaders } from './request-headers.ts';
import { visitorHeaders } from './response-headers.ts';
import { createWalk, type Target, type Visitor, type WalkDeps } from './walk.ts';

export interface PreviewDeps extends WalkDeps {
  readonly pool: Pool;
  readonly log: Log;
  readonly firstByteMs: number;
  readonly onRefused: (refusal: Refusal) => void;
}

/** Contract 6. */
const MAX_BODY_BYTES = 1_073_741_824;
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);
const TRAFFIC_STEP_MS = 1_000;

const redirectTo = (res: ServerResponse, location: string, cookie: string | null, requestId: string): void => {
  const headers = ['Location', location, 'Cache-Control', 'no-store', 'Referrer-Policy', 'no-referrer', 'X-Robots-Tag', 'noindex'];
  headers.push('X-Request-ID', requestId, 'Content-Length', '0');
  if (cookie !== null) headers.push('Set-Cookie', cookie);
  res.writeHead(302, headers).end();
};

const placeOf = (route: SandboxRoute, port: number): AppPlace => ({ port, hostHeader: ruleFor(route, port)?.hostHeader ?? 'localhost' });

/** Previews: private or public windows on the ports of sandboxes (contract 4.4). */
export const createPreview = (deps: PreviewDeps) => {
  const { world, waker, pool, activity, log, firstByteMs, onRefused } = deps;
  const walk = createWalk(deps);

  const tunnelTo = (route: SandboxRoute, port: number, kept: boolean): TunnelRequest => {
    if (route.endpoint === null) throw new Error('a running sandbox without an endpoint');
    return { agent: kept ? pool.kept : pool.fresh, tunnel: { sandboxId: route.id, endpoint: route.endpoint, port } };
  };

  const report = (visit: Visit, route: SandboxRoute, error: Error | undefined): void => {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'AGENT_UNREACHABLE') return;
    log.warn({ requestId: visit.requestId, sandboxId: route.id, error }, 'an agent cannot be reached');
    // Perhaps the sandbox was moved or ended and the news is still under way.
    world.sandboxNow(route.slug).catch(() => undefined);
  };

  /** Bytes on an open socket count as a visit, and wake a sandbox that was paused under it. */
  const onTraffic = (route: SandboxRoute): (() => void) => {
    let nextAt = 0;
    return () => {
      if (Date.now() < nextAt) return;
      nextAt = Date.now() + TRAFFIC_STEP_MS;
      activity.touch(route.id);
      world.sandbox(route.slug).then(
        (now) => now?.state === 'paused' && waker.nudge(now),
        () => undefined,
      );
    };
  };

  const request = (req: IncomingMessage, res: ServerResponse, visit: Visit, target: Target): Promise<void> => {
    const refuse: Visitor['refuse'] = (refusal, sandboxId) => {
      onRefused(refusal);
      refuseRequest(req, res, refusal, { requestId: visit.requestId, sandboxId });
    };
    const pass: Visitor['pass'] = (route, path) => {
      const repeatable = REPEATABLE.has(req.method ?? '') && !hasBody(req);
      forward({
        ...{ req, res, path, repeatable, firstByteMs, maxBodyBytes: MAX_BODY_BYTES },
        target: tunnelTo(route, target.port, repeatable),
        headers: appHeaders(req, visit, placeOf(route, target.port), false),
        answer: (raw) => visitorHeaders(raw, { ...visit, embedOrigins: route.embedOrigins }),
        refuse: (refusal, error) => {
          report(visit, route, error);
          refuse(refusal, route.id);
        },
      });
    };
    return walk(req, visit, target, {
      ...{ upgrade: false, refuse, pass },
      hasLeft: () => res.destroyed,
      onLeave: (hear) => res.once('close', hear),
      cut: () => res.destroy(),
      redirect: (location, cookie) => redirectTo(res, location, cookie, visit.requestId),
    });
  };

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer, visit: Visit, target: Target): Promise<void> => {
    const refuse: Visitor['refuse'] = (refusal, sandboxId) => {
      onRefused(refusal);
      refuseUpgrade(req, socket, refusal, { requestId: visit.requestId, sandboxId });
    };
    const pass: Visitor['pass'] = (route, path) =>
      passUpgrade({
        ...{ socket, head, path, firstByteMs, onTraffic: onTraffic(route) },
        target: tunnelTo(route, target.port, false),
        headers: appHeaders(req, visit, placeOf(route, target.port), true),
        answer: (raw) => visitorHeaders(raw, { ...visit, embedOrigins: route.embedOrigins }),
        refuse: (refusal, error) => {
          report(visit, route, error);
          refuse(refusal, route.id);
        },
      });
    return walk(req, visit, target, {
      ...{ upgrade: true, refuse, pass },
      hasLeft: () => socket.destroyed,
      onLeave: (hear) => socket.once('close', hear),
      cut: () => socket.destroy(),
      redirect: () => refuse(REFUSALS.badRequest),
    });
  };

  return { request, upgrade };
};

export type Preview = ReturnType<typeof createPreview>;
