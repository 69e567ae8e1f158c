import type { IncomingMessage } from 'node:http';
import { forwardedFields } from '../proxy/forwarded.ts';
import { endToEnd, type Field, isProxyField } from '../proxy/headers.ts';
import { ownCookie } from '../proxy/set-cookie.ts';
import { withoutSession } from '../tokens/cookie.ts';
import { holdsCredential } from '../tokens/credentials.ts';
import type { Visit } from '../visit.ts';

const forApp = ({ name, value }: Field): string | null => {
  if (name === 'host' || isProxyField(name)) return null;
  if (name === 'cookie') return withoutSession(value);
  if (name === 'authorization') return holdsCredential(value) ? null : value;
  return value;
};

/** The request head a published app sees: the public host, forwarded fields of ours, nothing of the platform's (contract 4.4). */
export const appHeaders = (req: IncomingMessage, visit: Visit, upgrade: boolean): string[] => {
  const headers = ['Host', visit.authority, ...endToEnd(req.rawHeaders, forApp), ...forwardedFields(visit)];
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  else if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  return headers;
};

export interface Shown {
  readonly hostname: string;
  readonly requestId: string;
  /** The host stands below a domain that other organizations' apps share. */
  readonly shared: boolean;
  /** Only live addresses are for search engines. */
  readonly staged: boolean;
}

/** The response head a visitor sees: the app's, without what would reach beyond its own host. */
export const visitorHeaders = (raw: readonly string[], { hostname, requestId, shared, staged }: Shown): string[] => {
  const keep = ({ name, value }: Field): string | null => {
    switch (name) {
      case 'server':
      case 'x-request-id':
      case 'alt-svc': // would send the visitor's browser past the edge
        return null;
      case 'clear-site-data': // "cookies" clears the whole registrable domain, with the neighbours' sites on it
        return shared ? null : value;
      case 'x-robots-tag':
        return staged ? null : value;
      case 'set-cookie':
        return ownCookie(value, hostname);
      default:
        return name.startsWith('x-miosa-') ? null : value;
    }
  };
  const headers = endToEnd(raw, keep);
  if (staged) headers.push('X-Robots-Tag', 'noindex');
  headers.push('X-Request-ID', requestId);
  return headers;
};
