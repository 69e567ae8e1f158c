import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Names, previewUrl } from '@miosa/hostnames';
import { isId } from '@miosa/kernel';
import { refuseRequest } from '../pages/answer.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import { isGone, type SandboxRoute } from '../routes/types.ts';
import type { World } from '../routes/world.ts';
import type { Judge } from '../tokens/judge.ts';
import { presentedIn } from '../tokens/presented.ts';
import type { Visit } from '../visit.ts';

interface EmbedDeps {
  readonly world: World;
  readonly judge: Judge;
  readonly names: Names;
}

const PREFIX = '/embed/';
/** Contract 4.2: the preview port of a sandbox that says none. */
const DEFAULT_PORT = 5173;

export const isEmbed = (req: IncomingMessage): boolean =>
  (req.url ?? '').startsWith(PREFIX) && (req.method === 'GET' || req.method === 'HEAD');

/** The address of a preview as this visitor reaches it: plain HTTP stays plain on localhost, where the certificate may be unknown. */
const originFor = (names: Names, scheme: Visit['scheme'], port: number, slug: string): string => {
  const url = new URL(previewUrl(names, { port, slug }));
  return scheme === 'https' ? url.origin : `http://${url.hostname}:${names.httpPort}`;
};

/** The asked-for port, else the one the token is bound to, else the sandbox's own. Zero when `asked` is no port. */
const portFor = (asked: string | null, bound: number | 'any', route: SandboxRoute): number => {
  if (asked !== null && asked !== '') return /^[1-9][0-9]{0,4}$/.test(asked) && Number(asked) <= 65_535 ? Number(asked) : 0;
  return bound === 'any' ? (route.previewPort ?? route.previews[0]?.port ?? DEFAULT_PORT) : bound;
};

/** A path on the preview host: whatever is asked for, the origin stands before it. */
const cleanPath = (path: string | null): string => {
  const text = path?.startsWith('/') ? path : `/${path ?? ''}`;
  const url = new URL(`http://preview${text.replaceAll('\\', '/')}`);
  return presentedIn(url.pathname + url.search).cleanUrl;
};

/** `GET /embed/{sandboxId}?mt=&port=&path=` (contract 5.3): where `<MiosaPreview>` starts, so that browser code never builds a host name. */
export const createEmbed = ({ world, judge, names }: EmbedDeps) => {
  const locate = async (req: IncomingMessage, visit: Visit, id: string): Promise<string | Refusal> => {
    const { tokens, cleanUrl } = presentedIn(req.url ?? '');
    const [token] = tokens;
    if (token === undefined) return REFUSALS.tokenNeeded;
    const route = isId('sbx', id) ? await world.sandboxById(id) : null;
    const bound = judge.portOf(token);
    // Without a good token nobody learns whether the sandbox exists.
    if (route === null || bound === null) return REFUSALS.tokenWrong;
    const query = new URLSearchParams(cleanUrl.split('?')[1] ?? '');
    const port = portFor(query.get('port'), bound, route);
    if ((await judge.sessionOf(token, { host: visit.hostname, port, route })) === null) return REFUSALS.tokenWrong;
    if (isGone(route)) return REFUSALS.gone;
    const path = cleanPath(query.get('path'));
    const parameter = token.startsWith('mp_') ? 'mt' : 'ms';
    return `${originFor(names, visit.scheme, port, route.slug)}${path}${path.includes('?') ? '&' : '?'}${parameter}=${token}`;
  };

  return async (req: IncomingMessage, res: ServerResponse, visit: Visit): Promise<void> => {
    const id = (req.url ?? '').slice(PREFIX.length).split('?')[0] ?? '';
    const found = await locate(req, visit, id);
    if (typeof found !== 'string') {
      return refuseRequest(req, res, found, { requestId: visit.requestId, sandboxId: isId('sbx', id) ? id : undefined });
    }
    const headers = ['Location', found, 'Cache-Control', 'no-store', 'Referrer-Policy', 'no-referrer'];
    res.writeHead(302, [...headers, 'X-Request-ID', visit.requestId, 'Content-Length', '0']).end();
  };
};

export type Embed = ReturnType<typeof createEmbed>;
