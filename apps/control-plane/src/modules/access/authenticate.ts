import type { IncomingHttpHeaders } from 'node:http';
import type { Database } from '@miosa/db';
import { type Actor, notFound, type Role, type TenantId, type UserId } from '@miosa/kernel';
import { tenantBySelector } from '../tenancy/index.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Tokens } from './jwt.ts';
import type { KeyActor, KeyVerifier, KnownKey } from './key-verifier.ts';
import type { LastUsed } from './last-used.ts';
import { viewSession } from './sessions.store.ts';
import { roleIn } from './users.store.ts';

/** Membership, role, suspension and log-out are seen within a second (contract 2.3): nothing is remembered longer. */
const LOOKUP_TTL_MS = 900;
const MAX_LOOKUPS = 10_000;
/** A slug has at most 40 characters, an id 36. */
const MAX_SELECTOR = 64;

type Headers = Pick<IncomingHttpHeaders, 'authorization'> & Readonly<Record<string, string | string[] | undefined>>;

export interface AuthenticatorDeps {
  readonly db: Database;
  readonly keys: KeyVerifier;
  readonly tokens: Tokens;
  readonly lastUsed: LastUsed;
  readonly nowMs: () => number;
}

export interface Authenticator {
  /** The caller, or null for 401. A selected organization the caller does not belong to is `NOT_FOUND`. */
  authenticate(headers: Headers, ip: string | null): Promise<Actor | null>;
  /** Roles and sessions are read again from now on. */
  forget(): void;
}

const bearer = (headers: Headers): string | null => /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;

/** `X-MIOSA-Tenant`: id or slug of the organization to act in. */
const selectorOf = (headers: Headers): string | null => {
  const value = headers['x-miosa-tenant'];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string' || value.length > MAX_SELECTOR || !/^[A-Za-z0-9-]+$/.test(value)) throw notFound();
  return value;
};

/** A lookup whose answer is good for less than a second, counted from when it was asked. */
const createLookup = <T>(nowMs: () => number) => {
  const answers = new BoundedMap<string, { readonly answer: Promise<T>; readonly until: number }>(MAX_LOOKUPS);
  return {
    get: (key: string, ask: () => Promise<T>): Promise<T> => {
      const known = answers.get(key);
      if (known !== undefined && nowMs() < known.until) return known.answer;
      const answer = ask();
      answers.set(key, { answer, until: nowMs() + LOOKUP_TTL_MS });
      // A failure is not an answer.
      answer.catch(() => answers.delete(key));
      return answer;
    },
    clear: () => answers.clear(),
  };
};

const mayRoam = ({ keyType, workspaceId }: KeyActor): boolean => (keyType === 'admin' || keyType === 'platform') && workspaceId === null;

/** Operators act as admins where they are no members: everything but what only an owner may. */
const effectiveRole = (role: Role | null, isOperator: boolean): Role | null => {
  if (!isOperator) return role;
  return role === 'owner' ? 'owner' : 'admin';
};

export const createAuthenticator = ({ db, keys, tokens, lastUsed, nowMs }: AuthenticatorDeps): Authenticator => {
  const sessions = createLookup<Awaited<ReturnType<typeof viewSession>>>(nowMs);
  const roles = createLookup<Role | null>(nowMs);
  const tenants = createLookup<TenantId | null>(nowMs);

  const roleOf = (tenantId: TenantId, userId: UserId): Promise<Role | null> =>
    roles.get(`${tenantId} ${userId}`, () => roleIn(db.read, tenantId, userId));

  const tenantFor = async ({ actor, tenantSlug }: KnownKey, selector: string): Promise<TenantId> => {
    if (selector === tenantSlug || selector.toLowerCase() === actor.tenantId) return actor.tenantId;
    if (!mayRoam(actor)) throw notFound();
    const found = await tenants.get(selector, async () => (await tenantBySelector(db.read, selector))?.id ?? null);
    if (found === null) throw notFound();
    return found;
  };

  const withKey = async (text: string, ip: string | null, selector: string | null): Promise<Actor | null> => {
    const key = await keys.verify(text);
    const now = nowMs();
    if (key === null || now >= key.expiresAtMs || key.allows?.(ip) === false) return null;
    let { actor } = key;
    if (actor.userId !== null) {
      const role = await roleOf(actor.tenantId, actor.userId);
      if (role === null) return null; // the user has left: so has the key
      actor = { ...actor, role };
    }
    if (selector !== null) actor = { ...actor, tenantId: await tenantFor(key, selector) };
    lastUsed.touch(actor.id, now);
    return actor;
  };

  const withToken = async (text: string, selector: string | null): Promise<Actor | null> => {
    const token = await tokens.verify('access', text, new Date(nowMs()));
    if (token === null) return null;
    const lookup = () => viewSession(db.read, token.sessionId, selector);
    const session = await sessions.get(`${token.sessionId} ${selector ?? ''}`, lookup);
    if (session === undefined || session.user_id !== token.userId) return null;
    const role = effectiveRole(session.role, session.is_operator);
    if (session.tenant_id === null || role === null) {
      if (selector !== null) throw notFound();
      return null;
    }
    return {
      type: 'user',
      id: session.user_id,
      name: session.name ?? session.email,
      tenantId: session.tenant_id,
      role,
      isOperator: session.is_operator,
      sessionId: token.sessionId,
    };
  };

  return {
    authenticate: async (headers, ip) => {
      const text = bearer(headers);
      if (text === null) return null;
      return text.startsWith('msk_') ? withKey(text, ip, selectorOf(headers)) : withToken(text, selectorOf(headers));
    },
    forget: () => {
      sessions.clear();
      roles.clear();
      tenants.clear();
    },
  };
};
