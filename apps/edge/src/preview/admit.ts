import { REFUSALS, type Refusal } from '../refusal.ts';
import { ruleFor, type SandboxRoute } from '../routes/types.ts';
import { sessionCookie, sessionValues } from '../tokens/cookie.ts';
import type { Judge } from '../tokens/judge.ts';
import type { Session, Sessions } from '../tokens/session.ts';
import type { Visit } from '../visit.ts';

/** What is asked of one port of one sandbox, as far as admission cares. */
export interface Ask {
  readonly visit: Visit;
  readonly route: SandboxRoute;
  readonly port: number;
  readonly method: string;
  readonly upgrade: boolean;
  readonly origin: string | undefined;
  readonly fetchMode: string | undefined;
  readonly cookie: string | undefined;
  /** Tokens found in the URL. */
  readonly urlTokens: readonly string[];
  readonly headerToken: string | undefined;
}

/** Why the request may pass: null for a public preview. `until` is the moment (unix ms) at which it ends by itself. */
export interface Grant {
  readonly session: Session | null;
  readonly until: number | null;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly grant: Grant }
  /** To the same address without the token; the cookie is the session it bought. */
  | { readonly kind: 'redirect'; readonly cookie: string | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface Deps {
  readonly judge: Judge;
  readonly sessions: Sessions;
  readonly now?: () => number;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const PUBLIC: Grant = { session: null, until: null };
const refused = (refusal: Refusal): Admission => ({ kind: 'refused', refusal });

export const isPublic = (route: SandboxRoute, port: number): boolean => ruleFor(route, port)?.visibility === 'public';

/** A navigation (or a program that says nothing of the sort) is sent on to a clean address; a fetch by a page is answered as it is. */
const isRedirectable = (ask: Ask): boolean =>
  ask.urlTokens.length > 0 &&
  !ask.upgrade &&
  (ask.method === 'GET' || ask.method === 'HEAD') &&
  (ask.fetchMode === undefined || ask.fetchMode === 'navigate');

export const createAdmission = ({ judge, sessions, now = Date.now }: Deps) => {
  const held = async (session: Session): Promise<Grant | null> => {
    const standing = await judge.standing(session);
    return standing.holds ? { session, until: standing.until } : null;
  };

  const byTokens = async (ask: Ask, tokens: readonly string[]): Promise<Grant | null> => {
    const place = { host: ask.visit.hostname, port: ask.port, route: ask.route };
    const found = await Promise.all(tokens.map((token) => judge.sessionOf(token, place)));
    const [first] = found;
    return first && !found.includes(null) ? held(first) : null;
  };

  const byCookie = async (ask: Ask): Promise<Grant | Refusal> => {
    let ended = false;
    for (const value of sessionValues(ask.cookie, ask.visit.scheme)) {
      const session = sessions.open(value, ask.visit.hostname);
      if (session?.sandboxId !== ask.route.id || session.port !== ask.port) continue;
      const grant = await held(session);
      if (grant) return grant;
      ended = true;
    }
    return ended ? REFUSALS.tokenWrong : REFUSALS.tokenNeeded;
  };

  const redirect = ({ session, until }: Grant, scheme: Visit['scheme']): Admission => {
    if (session === null) return { kind: 'redirect', cookie: null };
    const seconds = until === null ? null : Math.max(1, Math.floor((until - now()) / 1000));
    return { kind: 'redirect', cookie: sessionCookie(sessions.seal(session), scheme, seconds) };
  };

  /** The rules of contract 4.4 in their order: public, token (never falling back to the cookie), cookie, scope, origin. */
  return async (ask: Ask): Promise<Admission> => {
    const tokens = ask.headerToken === undefined ? ask.urlTokens : [...ask.urlTokens, ask.headerToken];
    if (isPublic(ask.route, ask.port)) {
      if (!isRedirectable(ask)) return { kind: 'admitted', grant: PUBLIC };
      return redirect((await byTokens(ask, ask.urlTokens)) ?? PUBLIC, ask.visit.scheme);
    }
    const grant = tokens.length > 0 ? ((await byTokens(ask, tokens)) ?? REFUSALS.tokenWrong) : await byCookie(ask);
    if ('status' in grant) return refused(grant);
    const unsafe = !SAFE.has(ask.method);
    if (unsafe && grant.session?.scope !== 'interact') return refused(REFUSALS.readOnly);
    const foreign = ask.origin !== undefined && ask.origin !== `${ask.visit.scheme}://${ask.visit.authority}`;
    const trusted = ask.origin !== undefined && ask.route.embedOrigins.includes(ask.origin);
    if (foreign && !trusted && (unsafe || ask.upgrade)) return refused(REFUSALS.foreignOrigin);
    return isRedirectable(ask) ? redirect(grant, ask.visit.scheme) : { kind: 'admitted', grant };
  };
};
