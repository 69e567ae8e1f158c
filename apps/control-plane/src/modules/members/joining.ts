import { once, type Tx } from '@miosa/db';
import { Fault, notFound, type Op, type Role, type TenantId } from '@miosa/kernel';
import { roleIn, type UserRow, userById } from '../access/index.ts';
import { record } from '../audit/index.ts';
import { lockTenant, type TenantRow, workspaceById } from '../tenancy/index.ts';
import { announceMember } from './announce.ts';
import { mayGive, userOf } from './authority.ts';
import type { Core } from './core.ts';
import { type InviteRow, type InviteWithNames, inviteByToken, lockInviteByToken, markAccepted } from './invites.store.ts';
import { inviteHash } from './invites.ts';
import { addMemberRow, memberOf } from './members.store.ts';
import { alreadyMember } from './members.ts';
import { addWorkspaceMemberRow } from './workspace-members.store.ts';

export const inviteGone = (): Fault => new Fault('GONE', 'This invite is expired, revoked or unknown. Ask for a new one.');

/** What anybody who has the link may know. */
export const viewInvite = async (core: Core, token: string): Promise<InviteWithNames> => {
  const invite = await inviteByToken(core.db.read, inviteHash(token));
  if (invite === undefined) throw notFound();
  return invite;
};

/** Whose address it is for; said before anything else, so that a stranger's link tells nothing by its state. */
export const assertAddressed = (invite: Pick<InviteRow, 'email'>, email: string): void => {
  if (invite.email.toLowerCase() === email.toLowerCase()) return;
  throw new Fault('EMAIL_MISMATCH', 'This invite is for another e-mail address. Log in with the account it was sent to.');
};

/** Behind the locks of organization and invite, in the order of everything else that changes members. */
const hold = async (tx: Tx, op: Op, seen: InviteRow): Promise<{ tenant: TenantRow; invite: InviteRow }> => {
  const tenant = await lockTenant(tx, seen.tenant_id);
  const invite = await lockInviteByToken(tx, seen.token_hash);
  if (invite?.accepted_at != null) throw new Fault('ALREADY_ACCEPTED', 'This invite is accepted already.');
  if (tenant === undefined || tenant.suspended_at !== null || invite === undefined || invite.revoked_at !== null) throw inviteGone();
  if (invite.expires_at <= op.now()) throw inviteGone();
  // An invite gives what its author may give now: suspended and demoted ones let nobody in.
  const author = await userById(tx, invite.invited_by);
  const place = { tenantId: invite.tenant_id, workspaceId: invite.workspace_id };
  if (author === undefined || !(await mayGive(tx, place, author, invite.role))) throw inviteGone();
  return { tenant, invite };
};

/** What the user does here, where the session happens to be elsewhere or is not there yet. */
const as = ({ requestId, ip, userAgent, log, now, signal }: Op, user: UserRow, tenantId: TenantId, role: Role): Op => {
  const { id, email, name, is_operator: isOperator } = user;
  return {
    requestId,
    ip,
    userAgent,
    log,
    now,
    signal,
    actor: { type: 'user', id, name: name ?? email, tenantId, role, isOperator, sessionId: '' },
  };
};

/** The user comes in by the invite, once, in the caller's transaction. Answers the organization and the role in it. */
export const joinBy = async (tx: Tx, op: Op, seen: InviteRow, user: UserRow): Promise<{ tenant: TenantRow; role: Role }> => {
  assertAddressed(seen, user.email);
  const { tenant, invite } = await hold(tx, op, seen);
  const { workspace_id: workspaceId } = invite;
  const now = op.now();
  const isNew = await addMemberRow(tx, tenant.id, user.id, workspaceId === null ? invite.role : 'viewer', now);
  if (workspaceId === null) {
    if (!isNew) throw alreadyMember();
  } else {
    if ((await workspaceById(tx, tenant.id, workspaceId)) === undefined) throw inviteGone();
    if (!(await addWorkspaceMemberRow(tx, { tenantId: tenant.id, workspaceId }, user.id, invite.role, now))) throw alreadyMember();
  }
  await markAccepted(tx, invite.id, user.id, now);
  const role = await roleIn(tx, tenant.id, user.id);
  const member = await memberOf(tx, tenant.id, user.id);
  if (role === null || member === undefined) throw inviteGone();
  if (isNew) await announceMember(tx, as(op, user, tenant.id, role), member, 'added');
  return { tenant, role };
};

export const acceptedEntry = (invite: InviteRow) => ({
  action: 'invites.accept',
  resourceType: 'invite',
  resourceId: invite.id,
  ownership: { workspaceId: invite.workspace_id },
  metadata: { role: invite.role },
});

export const acceptInvite = async (op: Op, core: Core, token: string): Promise<InviteRow> => {
  const seen = await once<InviteRow>(op, 'invites.accept', (keep) => accept(op, core, token, keep));
  core.access.core.authenticator.forget();
  return seen;
};

type Keep = (tx: Tx, seen: InviteRow) => Promise<InviteRow>;

const accept = async (op: Op, core: Core, token: string, keep: Keep): Promise<InviteRow> => {
  const self = userOf(op);
  const seen = await viewInvite(core, token);
  return core.db.tx(op, 'invites.accept', async (tx) => {
    const user = await userById(tx, self.id);
    if (user === undefined) throw notFound();
    const { tenant, role } = await joinBy(tx, op, seen, user);
    const { requestId, ip, userAgent, log, now, signal } = op;
    // On record where the user came in, not where the session happens to be.
    const there: Op = { requestId, ip, userAgent, log, now, signal, actor: { ...self, tenantId: tenant.id, role } };
    await record(tx, there, acceptedEntry(seen));
    return keep(tx, seen);
  });
};
