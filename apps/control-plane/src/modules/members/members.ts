import { once, type Tx } from '@miosa/db';
import { Fault, notFound, type Op, type Role, type TenantId, tenantOf, type UserId } from '@miosa/kernel';
import { endSessionsOf, revokeKeysOfMember, userById } from '../access/index.ts';
import { record } from '../audit/index.ts';
import { setOwner, type TenantRow } from '../tenancy/index.ts';
import { announceMember } from './announce.ts';
import { assertWithin, authorityIn, holdTenant, userOf } from './authority.ts';
import type { Core } from './core.ts';
import { revokeInvitesBy, revokeInvitesTo } from './invites.store.ts';
import {
  activeOwners,
  addMemberRow,
  areAcquainted,
  listMembers,
  type MemberRow,
  memberOf,
  type PageRequest,
  removeMemberRow,
  setMemberRole,
} from './members.store.ts';

export const alreadyMember = (): Fault =>
  new Fault('CONFLICT', 'This user is a member already.', { details: { reason: 'already_member' } });

const organizationOf = (op: Op) => ({ tenantId: tenantOf(op), workspaceId: null });

export const found = (row: MemberRow | undefined): MemberRow => {
  if (row === undefined) throw notFound();
  return row;
};

export const pageOfMembers = (op: Op, core: Core, page: PageRequest) => listMembers(core.db.read, tenantOf(op), page);

const entry = (action: string, userId: string, metadata: object) => ({ action, resourceType: 'member', resourceId: userId, metadata });

/** Somebody the caller knows from another organization; everybody else is invited, and a stranger's id is 404. */
export const addMember = (op: Op, core: Core, userId: UserId, role: Role): Promise<MemberRow> =>
  once<MemberRow>(op, 'members.create', (keep) =>
    core.db.tx(op, 'members.create', async (tx) => {
      const { id: tenantId } = await holdTenant(tx, op);
      assertWithin(await authorityIn(tx, op, organizationOf(op), 'admin'), role);
      const self = userOf(op);
      const user = await userById(tx, userId);
      const known = user !== undefined && (self.isOperator || (await areAcquainted(tx, self.id, userId)));
      if (!known || user.deleted_at !== null) throw notFound();
      if (!(await addMemberRow(tx, tenantId, userId, role, op.now()))) throw alreadyMember();
      await record(tx, op, entry('members.create', userId, { role }));
      const added = found(await memberOf(tx, tenantId, userId));
      await announceMember(tx, op, added, 'added');
      return keep(tx, added);
    }),
  );

const lastOwner = (): Fault => new Fault('LAST_OWNER', 'An organization keeps at least one owner. Make somebody else owner first.');

/** Before an owner goes: another one must be left, who then stands for the organization if this one did. */
const replaceOwner = async (tx: Tx, op: Op, tenant: TenantRow, leaving: UserId): Promise<void> => {
  const [other] = (await activeOwners(tx, tenant.id)).filter((id) => id !== leaving);
  if (other === undefined) throw lastOwner();
  if (tenant.owner_user_id === leaving) await setOwner(tx, tenant.id, other, op.now());
};

/** Seen by every credential of the user within a second. */
export const changeRole = async (op: Op, core: Core, userId: UserId, role: Role): Promise<MemberRow> => {
  const changed = await core.db.tx(op, 'members.update', async (tx) => {
    const tenant = await holdTenant(tx, op);
    const authority = await authorityIn(tx, op, organizationOf(op), 'admin');
    const member = found(await memberOf(tx, tenant.id, userId));
    assertWithin(authority, member.role, role);
    if (member.role === role) return member;
    if (member.role === 'owner') await replaceOwner(tx, op, tenant, userId);
    await setMemberRole(tx, tenant.id, userId, role);
    // Nobody waits at the door with a letter that its author could not write any more.
    await revokeInvitesBy(tx, { tenantId: tenant.id, userId }, role, op.now());
    await record(tx, op, entry('members.update', userId, { role, before: member.role }));
    await announceMember(tx, op, { ...member, role }, 'role_changed');
    return { ...member, role };
  });
  core.access.core.authenticator.forget();
  return changed;
};

const endEverything = async (tx: Tx, op: Op, tenantId: TenantId, { user_id: userId, email }: MemberRow) => {
  const now = op.now();
  const keys_revoked = await revokeKeysOfMember(tx, op, tenantId, userId);
  const sessions_ended = await endSessionsOf(tx, userId, { tenantId }, now);
  await revokeInvitesBy(tx, { tenantId, userId }, null, now);
  await revokeInvitesTo(tx, tenantId, email, now);
  await removeMemberRow(tx, tenantId, userId);
  return { keys_revoked, sessions_ended };
};

/** An admin removes, everybody may leave. Keys, sessions and open streams of the user in this organization end within a second. */
export const removeMember = async (op: Op, core: Core, userId: UserId): Promise<void> => {
  await core.db.tx(op, 'members.delete', async (tx) => {
    const tenant = await holdTenant(tx, op);
    const leaves = userOf(op).id === userId;
    const authority = leaves ? null : await authorityIn(tx, op, organizationOf(op), 'admin');
    const member = found(await memberOf(tx, tenant.id, userId));
    if (authority !== null) assertWithin(authority, member.role);
    if (member.role === 'owner') await replaceOwner(tx, op, tenant, userId);
    const ended = await endEverything(tx, op, tenant.id, member);
    await record(tx, op, entry('members.delete', userId, { role: member.role, ...ended }));
    await announceMember(tx, op, member, 'removed');
  });
  core.access.core.authenticator.forget();
};

/** The caller steps down to admin in the same moment. */
export const transferOwnership = async (op: Op, core: Core, userId: UserId): Promise<TenantRow> => {
  const changed = await core.db.tx(op, 'tenants.transferOwnership', async (tx) => {
    const tenant = await holdTenant(tx, op);
    await authorityIn(tx, op, organizationOf(op), 'owner');
    const self = userOf(op).id;
    const heir = found(await memberOf(tx, tenant.id, userId));
    if (heir.suspended_at !== null) throw new Fault('CONFLICT', 'This user is suspended.', { details: { reason: 'user_suspended' } });
    if (heir.user_id === self) return tenant;
    await setMemberRole(tx, tenant.id, heir.user_id, 'owner');
    await setMemberRole(tx, tenant.id, self, 'admin');
    await revokeInvitesBy(tx, { tenantId: tenant.id, userId: self }, 'admin', op.now());
    const after = await setOwner(tx, tenant.id, heir.user_id, op.now());
    const metadata = { from: self, to: heir.user_id };
    await record(tx, op, { action: 'tenants.transferOwnership', resourceType: 'tenant', resourceId: tenant.id, metadata });
    return after;
  });
  core.access.core.authenticator.forget();
  return changed;
};
