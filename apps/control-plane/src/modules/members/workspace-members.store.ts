import { afterPosition, type Db, exactTime, type Tx } from '@miosa/db';
import type { Role, TenantId, UserId, WorkspaceId } from '@miosa/kernel';
import type { MemberRow, PageRequest } from './members.store.ts';

const inWorkspace = (db: Db, workspaceId: WorkspaceId) =>
  db
    .selectFrom('workspace_members')
    .innerJoin('users', 'users.id', 'workspace_members.user_id')
    .select([
      'workspace_members.user_id',
      'users.email',
      'users.name',
      'users.suspended_at',
      'workspace_members.role',
      'workspace_members.joined_at',
    ])
    .where('workspace_members.workspace_id', '=', workspaceId);

export const workspaceMemberOf = (db: Db, workspaceId: WorkspaceId, userId: UserId): Promise<MemberRow | undefined> =>
  inWorkspace(db, workspaceId).where('workspace_members.user_id', '=', userId).executeTakeFirst();

export const workspaceRoleOf = async (db: Db, workspaceId: WorkspaceId, userId: UserId): Promise<Role | null> =>
  (await workspaceMemberOf(db, workspaceId, userId))?.role ?? null;

export const listWorkspaceMembers = (
  db: Db,
  workspaceId: WorkspaceId,
  page: PageRequest,
): Promise<(MemberRow & { readonly at: string })[]> => {
  let query = inWorkspace(db, workspaceId).select(exactTime('workspace_members.joined_at').as('at'));
  if (page.after !== null) query = query.where(afterPosition('workspace_members.joined_at', 'workspace_members.user_id', page.after));
  return query.orderBy('workspace_members.joined_at', 'desc').orderBy('workspace_members.user_id', 'desc').limit(page.limit).execute();
};

/** False when the user belongs to it already: nothing was written. The user must be a member of the organization. */
export const addWorkspaceMemberRow = async (
  tx: Tx,
  place: { readonly tenantId: TenantId; readonly workspaceId: WorkspaceId },
  userId: UserId,
  role: Role,
  now: Date,
): Promise<boolean> => {
  const row = { workspace_id: place.workspaceId, user_id: userId, tenant_id: place.tenantId, role, joined_at: now };
  const insert = tx
    .insertInto('workspace_members')
    .values(row)
    .onConflict((c) => c.doNothing());
  return (await insert.returning('user_id').executeTakeFirst()) !== undefined;
};

export const setWorkspaceRole = async (tx: Tx, workspaceId: WorkspaceId, userId: UserId, role: Role): Promise<void> => {
  await tx.updateTable('workspace_members').set({ role }).where('workspace_id', '=', workspaceId).where('user_id', '=', userId).execute();
};

export const removeWorkspaceMemberRow = async (tx: Tx, workspaceId: WorkspaceId, userId: UserId): Promise<void> => {
  await tx.deleteFrom('workspace_members').where('workspace_id', '=', workspaceId).where('user_id', '=', userId).execute();
};
