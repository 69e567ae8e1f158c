import { type Db, exactTime, type Tx } from '@miosa/db';
import type { Role, TenantId, UserId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { UserTable } from '../tenancy/index.ts';

export type UserRow = Selectable<Omit<UserTable, 'password_hash'>>;

export type UserStatus = 'active' | 'suspended';

const COLUMNS = ['id', 'email', 'name', 'is_operator', 'suspended_at', 'suspend_reason', 'deleted_at', 'created_at'] as const;

type Page = { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number };

export const listUsers = (
  db: Db,
  filters: { readonly q?: string | undefined; readonly status?: UserStatus | undefined },
  page: Page,
): Promise<(UserRow & { readonly at: string })[]> => {
  let query = db.selectFrom('users').select(COLUMNS).select(exactTime('created_at').as('at')).where('deleted_at', 'is', null);
  const { q, status } = filters;
  if (q !== undefined) query = query.where(sql<boolean>`strpos(lower(email || ' ' || coalesce(name, '')), lower(${q})) > 0`);
  if (status !== undefined) query = query.where('suspended_at', status === 'suspended' ? 'is not' : 'is', null);
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

export const userEvenDeleted = (db: Db, id: string): Promise<UserRow | undefined> =>
  db
    .selectFrom('users')
    .select(COLUMNS)
    .where('id', '=', id as UserId)
    .executeTakeFirst();

export const lockUser = (tx: Tx, id: string): Promise<UserRow | undefined> =>
  tx
    .selectFrom('users')
    .select(COLUMNS)
    .where('id', '=', id as UserId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();

/** Held until commit, so that of two who each remove one of the last two operators the second sees the first. */
export const lockOperators = async (tx: Tx): Promise<UserId[]> => {
  await sql`select pg_advisory_xact_lock(hashtext('miosa operators'))`.execute(tx);
  const query = tx.selectFrom('users').select('id').where('is_operator', '=', true);
  return (await query.where('deleted_at', 'is', null).where('suspended_at', 'is', null).execute()).map((row) => row.id);
};

export type UserChange = Partial<Pick<UserRow, 'email' | 'name' | 'is_operator' | 'suspended_at' | 'suspend_reason'>>;

export const changeUser = (tx: Tx, id: UserId, change: UserChange): Promise<UserRow> =>
  tx.updateTable('users').set(change).where('id', '=', id).returning(COLUMNS).executeTakeFirstOrThrow();

export interface Membership {
  readonly user_id: UserId;
  readonly tenant_id: TenantId;
  readonly tenant_slug: string;
  readonly role: Role;
}

export const membershipsOf = async (db: Db, userIds: readonly UserId[]): Promise<Membership[]> => {
  if (userIds.length === 0) return [];
  return db
    .selectFrom('members')
    .innerJoin('tenants', 'tenants.id', 'members.tenant_id')
    .select(['members.user_id', 'members.tenant_id', 'tenants.slug as tenant_slug', 'members.role'])
    .where('members.user_id', 'in', [...userIds])
    .where('tenants.deleted_at', 'is', null)
    .orderBy('members.joined_at')
    .execute();
};

/** Organizations that would be without an owner if this user left. Their owners are locked. */
export const ownedAlone = async (tx: Tx, userId: UserId): Promise<TenantId[]> => {
  const { rows } = await sql<{ tenant_id: TenantId; user_id: UserId }>`
    select m.tenant_id, m.user_id from members m join tenants t on t.id = m.tenant_id and t.deleted_at is null
     where m.role = 'owner' and m.tenant_id in (select tenant_id from members where user_id = ${userId} and role = 'owner')
     order by m.tenant_id, m.user_id for update of m`.execute(tx);
  const owners = Map.groupBy(rows, (row) => row.tenant_id);
  return [...owners].filter(([, rows]) => rows.every((row) => row.user_id === userId)).map(([tenantId]) => tenantId);
};

export const endSessionsOf = async (tx: Tx, userId: UserId, now: Date): Promise<number> => {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
};

/** Takes away everything that is the user's alone; the row stays, for what refers to it. */
export const eraseUser = async (tx: Tx, userId: UserId, now: Date): Promise<void> => {
  await endSessionsOf(tx, userId, now);
  await tx.updateTable('api_keys').set({ revoked_at: now }).where('user_id', '=', userId).where('revoked_at', 'is', null).execute();
  await tx.deleteFrom('members').where('user_id', '=', userId).execute();
  const nobody = { email: `deleted-${userId}@invalid`, name: null, password_hash: '', is_operator: false };
  await tx
    .updateTable('users')
    .set({ ...nobody, deleted_at: now })
    .where('id', '=', userId)
    .execute();
};
