import type { IncomingHttpHeaders } from 'node:http';
import { type Actor, Fault } from '@miosa/kernel';
import type { ServerOptions } from './options.ts';
import type { Route } from './route.ts';

/** Contract 1.11: only what a browser token can reach answers other origins. */
export const isBrowserRoute = ({ access }: Route): boolean => access !== 'public' && access.browser !== undefined;

const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Range, X-Request-ID';
const EXPOSED = 'X-Request-ID, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, ETag';

/** Any origin may ask; what it may read is decided with the credential, which a preflight does not carry. */
export const preflightHeaders = (origin: string, methods: readonly string[]): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': methods.join(', '),
  'access-control-allow-headers': REQUEST_HEADERS,
  'access-control-max-age': '600',
  vary: 'Origin',
});

export const corsHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': EXPOSED,
  vary: 'Origin',
});

/** A server key in a browser is a leaked key: refused loudly, so that its builder notices in development. */
export const assertNotInBrowser = (headers: IncomingHttpHeaders, apiOrigin: string): void => {
  const { origin, authorization } = headers;
  if (origin === undefined || origin === apiOrigin || authorization === undefined || !/^bearer\s+msk_/i.test(authorization)) return;
  throw new Fault(
    'FORBIDDEN',
    'API keys must never be used in a browser. Call MIOSA from your backend, or mint a short-lived token for the browser.',
    {
      details: { reason: 'api_key_in_browser' },
    },
  );
};

/** A page that opens a WebSocket must be the API's own or of an allowed origin (contract 1.10): there is no preflight to stop another. */
export const assertOrigin = async (options: ServerOptions, actor: Actor, { origin }: IncomingHttpHeaders): Promise<void> => {
  if (origin === undefined || origin === new URL(options.apiUrl).origin) return;
  if ((await options.originAllowed?.(actor, origin)) === true) return;
  throw new Fault(
    'FORBIDDEN',
    'Pages of this origin may not connect here. Use a browser token, and add the origin to allowed_origins in the settings.',
    {
      details: { reason: 'origin_not_allowed' },
    },
  );
};
