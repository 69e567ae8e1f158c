import type { Tx } from '@miosa/db';
import { once } from '@miosa/db';
import { notFound, type Op, type Role, tenantOf, type UserId, type WorkspaceId } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { workspaceById } from '../tenancy/index.ts';
import { assertWithin, authorityIn, holdTenant, userOf } from './authority.ts';
import type { Core } from './core.ts';
import { revokeInvitesBy, revokeOpenInvite } from './invites.store.ts';
import { type MemberRow, memberOf, type PageRequest } from './members.store.ts';
import { alreadyMember, found } from './members.ts';
import type { Place } from './types.ts';
import {
  addWorkspaceMemberRow,
  listWorkspaceMembers,
  removeWorkspaceMemberRow,
  setWorkspaceRole,
  workspaceMemberOf,
} from './workspace-members.store.ts';

/** A workspace the caller sees with the role that the operation needs, else 404. */
export const placeOf = async (op: Op, core: Core, id: string): Promise<Place & { readonly workspaceId: WorkspaceId }> => ({
  tenantId: tenantOf(op),
  workspaceId: await core.tenancy.requireWorkspace(op, id),
});

/** Still there, behind the lock of the organization. */
const holdPlace = async (tx: Tx, op: Op, { tenantId, workspaceId }: Place): Promise<void> => {
  await holdTenant(tx, op);
  if (workspaceId !== null && (await workspaceById(tx, tenantId, workspaceId)) === undefined) throw notFound();
};

const entry = (action: string, workspaceId: WorkspaceId, userId: string, metadata: object) => ({
  action,
  resourceType: 'workspace_member',
  resourceId: userId,
  ownership: { workspaceId },
  metadata,
});

export const pageOfWorkspaceMembers = async (op: Op, core: Core, id: string, page: PageRequest) =>
  listWorkspaceMembers(core.db.read, (await placeOf(op, core, id)).workspaceId, page);

/** Of the organization's members; anybody else is invited. */
export const addWorkspaceMember = async (op: Op, core: Core, id: string, userId: UserId, role: Role): Promise<MemberRow> => {
  const place = await placeOf(op, core, id);
  const added = await once<MemberRow>(op, 'workspaces.members.create', (keep) =>
    core.db.tx(op, 'workspaces.members.create', async (tx) => {
      await holdPlace(tx, op, place);
      assertWithin(await authorityIn(tx, op, place, 'admin'), role);
      found(await memberOf(tx, place.tenantId, userId));
      if (!(await addWorkspaceMemberRow(tx, place, userId, role, op.now()))) throw alreadyMember();
      await record(tx, op, entry('workspaces.members.create', place.workspaceId, userId, { role }));
      return keep(tx, found(await workspaceMemberOf(tx, place.workspaceId, userId)));
    }),
  );
  core.access.core.authenticator.forget();
  return added;
};

export const changeWorkspaceRole = async (op: Op, core: Core, id: string, userId: UserId, role: Role): Promise<MemberRow> => {
  const place = await placeOf(op, core, id);
  const changed = await core.db.tx(op, 'workspaces.members.update', async (tx) => {
    await holdPlace(tx, op, place);
    const authority = await authorityIn(tx, op, place, 'admin');
    const member = found(await workspaceMemberOf(tx, place.workspaceId, userId));
    assertWithin(authority, member.role, role);
    if (member.role === role) return member;
    await setWorkspaceRole(tx, place.workspaceId, userId, role);
    await revokeInvitesBy(tx, { ...place, userId }, role, op.now());
    await record(tx, op, entry('workspaces.members.update', place.workspaceId, userId, { role, before: member.role }));
    return { ...member, role };
  });
  core.access.core.authenticator.forget();
  return changed;
};

export const removeWorkspaceMember = async (op: Op, core: Core, id: string, userId: UserId): Promise<void> => {
  const place = await placeOf(op, core, id);
  await core.db.tx(op, 'workspaces.members.delete', async (tx) => {
    await holdPlace(tx, op, place);
    const authority = userOf(op).id === userId ? null : await authorityIn(tx, op, place, 'admin');
    const member = found(await workspaceMemberOf(tx, place.workspaceId, userId));
    if (authority !== null) assertWithin(authority, member.role);
    await removeWorkspaceMemberRow(tx, place.workspaceId, userId);
    await revokeInvitesBy(tx, { ...place, userId }, null, op.now());
    await revokeOpenInvite(tx, place, member.email, op.now());
    await record(tx, op, entry('workspaces.members.delete', place.workspaceId, userId, { role: member.role }));
  });
  core.access.core.authenticator.forget();
};
