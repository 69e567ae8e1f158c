import { afterPosition, type Db, exactTime, type Tx } from '@miosa/db';
import { atLeast, type Role, type TenantId, type UserId, type WorkspaceId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { PageRequest } from './members.store.ts';
import type { InviteTable, Place } from './types.ts';

export type InviteRow = Selectable<InviteTable>;

const to = (db: Db, { tenantId, workspaceId }: Place) =>
  db
    .selectFrom('invites')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('workspace_id', workspaceId === null ? 'is' : '=', workspaceId);

/** All but revoked ones. */
export const listInvites = (db: Db, place: Place, page: PageRequest): Promise<(InviteRow & { readonly at: string })[]> => {
  let query = to(db, place).select(exactTime('created_at').as('at')).where('revoked_at', 'is', null);
  if (page.after !== null) query = query.where(afterPosition('created_at', 'id', page.after));
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

export const lockInvite = (tx: Tx, place: Place, id: string): Promise<InviteRow | undefined> =>
  to(tx, place).where('id', '=', id).forUpdate().executeTakeFirst();

export const lockInviteByToken = (tx: Tx, tokenHash: Buffer): Promise<InviteRow | undefined> =>
  tx.selectFrom('invites').selectAll().where('token_hash', '=', tokenHash).forUpdate().executeTakeFirst();

export const insertInvite = (tx: Tx, row: Omit<InviteRow, 'revoked_at'>): Promise<InviteRow> =>
  tx.insertInto('invites').values(row).returningAll().executeTakeFirstOrThrow();

/** The open one for this address and place, if there is any. */
export const revokeOpenInvite = async (tx: Tx, { tenantId, workspaceId }: Place, email: string, now: Date): Promise<void> => {
  await tx
    .updateTable('invites')
    .set({ revoked_at: now })
    .where('tenant_id', '=', tenantId)
    .where('workspace_id', workspaceId === null ? 'is' : '=', workspaceId)
    .where(sql<boolean>`lower(email) = lower(${email})`)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute();
};

export const revokeInvite = async (tx: Tx, id: string, now: Date): Promise<void> => {
  await tx.updateTable('invites').set({ revoked_at: now }).where('id', '=', id).execute();
};

/** All open ones for this address, to the organization and to its workspaces: who was removed must not come back by an older letter. */
export const revokeInvitesTo = async (tx: Tx, tenantId: TenantId, email: string, now: Date): Promise<void> => {
  await tx
    .updateTable('invites')
    .set({ revoked_at: now })
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`lower(email) = lower(${email})`)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute();
};

interface Author {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  /** Only those to this workspace. */
  readonly workspaceId?: WorkspaceId;
}

const ROLES: readonly Role[] = ['viewer', 'member', 'admin', 'owner'];

/** Open ones that the author could not write any more with the role that is left; null: none is. */
export const revokeInvitesBy = async (tx: Tx, author: Author, left: Role | null, now: Date): Promise<void> => {
  const mayStay = left !== null && atLeast(left, 'admin') ? ROLES.filter((role) => atLeast(left, role)) : [];
  let query = tx
    .updateTable('invites')
    .set({ revoked_at: now })
    .where('tenant_id', '=', author.tenantId)
    .where('invited_by', '=', author.userId);
  if (author.workspaceId !== undefined) query = query.where('workspace_id', '=', author.workspaceId);
  if (mayStay.length > 0) query = query.where('role', 'not in', mayStay);
  await query.where('accepted_at', 'is', null).where('revoked_at', 'is', null).execute();
};

export const markAccepted = async (tx: Tx, id: string, by: UserId, now: Date): Promise<void> => {
  await tx.updateTable('invites').set({ accepted_at: now, accepted_by: by }).where('id', '=', id).execute();
};

export const countInvitesSince = async (tx: Tx, tenantId: TenantId, since: Date): Promise<number> => {
  const query = tx.selectFrom('invites').select(({ fn }) => fn.countAll<number>().as('n'));
  return (await query.where('tenant_id', '=', tenantId).where('created_at', '>', since).executeTakeFirstOrThrow()).n;
};

export interface InviteWithNames extends InviteRow {
  readonly tenant_name: string | null;
  readonly workspace_name: string | null;
  /** What it invites to is deleted, or suspended. */
  readonly lost: boolean;
}

export const inviteByToken = (db: Db, tokenHash: Buffer): Promise<InviteWithNames | undefined> =>
  db
    .selectFrom('invites')
    .innerJoin('tenants', 'tenants.id', 'invites.tenant_id')
    .leftJoin('workspaces', 'workspaces.id', 'invites.workspace_id')
    .selectAll('invites')
    .select(['tenants.name as tenant_name', 'workspaces.name as workspace_name'])
    .select(
      sql<boolean>`tenants.deleted_at is not null or tenants.suspended_at is not null or workspaces.deleted_at is not null`.as('lost'),
    )
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
