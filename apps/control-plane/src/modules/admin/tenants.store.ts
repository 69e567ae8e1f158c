import { type Db, exactTime, type Tx } from '@miosa/db';
import type { TenantId, WorkspaceId } from '@miosa/kernel';
import { sql } from 'kysely';
import type { TenantRow } from '../tenancy/index.ts';

type Page = { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number };

export const listTenants = (db: Db, q: string | undefined, page: Page): Promise<(TenantRow & { readonly at: string })[]> => {
  let query = db.selectFrom('tenants').selectAll().select(exactTime('created_at').as('at')).where('deleted_at', 'is', null);
  if (q !== undefined) query = query.where(sql<boolean>`strpos(lower(slug || ' ' || coalesce(name, '')), lower(${q})) > 0`);
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

export const tenantEvenDeleted = (db: Db, id: string): Promise<TenantRow | undefined> =>
  db
    .selectFrom('tenants')
    .selectAll()
    .where('id', '=', id as TenantId)
    .executeTakeFirst();

export const lockLivingTenant = (tx: Tx, id: string): Promise<TenantRow | undefined> =>
  tx
    .selectFrom('tenants')
    .selectAll()
    .where('id', '=', id as TenantId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();

export type TenantChange = Partial<Pick<TenantRow, 'plan' | 'suspended_at' | 'suspend_reason' | 'deleted_at'>>;

export const changeTenant = (tx: Tx, id: TenantId, change: TenantChange, now: Date): Promise<TenantRow> =>
  tx
    .updateTable('tenants')
    .set({ ...change, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export interface TenantCounts {
  readonly id: TenantId;
  readonly members: number;
  readonly api_keys: number;
  readonly sandboxes: number;
}

/** Members, active keys, living sandboxes. */
export const countsOfTenants = async (db: Db, ids: readonly TenantId[]): Promise<Map<TenantId, TenantCounts>> => {
  const { rows } = await sql<TenantCounts>`
    select t.id,
           (select count(*) from members m where m.tenant_id = t.id) as members,
           (select count(*) from api_keys k where k.tenant_id = t.id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) as api_keys,
           (select count(*) from sandboxes s where s.tenant_id = t.id and s.state <> 'destroyed' and s.purpose is null) as sandboxes
      from unnest(${[...ids]}::uuid[]) as t(id)`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
};

export const workspacesOf = async (db: Db, id: TenantId): Promise<WorkspaceId[]> =>
  (await db.selectFrom('workspaces').select('id').where('tenant_id', '=', id).execute()).map((row) => row.id);

export const endSessionsIn = async (tx: Tx, id: TenantId, now: Date): Promise<void> => {
  await tx.updateTable('sessions').set({ ended_at: now }).where('tenant_id', '=', id).where('ended_at', 'is', null).execute();
};
