import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Names, originOf } from '@miosa/hostnames';
import type { Log } from '@miosa/kernel';
import type { Api } from './api/api.ts';
import { type Embed, isEmbed } from './api/embed.ts';
import { answerLanding, isLanding } from './api/landing.ts';
import type { Published, PublishedHost } from './deployments/serve.ts';
import { redact } from './log.ts';
import type { RateLimit } from './net/rate.ts';
import { refuseRequest, refuseUpgrade } from './pages/answer.ts';
import type { Preview } from './preview/preview.ts';
import { REFUSALS, type Refusal } from './refusal.ts';
import { createVisits, faultOf, isLoopback, type Visit } from './visit.ts';

export interface DispatchDeps {
  readonly names: Names;
  readonly api: Api;
  readonly embed: Embed;
  readonly preview: Preview;
  readonly published: Published;
  readonly rate: RateLimit;
  readonly log: Log;
  readonly onVisit: (visit: Visit, req: IncomingMessage, res: ServerResponse) => void;
}

/** Where a request goes: by its host, and by nothing else. */
export const createDispatch = (deps: DispatchDeps) => {
  const { names, api, embed, preview, published, rate, log, onVisit } = deps;
  const readVisit = createVisits(names);
  const isLocalDomain = names.domain === 'localhost' || names.domain.endsWith('.localhost');

  /** Plain HTTP is served only where it never crosses a wire: to this machine, under a name that means this machine. */
  const mustUseTls = (visit: Visit): boolean => visit.scheme === 'http' && !(isLocalDomain && isLoopback(visit.ip));

  const toTls = (req: IncomingMessage, res: ServerResponse, visit: Visit): void => {
    const headers = [
      'Location',
      (originOf(names, visit.host) ?? '') + (req.url ?? '/'),
      'Cache-Control',
      'no-store',
      'Referrer-Policy',
      'no-referrer',
    ];
    res.writeHead(308, [...headers, 'X-Request-ID', visit.requestId, 'Content-Length', '0']).end();
  };

  const refusalOf = (req: IncomingMessage, visit: Visit): Refusal | null => {
    const fault = faultOf(req, visit);
    return fault === REFUSALS.notFound && rate.take(visit.ip, '') === null ? REFUSALS.tooMany : fault;
  };

  const broken = (visit: Visit, error: unknown): Refusal => {
    log.error({ requestId: visit.requestId, host: redact(visit.hostname), error }, 'a request could not be served');
    return REFUSALS.platformDown;
  };

  const publish = (req: IncomingMessage, res: ServerResponse, visit: Visit, host: PublishedHost): void => {
    const refuse = (error: unknown): void => refuseRequest(req, res, broken(visit, error), visit);
    try {
      published.request(req, res, visit, host)?.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  };

  const request = (req: IncomingMessage, res: ServerResponse, scheme: Visit['scheme']): void => {
    const visit = readVisit(req, scheme);
    onVisit(visit, req, res);
    const refuse = (refusal: Refusal): void => refuseRequest(req, res, refusal, visit);
    const refusal = refusalOf(req, visit);
    if (refusal) return void refuse(refusal);
    if (mustUseTls(visit)) return void (published.isForeign(visit.host) ? refuse(REFUSALS.notFound) : toTls(req, res, visit));
    if (visit.host.kind === 'preview') {
      preview.request(req, res, visit, visit.host).catch((error: unknown) => refuse(broken(visit, error)));
    } else if (visit.host.kind === 'deployment' || visit.host.kind === 'other') {
      publish(req, res, visit, visit.host);
    } else if (isLanding(req)) answerLanding(req, res, visit);
    else if (isEmbed(req)) embed(req, res, visit).catch((error: unknown) => refuse(broken(visit, error)));
    else api.request(req, res, visit);
  };

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer, scheme: Visit['scheme']): void => {
    // Without a listener a reset of the visitor would end the process.
    socket.on('error', () => undefined);
    const visit = readVisit(req, scheme);
    const refuse = (refusal: Refusal): void => refuseUpgrade(req, socket, refusal, visit);
    const refusal = refusalOf(req, visit) ?? (mustUseTls(visit) ? REFUSALS.badRequest : null);
    if (refusal) return void refuse(refusal);
    if (visit.host.kind === 'preview') {
      preview.upgrade(req, socket, head, visit, visit.host).catch((error: unknown) => refuse(broken(visit, error)));
    } else if (visit.host.kind === 'deployment' || visit.host.kind === 'other') {
      published.upgrade(req, socket, head, visit, visit.host).catch((error: unknown) => refuse(broken(visit, error)));
    } else api.upgrade(req, socket, head, visit);
  };

  return { request, upgrade };
};

export type Dispatch = ReturnType<typeof createDispatch>;
