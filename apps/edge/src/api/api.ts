import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '@miosa/kernel';
import { refuseRequest, refuseUpgrade } from '../pages/answer.ts';
import { forward, hasBody } from '../proxy/forward.ts';
import { forwardedFields } from '../proxy/forwarded.ts';
import { endToEnd, isProxyField } from '../proxy/headers.ts';
import { passUpgrade } from '../proxy/upgrade.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { Visit } from '../visit.ts';

/** The longest route is a blocking exec of 600 s; anything beyond is a fault. */
const FIRST_BYTE_MS = 660_000;
/** Contract 6, archive in: 2 GiB. Smaller limits are the control plane's business. */
const MAX_BODY_BYTES = 2 * 1_073_741_824;

// `x-miosa-tenant` belongs to the API; all other fields of the kind are a proxy's.
const isForeign = (name: string): boolean => name === 'host' || (isProxyField(name) && name !== 'x-miosa-tenant');

const requestHeaders = (req: IncomingMessage, visit: Visit): string[] => {
  const kept = endToEnd(req.rawHeaders, ({ name, value }) => (isForeign(name) ? null : value));
  const headers = ['Host', visit.authority, ...kept, ...forwardedFields(visit)];
  if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  return headers;
};

const responseHeaders = (raw: readonly string[]): string[] => endToEnd(raw, ({ name, value }) => (name === 'server' ? null : value));

/**
 * The API host: passed to the control plane's socket, bodies and event streams unbuffered. Only the edge reaches that socket, so the control
 * plane may believe `X-Forwarded-For`.
 */
export const createApi = (deps: { readonly socketPath: string; readonly log: Log }) => {
  const { socketPath, log } = deps;
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  const unavailable = (visit: Visit, refusal: Refusal, error: Error | undefined): Refusal => {
    if (error === undefined) return refusal;
    log.warn({ requestId: visit.requestId, error }, 'the control plane did not answer');
    return REFUSALS.platformDown;
  };

  return {
    request: (req: IncomingMessage, res: ServerResponse, visit: Visit): void =>
      forward({
        ...{ req, res, path: req.url ?? '/', firstByteMs: FIRST_BYTE_MS, maxBodyBytes: MAX_BODY_BYTES },
        target: { socketPath, agent },
        headers: requestHeaders(req, visit),
        answer: responseHeaders,
        repeatable: !hasBody(req) && (req.method === 'GET' || req.method === 'HEAD' || req.method === 'OPTIONS'),
        refuse: (refusal, error) => refuseRequest(req, res, unavailable(visit, refusal, error), { requestId: visit.requestId }),
      }),

    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer, visit: Visit): void =>
      passUpgrade({
        ...{ socket, head, path: req.url ?? '/', firstByteMs: 60_000 },
        target: { socketPath },
        headers: [...requestHeaders(req, visit), 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
        answer: responseHeaders,
        onTraffic: () => undefined,
        refuse: (refusal, error) => refuseUpgrade(req, socket, unavailable(visit, refusal, error), { requestId: visit.requestId }),
      }),

    close: () => agent.destroy(),
  };
};

export type Api = ReturnType<typeof createApi>;
