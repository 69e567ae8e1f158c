import { afterPosition, type Db, exactTime, type Tx } from '@miosa/db';
import type { Role, TenantId, UserId } from '@miosa/kernel';
import { sql } from 'kysely';

export interface MemberRow {
  readonly user_id: UserId;
  readonly email: string;
  readonly name: string | null;
  readonly suspended_at: Date | null;
  readonly role: Role;
  readonly joined_at: Date;
}

export interface PageRequest {
  readonly after: { readonly at: string; readonly id: string } | null;
  readonly limit: number;
}

const inTenant = (db: Db, tenantId: TenantId) =>
  db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.user_id', 'users.email', 'users.name', 'users.suspended_at', 'members.role', 'members.joined_at'])
    .where('members.tenant_id', '=', tenantId);

export const memberOf = (db: Db, tenantId: TenantId, userId: UserId): Promise<MemberRow | undefined> =>
  inTenant(db, tenantId).where('members.user_id', '=', userId).executeTakeFirst();

export const memberByEmail = (db: Db, tenantId: TenantId, email: string): Promise<MemberRow | undefined> =>
  inTenant(db, tenantId).where(sql<boolean>`lower(users.email) = lower(${email})`).executeTakeFirst();

export const listMembers = (db: Db, tenantId: TenantId, page: PageRequest): Promise<(MemberRow & { readonly at: string })[]> => {
  let query = inTenant(db, tenantId).select(exactTime('members.joined_at').as('at'));
  if (page.after !== null) query = query.where(afterPosition('members.joined_at', 'members.user_id', page.after));
  return query.orderBy('members.joined_at', 'desc').orderBy('members.user_id', 'desc').limit(page.limit).execute();
};

/** False when the user is a member already: nothing was written. */
export const addMemberRow = async (tx: Tx, tenantId: TenantId, userId: UserId, role: Role, now: Date): Promise<boolean> => {
  const row = { tenant_id: tenantId, user_id: userId, role, joined_at: now };
  const inserted = await tx
    .insertInto('members')
    .values(row)
    .onConflict((c) => c.doNothing())
    .returning('user_id')
    .executeTakeFirst();
  return inserted !== undefined;
};

export const setMemberRole = async (tx: Tx, tenantId: TenantId, userId: UserId, role: Role): Promise<void> => {
  await tx.updateTable('members').set({ role }).where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute();
};

/** Memberships of the organization's workspaces go with it. */
export const removeMemberRow = async (tx: Tx, tenantId: TenantId, userId: UserId): Promise<void> => {
  await tx.deleteFrom('members').where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute();
};

/** Owners who can log in, longest first. */
export const activeOwners = async (tx: Tx, tenantId: TenantId): Promise<UserId[]> => {
  const owners = inTenant(tx, tenantId).where('members.role', '=', 'owner').where('users.suspended_at', 'is', null);
  return (await owners.orderBy('members.joined_at').execute()).map((row) => row.user_id);
};

/** Do both belong to some living organization? */
export const areAcquainted = async (db: Db, a: UserId, b: UserId): Promise<boolean> => {
  const { rows } = await sql`
    select from members x join members y on y.tenant_id = x.tenant_id join tenants t on t.id = x.tenant_id and t.deleted_at is null
     where x.user_id = ${a} and y.user_id = ${b} limit 1`.execute(db);
  return rows.length > 0;
};

/** Serialises what is counted per user. */
export const holdUser = async (tx: Tx, id: UserId): Promise<void> => {
  await tx.selectFrom('users').select('id').where('id', '=', id).forNoKeyUpdate().execute();
};

export interface Totals {
  readonly members: number;
  readonly workspaces: number;
  readonly projects: number;
  readonly api_keys: number;
}

export const totalsOf = async (db: Db, id: TenantId): Promise<Totals> => {
  const { rows } = await sql<Totals>`
    select (select count(*) from members where tenant_id = ${id}) as members,
           (select count(*) from workspaces where tenant_id = ${id} and deleted_at is null) as workspaces,
           (select count(*) from projects where tenant_id = ${id} and deleted_at is null) as projects,
           (select count(*) from api_keys where tenant_id = ${id} and revoked_at is null
             and (expires_at is null or expires_at > now())) as api_keys`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('an aggregate gives one row');
  return row;
};
