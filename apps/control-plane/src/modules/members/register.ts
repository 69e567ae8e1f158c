import type { Tx } from '@miosa/db';
import { Fault, type Op, type Role } from '@miosa/kernel';
import type { Static } from 'typebox';
import { holdPassword, insertMember, insertUser, openSession, type UserRow, userByEmail } from '../access/index.ts';
import { record } from '../audit/index.ts';
import { anyTenant, createTenant, isUniqueViolation, type TenantRow } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { type InviteWithNames, inviteByToken } from './invites.store.ts';
import { inviteHash } from './invites.ts';
import { acceptedEntry, assertAddressed, inviteGone, joinBy } from './joining.ts';
import type { Register } from './schemas.ts';

type Body = Static<typeof Register>;

const refused = (reason: string, message: string): Fault => new Fault('FORBIDDEN', message, { details: { reason } });

/** The installation decides who may come (contract 2.3). Nothing is told about any account before that. */
const assertOpen = async (core: Core, body: Body): Promise<InviteWithNames | null> => {
  if (core.registration === 'closed') throw refused('registration_closed', 'Registration is closed on this installation.');
  if (body.invite_token != null) {
    const invite = await inviteByToken(core.db.read, inviteHash(body.invite_token));
    if (invite === undefined) throw inviteGone();
    assertAddressed(invite, body.email);
    if (body.organization_name != null) {
      throw new Fault('VALIDATION_ERROR', 'organization_name: an invite leads into an organization that has its name', {
        details: { fields: [{ path: 'organization_name', message: 'not together with invite_token' }] },
      });
    }
    return invite;
  }
  if (core.registration === 'invite') throw refused('invite_needed', 'Registration needs an invite on this installation.');
  // Before the first set-up, a stranger would be the first.
  if (!(await anyTenant(core.db.read))) throw new Fault('UNAVAILABLE', 'This installation is not set up yet.');
  return null;
};

type Home = { readonly tenant: TenantRow; readonly role: Role };

const ownOrganization = async (tx: Tx, op: Op, body: Body, user: UserRow): Promise<Home> => {
  const tenant = await createTenant(tx, { name: body.organization_name ?? null, ownerUserId: user.id, now: op.now() });
  await insertMember(tx, tenant.id, user.id, 'owner', op.now());
  return { tenant, role: 'owner' };
};

const emailTaken = (): Fault =>
  new Fault('CONFLICT', 'There is an account with this e-mail address. Log in instead.', { details: { reason: 'email_taken' } });

/**
 * Who has an account proves it by its password and comes in: without any organization there is no session to accept an invite with.
 * Guessing is slowed down as at login, and by the same count.
 */
const comeBack = async (op: Op, core: Core, password: string, invite: InviteWithNames, user: UserRow) => {
  const { passwords } = core.access.core;
  const account = user.email.toLowerCase();
  await passwords.wait(account, op.signal);
  if (!(await passwords.verify(user.password_hash, password))) {
    passwords.noteFailure(account);
    throw emailTaken();
  }
  passwords.noteSuccess(account);
  const result = await core.db.tx(op, 'auth.register', async (tx) => {
    if (!(await holdPassword(tx, user))) throw emailTaken();
    const home = await joinBy(tx, op, invite, user);
    const opened = await openSession(tx, op, core.access.core, { user, ...home });
    await record(tx, opened.self, { action: 'auth.login', resourceType: 'session', resourceId: opened.sessionId });
    await record(tx, opened.self, acceptedEntry(invite));
    return opened.result;
  });
  core.access.core.authenticator.forget();
  return result;
};

/** An account, with an organization of its own or in the one that invited it, logged in. */
export const register = async (op: Op, core: Core, body: Body) => {
  const invite = await assertOpen(core, body);
  const known = invite === null ? undefined : await userByEmail(core.db.read, invite.email);
  if (invite !== null && known !== undefined) return comeBack(op, core, body.password, invite, known);
  // Before the address is looked at: a taken one takes as long as a free one.
  const passwordHash = await core.access.core.passwords.hash(body.password);
  try {
    return await core.db.tx(op, 'auth.register', async (tx) => {
      const user = await insertUser(tx, { email: body.email, name: body.name ?? null, passwordHash, isOperator: false }, op.now());
      const home = invite === null ? await ownOrganization(tx, op, body, user) : await joinBy(tx, op, invite, user);
      const { result, self } = await openSession(tx, op, core.access.core, { user, ...home });
      const metadata = { by: invite === null ? 'self' : 'invite' };
      await record(tx, self, { action: 'auth.register', resourceType: 'user', resourceId: user.id, metadata });
      if (invite !== null) await record(tx, self, acceptedEntry(invite));
      else {
        const made = { slug: home.tenant.slug };
        await record(tx, self, { action: 'tenants.create', resourceType: 'tenant', resourceId: home.tenant.id, metadata: made });
      }
      return result;
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw emailTaken();
    throw error;
  }
};
