import type { Db } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import { type Expression, type Insertable, type Selectable, type SqlBool, sql } from 'kysely';
import type { AuditTable } from './types.ts';

export type AuditRow = Selectable<AuditTable> & { readonly tenant_slug: string };

export const insertEntry = async (db: Db, entry: Insertable<AuditTable>): Promise<void> => {
  await db.insertInto('audit_entries').values(entry).execute();
};

/** Entries of an organization that meet all `conditions`, newest first, before `beforeSeq`. */
export const listEntries = (
  db: Db,
  tenantId: TenantId,
  conditions: readonly Expression<SqlBool>[],
  page: { readonly beforeSeq: string | null; readonly limit: number },
): Promise<AuditRow[]> => {
  let query = db
    .selectFrom('audit_entries')
    .innerJoin('tenants', 'tenants.id', 'audit_entries.tenant_id')
    .selectAll('audit_entries')
    .select('tenants.slug as tenant_slug')
    .where('audit_entries.tenant_id', '=', tenantId);
  for (const condition of conditions) query = query.where(condition);
  if (page.beforeSeq !== null) query = query.where(sql<boolean>`seq < ${page.beforeSeq}::bigint`);
  return query.orderBy('seq', 'desc').limit(page.limit).execute();
};
