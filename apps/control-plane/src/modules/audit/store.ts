import type { Db } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import { type Expression, type Insertable, type Selectable, type SqlBool, sql } from 'kysely';
import type { AuditTable } from './types.ts';

export type AuditRow = Selectable<AuditTable> & {
  readonly tenant_slug: string;
  readonly prev_hash: string | null;
  /** Null until the entry is sealed. */
  readonly hash: string | null;
};

export const insertEntry = async (db: Db, entry: Insertable<AuditTable>): Promise<void> => {
  await db.insertInto('audit_entries').values(entry).execute();
};

/** Entries of an organization (null: of all) that meet all `conditions`, newest first, before `beforeSeq`. */
export const listEntries = (
  db: Db,
  tenantId: TenantId | null,
  conditions: readonly Expression<SqlBool>[],
  page: { readonly beforeSeq: string | null; readonly limit: number },
): Promise<AuditRow[]> => {
  let query = db
    .selectFrom('audit_entries')
    .innerJoin('tenants', 'tenants.id', 'audit_entries.tenant_id')
    .leftJoin('audit_seals', 'audit_seals.entry_seq', 'audit_entries.seq')
    .selectAll('audit_entries')
    .select(['tenants.slug as tenant_slug', 'audit_seals.prev_hash', 'audit_seals.hash']);
  if (tenantId !== null) query = query.where('audit_entries.tenant_id', '=', tenantId);
  for (const condition of conditions) query = query.where(condition);
  if (page.beforeSeq !== null) query = query.where(sql<boolean>`audit_entries.seq < ${page.beforeSeq}::bigint`);
  return query.orderBy('audit_entries.seq', 'desc').limit(page.limit).execute();
};
