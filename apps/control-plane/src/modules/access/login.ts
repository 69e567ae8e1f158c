import type { Tx } from '@miosa/db';
import { Fault, newUuid, type Op, type Role } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { presentTenant, type TenantRow, tenantById, tenantsOfUser } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { REFRESH_SECONDS, type Subject, sameHash, tokenHash } from './jwt.ts';
import type { LoginResult } from './schemas.ts';
import { endSession, insertSession, lockSession, rotateSession, type SessionRow } from './sessions.store.ts';
import { holdPassword, roleIn, roleUntilCommit, type UserRow, userByEmail, userById } from './users.store.ts';

type Result = Static<typeof LoginResult>;

const refused = (): Fault => new Fault('UNAUTHORIZED', 'E-mail and password do not match an account.');
const suspended = (): Fault =>
  new Fault('FORBIDDEN', 'This account is suspended. Ask the operator of the installation.', { details: { reason: 'user_suspended' } });
const badRefresh = (): Fault => new Fault('UNAUTHORIZED', 'This refresh token is not valid (any more). Log in again.');

/** The same operation as the user whose credential it just proved to be, for the audit entry. */
export const asUser = (op: Op, user: UserRow, subject: Subject): Op => ({
  requestId: op.requestId,
  ip: op.ip,
  userAgent: op.userAgent,
  log: op.log,
  now: op.now,
  signal: op.signal,
  actor: {
    type: 'user',
    id: user.id,
    name: user.name ?? user.email,
    tenantId: subject.tenantId,
    role: subject.role,
    isOperator: user.is_operator,
    sessionId: subject.sessionId,
  },
});

interface Pair {
  readonly token: string;
  readonly refresh: string;
  readonly expiresAt: Date;
}

const signPair = async (op: Op, core: Core, subject: Subject): Promise<Pair> => {
  const now = op.now();
  const [token, refresh] = await Promise.all([core.tokens.sign('access', subject, now), core.tokens.sign('refresh', subject, now)]);
  return { token, refresh, expiresAt: new Date(now.getTime() + REFRESH_SECONDS * 1000) };
};

const present = (pair: Pair, user: UserRow, tenant: TenantRow, role: Role): Result => ({
  token: pair.token,
  refresh_token: pair.refresh,
  user: { id: user.id, email: user.email, name: user.name },
  tenant: presentTenant(tenant, role),
});

export interface Opened {
  readonly result: Result;
  readonly sessionId: string;
  /** The operation as the user whose session it is. */
  readonly self: Op;
}

/** A new session of a user in one organization, in the caller's transaction. */
export const openSession = async (
  tx: Tx,
  op: Op,
  core: Core,
  { user, tenant, role }: { readonly user: UserRow; readonly tenant: TenantRow; readonly role: Role },
): Promise<Opened> => {
  const subject: Subject = { userId: user.id, tenantId: tenant.id, role, sessionId: newUuid(op.now().getTime()) };
  const pair = await signPair(op, core, subject);
  const { sessionId } = subject;
  const tokens = { tokenHash: tokenHash(pair.refresh), expiresAt: pair.expiresAt };
  await insertSession(tx, { id: sessionId, userId: user.id, tenantId: tenant.id, ...tokens, now: op.now() });
  return { result: present(pair, user, tenant, role), sessionId, self: asUser(op, user, subject) };
};

/** Answers alike, in content and time, for an unknown account and a wrong password (contract 2.3). */
export const login = async (op: Op, core: Core, body: { readonly email: string; readonly password: string }): Promise<Result> => {
  const account = body.email.toLowerCase();
  await core.passwords.wait(account, op.signal);
  const user = await userByEmail(core.db.read, body.email);
  if (!(await core.passwords.verify(user?.password_hash, body.password)) || user === undefined) {
    core.passwords.noteFailure(account);
    throw refused();
  }
  core.passwords.noteSuccess(account);
  if (user.suspended_at !== null) throw suspended();
  const [membership] = await tenantsOfUser(core.db.read, user.id);
  if (membership === undefined)
    throw new Fault('FORBIDDEN', 'This account belongs to no organization.', { details: { reason: 'no_organization' } });
  const { role, ...tenant } = membership;
  const result = await core.db.tx(op, 'auth.login', async (tx) => {
    // A change of the password ends all other sessions: one opened by the old password must not slip in behind it.
    if (!(await holdPassword(tx, user))) return null;
    // Nor one in an organization that the user is being removed from.
    if ((await roleUntilCommit(tx, tenant.id, user.id)) === null) return null;
    const { result, self, sessionId } = await openSession(tx, op, core, { user, tenant, role });
    await record(tx, self, { action: 'auth.login', resourceType: 'session', resourceId: sessionId });
    return result;
  });
  if (result === null) throw refused();
  return result;
};

const subjectOf = async (tx: Tx, session: SessionRow) => {
  const user = await userById(tx, session.user_id);
  const tenant = await tenantById(tx, session.tenant_id);
  const role = await roleIn(tx, session.tenant_id, session.user_id);
  if (user === undefined || tenant === undefined || role === null) return null;
  return { user, tenant, subject: { userId: user.id, tenantId: tenant.id, role, sessionId: session.id } };
};

/** Both tokens new. A rotated token used again ends its family: either the thief or the owner holds the newer one, and nobody can say which. */
export const refresh = async (op: Op, core: Core, token: string): Promise<Result> => {
  const claims = await core.tokens.verify('refresh', token, op.now());
  if (claims === null) throw badRefresh();
  const presented = tokenHash(token);
  // Nothing is thrown inside: a family that ends must stay ended, so the transaction has to commit.
  const result = await core.db.tx(op, 'auth.refresh', async (tx) => {
    const session = await lockSession(tx, claims.sessionId);
    const live = session !== undefined && session.ended_at === null && session.expires_at > op.now() && session.user_id === claims.userId;
    const who = live ? await subjectOf(tx, session) : null;
    if (!live || who === null) return null;
    const self = asUser(op, who.user, who.subject);
    if (!sameHash(session.token_hash, presented)) {
      await endSession(tx, session.id, session.user_id, op.now());
      const entry = { action: 'auth.refresh', resourceType: 'session', resourceId: session.id } as const;
      await record(tx, self, { ...entry, outcome: 'denied', errorCode: 'UNAUTHORIZED', metadata: { reason: 'reused_token' } });
      return null;
    }
    const pair = await signPair(op, core, who.subject);
    await rotateSession(tx, session, tokenHash(pair.refresh), pair.expiresAt);
    await record(tx, self, { action: 'auth.refresh', resourceType: 'session', resourceId: session.id });
    return present(pair, who.user, who.tenant, who.subject.role);
  });
  if (result !== null) return result;
  core.authenticator.forget();
  throw badRefresh();
};

/** Ends the family of the access token, and of the refresh token when it is another one of the same user. */
export const logout = async (op: Op, core: Core, refreshToken: string | null): Promise<void> => {
  const { actor } = op;
  if (actor.type !== 'user') return;
  const other = refreshToken === null ? null : await core.tokens.verify('refresh', refreshToken, op.now());
  const ids = new Set([actor.sessionId, ...(other === null ? [] : [other.sessionId])]);
  await core.db.tx(op, 'auth.logout', async (tx) => {
    for (const id of ids) {
      if (await endSession(tx, id, actor.id, op.now())) {
        await record(tx, op, { action: 'auth.logout', resourceType: 'session', resourceId: id });
      }
    }
  });
  core.authenticator.forget();
};
