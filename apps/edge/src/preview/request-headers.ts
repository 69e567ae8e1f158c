import type { IncomingMessage } from 'node:http';
import { forwardedFields } from '../proxy/forwarded.ts';
import { endToEnd, type Field, isProxyField } from '../proxy/headers.ts';
import { withoutSession } from '../tokens/cookie.ts';
import { holdsCredential } from '../tokens/credentials.ts';
import { presentedIn } from '../tokens/presented.ts';
import type { Visit } from '../visit.ts';

export interface AppPlace {
  readonly port: number;
  /** `localhost`: the app believes it is visited at localhost:port, since development servers refuse unknown hosts. */
  readonly hostHeader: 'localhost' | 'public';
}

const upgradeOrigin = (origin: string, visit: Visit, place: AppPlace): string =>
  place.hostHeader === 'localhost' && origin === `${visit.scheme}://${visit.authority}` ? `http://localhost:${place.port}` : origin;

/** The request head an app sees: nothing of the platform's, forwarded fields of ours, everything else as the visitor sent it. */
export const appHeaders = (req: IncomingMessage, visit: Visit, place: AppPlace, upgrade: boolean): string[] => {
  const keep = ({ name, value }: Field): string | null => {
    if (name === 'host' || isProxyField(name)) return null;
    if (name === 'cookie') return withoutSession(value);
    if (name === 'authorization') return holdsCredential(value) ? null : value;
    if (name === 'referer') return presentedIn(value).cleanUrl;
    if (name === 'origin' && upgrade) return upgradeOrigin(value, visit, place);
    return value;
  };
  const host = place.hostHeader === 'localhost' ? `localhost:${place.port}` : visit.authority;
  const headers = ['Host', host, ...endToEnd(req.rawHeaders, keep), ...forwardedFields(visit)];
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  else if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
  return headers;
};
