import type { Db, Tx } from '@miosa/db';
import { newUuid, type Role, type TenantId, type UserId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { UserTable } from '../tenancy/index.ts';

export type UserRow = Selectable<UserTable>;

export const userByEmail = (db: Db, email: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where(sql<boolean>`lower(email) = lower(${email})`).where('deleted_at', 'is', null).executeTakeFirst();

export const userById = (db: Db, id: UserId): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();

/** Keeps the password from being changed until commit; false when it already is. */
export const holdPassword = async (tx: Tx, user: Pick<UserRow, 'id' | 'password_hash'>): Promise<boolean> =>
  (await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', user.id)
    .where('password_hash', '=', user.password_hash)
    .forShare()
    .executeTakeFirst()) !== undefined;

/** Undefined when the password was changed since `user` was read. */
export const changePasswordOf = (tx: Tx, user: Pick<UserRow, 'id' | 'password_hash'>, passwordHash: string): Promise<UserRow | undefined> =>
  tx
    .updateTable('users')
    .set({ password_hash: passwordHash })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.password_hash)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();

export const renameUser = (tx: Tx, id: UserId, name: string | null): Promise<UserRow> =>
  tx.updateTable('users').set({ name }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

export const insertUser = (
  tx: Tx,
  user: { readonly email: string; readonly name: string | null; readonly passwordHash: string; readonly isOperator: boolean },
  now: Date,
): Promise<UserRow> =>
  tx
    .insertInto('users')
    .values({
      id: newUuid(now.getTime()) as UserId,
      email: user.email,
      name: user.name,
      password_hash: user.passwordHash,
      is_operator: user.isOperator,
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();

export const insertMember = async (tx: Tx, tenantId: TenantId, userId: UserId, role: Role, now: Date): Promise<void> => {
  await tx.insertInto('members').values({ tenant_id: tenantId, user_id: userId, role, joined_at: now }).execute();
};

/** Null: no member, or suspended. */
export const roleIn = async (db: Db, tenantId: TenantId, userId: UserId): Promise<Role | null> => {
  const row = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('role')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where('users.suspended_at', 'is', null)
    .executeTakeFirst();
  return row?.role ?? null;
};

/** As `roleIn`, and true until commit: a removal holds the organization's row, so it comes wholly before this or wholly after. */
export const roleUntilCommit = async (tx: Tx, tenantId: TenantId, userId: UserId): Promise<Role | null> => {
  await tx.selectFrom('tenants').select('id').where('id', '=', tenantId).forKeyShare().execute();
  return roleIn(tx, tenantId, userId);
};

/** Serialises first set-ups: whoever comes second sees the first's organization. */
export const lockBootstrap = async (tx: Tx): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtext('miosa bootstrap'))`.execute(tx);
};
