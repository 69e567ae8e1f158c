import type { IncomingHttpHeaders } from 'node:http';
import type { Database } from '@miosa/db';
import { RefusedCredential } from '@miosa/http';
import { type Actor, notFound, type Role, type TenantId, type UserId } from '@miosa/kernel';
import { type Membership, membership, membershipsOf, tenantBySelector } from '../tenancy/index.ts';
import type { BrowserSlot } from './browser-credentials.ts';
import type { Tokens } from './jwt.ts';
import { type KeyActor, type KeyVerifier, type KnownKey, toKnown } from './key-verifier.ts';
import { keyStillGood } from './keys.store.ts';
import type { LastUsed } from './last-used.ts';
import { createLookup } from './lookup.ts';
import { ratesOf } from './rates.ts';
import { viewSession } from './sessions.store.ts';

/** A slug has at most 40 characters, an id 36. */
const MAX_SELECTOR = 64;

type Headers = Pick<IncomingHttpHeaders, 'authorization'> & Readonly<Record<string, string | string[] | undefined>>;

export interface AuthenticatorDeps {
  readonly db: Database;
  readonly keys: KeyVerifier;
  readonly tokens: Tokens;
  readonly lastUsed: LastUsed;
  readonly browser: Pick<BrowserSlot, 'verify'>;
  readonly nowMs: () => number;
}

/** A credential without its secret: what a ticket keeps of who minted it. */
export type CredentialReference =
  | { readonly type: 'key'; readonly keyId: string; readonly tenantId: TenantId }
  | { readonly type: 'user'; readonly sessionId: string; readonly tenantId: TenantId };

export interface Authenticator {
  /** The caller, or null for 401. A selected organization the caller does not belong to is `NOT_FOUND`. */
  authenticate(headers: Headers, ip: string | null): Promise<Actor | null>;
  /** The caller behind a credential seen before, as it stands now; null when it has ended. */
  resume(reference: CredentialReference): Promise<Actor | null>;
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

const mayRoam = ({ keyType, workspaceId }: KeyActor): boolean => (keyType === 'admin' || keyType === 'platform') && workspaceId === null;

/** Operators act as admins where they are no members: everything but what only an owner may. */
const effectiveRole = (role: Role | null, isOperator: boolean): Role | null => {
  if (!isOperator) return role;
  return role === 'owner' ? 'owner' : 'admin';
};

const suspended = (actor: Actor): RefusedCredential =>
  new RefusedCredential(actor, 'organization_suspended', {
    code: 'FORBIDDEN',
    message: 'This organization is suspended; its data is kept. Ask the operator of the installation.',
  });

export const createAuthenticator = ({ db, keys, tokens, lastUsed, browser, nowMs }: AuthenticatorDeps): Authenticator => {
  const sessions = createLookup<Awaited<ReturnType<typeof viewSession>>>(nowMs);
  const memberships = createLookup<Membership | null>(nowMs);
  const tenants = createLookup<TenantId | null>(nowMs);

  const membershipOf = (tenantId: TenantId, userId: UserId): Promise<Membership | null> =>
    memberships.get(`${tenantId} ${userId}`, async () => (await membershipsOf(db.read, [{ tenantId, userId }]))[0] ?? null);

  const tenantFor = async ({ actor, tenantSlug }: KnownKey, selector: string): Promise<TenantId> => {
    if (selector === tenantSlug || selector.toLowerCase() === actor.tenantId) return actor.tenantId;
    if (!mayRoam(actor)) throw notFound();
    const found = await tenants.get(selector, async () => (await tenantBySelector(db.read, selector))?.id ?? null);
    if (found === null) throw notFound();
    return found;
  };

  const keyActor = async ({ actor }: KnownKey): Promise<KeyActor | null> => {
    if (actor.userId === null) return actor;
    const member = await membershipOf(actor.tenantId, actor.userId);
    return member === null ? null : { ...actor, ...member }; // the user has left: so has the key
  };

  const withKey = async (text: string, ip: string | null, selector: string | null): Promise<Actor | null> => {
    const key = await keys.verify(text);
    const now = nowMs();
    if (key === null) return null;
    // Known, so it is worth an entry in the audit log that somebody still tries it; the caller reads the same as any stranger.
    if (key.revoked) throw new RefusedCredential(key.actor, 'revoked');
    if (now >= key.expiresAtMs) throw new RefusedCredential(key.actor, 'expired');
    if (key.allows?.(ip) === false) throw new RefusedCredential(key.actor, 'address');
    if (key.suspended) throw suspended(key.actor);
    let actor = await keyActor(key);
    if (actor === null) throw new RefusedCredential(key.actor, 'user_left');
    if (selector !== null) actor = { ...actor, tenantId: await tenantFor(key, selector) };
    lastUsed.touch(actor.id, now);
    return actor;
  };

  const withToken = async (text: string, selector: string | null): Promise<Actor | null> => {
    const token = await tokens.verify('access', text, new Date(nowMs()));
    if (token === null) return null;
    const actor = await userActor(token.sessionId, selector);
    return actor?.id === token.userId ? actor : null;
  };

  const userActor = async (sessionId: string, selector: string | null): Promise<Actor | null> => {
    const lookup = () => viewSession(db.read, sessionId, selector);
    const session = await sessions.get(`${sessionId} ${selector ?? ''}`, lookup);
    if (session === undefined) return null;
    const role = effectiveRole(session.role, session.is_operator);
    if (session.tenant_id === null || role === null) {
      if (selector !== null) throw notFound();
      return null;
    }
    const actor: Actor = {
      type: 'user',
      id: session.user_id,
      name: session.name ?? session.email,
      tenantId: session.tenant_id,
      role,
      workspaces: session.role === null ? [] : membership(session.role, session.places).workspaces,
      isOperator: session.is_operator,
      sessionId,
      rates: ratesOf(session.tenant_id, session.plan ?? ''),
    };
    if (session.tenant_suspended_at !== null && !session.is_operator) throw suspended(actor);
    return actor;
  };

  /** It is bound to one organization: selecting it is harmless, any other is not there. */
  const withBrowserToken = async (text: string, selector: string | null): Promise<Actor | null> => {
    const actor = await browser.verify(text);
    if (actor === null || selector === null || selector.toLowerCase() === actor.tenantId) return actor;
    const selected = await tenants.get(selector, async () => (await tenantBySelector(db.read, selector))?.id ?? null);
    if (selected !== actor.tenantId) throw notFound();
    return actor;
  };

  return {
    authenticate: async (headers, ip) => {
      const text = bearer(headers);
      if (text === null) return null;
      if (text.startsWith('mbt_')) return withBrowserToken(text, selectorOf(headers));
      return text.startsWith('msk_') ? withKey(text, ip, selectorOf(headers)) : withToken(text, selectorOf(headers));
    },
    resume: async (reference) => {
      if (reference.type === 'user') return userActor(reference.sessionId, reference.tenantId);
      const row = await keyStillGood(db.read, reference.keyId);
      const key = row === undefined ? null : toKnown(row);
      const actor = key === null || nowMs() >= key.expiresAtMs ? null : await keyActor(key);
      return actor === null ? null : { ...actor, tenantId: reference.tenantId };
    },
    forget: () => {
      sessions.clear();
      memberships.clear();
      tenants.clear();
    },
  };
};
