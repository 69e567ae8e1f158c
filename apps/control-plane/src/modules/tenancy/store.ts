import type { Db, Tx } from '@miosa/db';
import type { Role, TenantId, UserId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { TenantTable } from './types.ts';

export type TenantRow = Selectable<TenantTable>;

/** Postgres says a unique index refused the row. */
export const isUniqueViolation = (error: unknown): boolean => (error as { code?: string } | null)?.code === '23505';

export const tenantById = (db: Db, id: string): Promise<TenantRow | undefined> =>
  db
    .selectFrom('tenants')
    .selectAll()
    .where('id', '=', id as TenantId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();

/** By slug or id; a text that is neither finds nothing. */
export const tenantBySelector = (db: Db, selector: string): Promise<TenantRow | undefined> =>
  db
    .selectFrom('tenants')
    .selectAll()
    .where(sql<boolean>`(slug = ${selector} or id::text = lower(${selector}))`)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();

/** Organizations of a user with the user's role in each, oldest membership first. */
export const tenantsOfUser = (db: Db, userId: UserId): Promise<(TenantRow & { readonly role: Role })[]> =>
  db
    .selectFrom('members')
    .innerJoin('tenants', 'tenants.id', 'members.tenant_id')
    .selectAll('tenants')
    .select('members.role')
    .where('members.user_id', '=', userId)
    .where('tenants.deleted_at', 'is', null)
    .orderBy('members.joined_at')
    .orderBy('tenants.id')
    .execute();

/** Holds the row until commit, so that two set-ups take turns. */
export const lockTenant = (tx: Tx, id: TenantId): Promise<TenantRow | undefined> =>
  tx.selectFrom('tenants').selectAll().where('id', '=', id).where('deleted_at', 'is', null).forUpdate().executeTakeFirst();

export const insertTenant = (
  tx: Tx,
  row: { id: TenantId; name: string | null; slug: string; ownerUserId: string | null; setupDone: boolean; now: Date },
): Promise<TenantRow> =>
  tx
    .insertInto('tenants')
    .values({
      id: row.id,
      name: row.name,
      slug: row.slug,
      owner_user_id: row.ownerUserId,
      setup_done: row.setupDone,
      created_at: row.now,
      updated_at: row.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();

export const setIdentity = (tx: Tx, id: TenantId, identity: { name: string; slug: string }, now: Date): Promise<TenantRow> =>
  tx
    .updateTable('tenants')
    .set({ ...identity, setup_done: true, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export const anyTenant = async (db: Db): Promise<boolean> =>
  (await db.selectFrom('tenants').select('id').limit(1).executeTakeFirst()) !== undefined;

export const markTenantDeleted = async (tx: Tx, id: TenantId, now: Date): Promise<void> => {
  await tx.updateTable('tenants').set({ deleted_at: now, updated_at: now }).where('id', '=', id).execute();
};

export const setOwner = (tx: Tx, id: TenantId, owner: UserId, now: Date): Promise<TenantRow> =>
  tx.updateTable('tenants').set({ owner_user_id: owner, updated_at: now }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

/** Organizations that a user made or was given, and those of them that were deleted within 30 days: their slugs are used up. */
export const countOwned = async (db: Db, userId: UserId): Promise<number> => {
  const { n } = await db
    .selectFrom('tenants')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('owner_user_id', '=', userId)
    .where(sql<boolean>`(deleted_at is null or deleted_at > now() - interval '30 days')`)
    .executeTakeFirstOrThrow();
  return n;
};
