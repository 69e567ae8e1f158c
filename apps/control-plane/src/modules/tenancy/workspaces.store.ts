import type { Db, Tx } from '@miosa/db';
import { newUuid, type TenantId, type WorkspaceId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import { textEquals, visibleWhere } from './filters.ts';
import type { VisibleWorkspaces, WorkspaceTable } from './types.ts';

export type WorkspaceRow = Selectable<WorkspaceTable>;

const alive = (db: Db, tenantId: TenantId) =>
  db.selectFrom('workspaces').selectAll().where('tenant_id', '=', tenantId).where('deleted_at', 'is', null);

export const workspaceById = (db: Db, tenantId: TenantId, id: string): Promise<WorkspaceRow | undefined> =>
  alive(db, tenantId)
    .where('id', '=', id as WorkspaceId)
    .executeTakeFirst();

export const workspaceBySlug = (db: Db, tenantId: TenantId, slug: string): Promise<WorkspaceRow | undefined> =>
  alive(db, tenantId).where('slug', '=', slug).executeTakeFirst();

export const workspaceByExternal = (db: Db, tenantId: TenantId, externalId: string): Promise<WorkspaceRow | undefined> =>
  alive(db, tenantId).where('external_workspace_id', '=', externalId).executeTakeFirst();

export const defaultWorkspace = (db: Db, tenantId: TenantId): Promise<WorkspaceRow | undefined> =>
  alive(db, tenantId).where('is_default', '=', true).executeTakeFirst();

export const workspaceIdsOf = async (db: Db, tenantId: TenantId): Promise<WorkspaceId[]> =>
  (await db.selectFrom('workspaces').select('id').where('tenant_id', '=', tenantId).execute()).map((row) => row.id);

/** A deleted one is still known for 30 days, so that a repeated DELETE can be answered (contract 1.2). */
export const workspaceEvenDeleted = (db: Db, tenantId: TenantId, id: string): Promise<WorkspaceRow | undefined> =>
  db
    .selectFrom('workspaces')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as WorkspaceId)
    .where(sql<boolean>`(deleted_at is null or deleted_at > now() - interval '30 days')`)
    .executeTakeFirst();

export interface NewWorkspace {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly slug: string;
  readonly description?: string | null;
  readonly externalWorkspaceId: string | null;
  readonly isDefault?: boolean;
  readonly metadata?: object;
  readonly settings?: object;
  readonly now: Date;
}

/** Undefined when its slug, link or default place is taken: nothing was written and the transaction goes on. */
export const insertWorkspace = (tx: Tx, row: NewWorkspace): Promise<WorkspaceRow | undefined> =>
  tx
    .insertInto('workspaces')
    .values({
      id: newUuid(row.now.getTime()) as WorkspaceId,
      tenant_id: row.tenantId,
      name: row.name,
      slug: row.slug,
      description: row.description ?? null,
      external_workspace_id: row.externalWorkspaceId,
      is_default: row.isDefault ?? false,
      metadata: JSON.stringify(row.metadata ?? {}),
      settings: JSON.stringify(row.settings ?? {}),
      created_at: row.now,
      updated_at: row.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();

/** Sets the link of a workspace that has none; undefined when it got one meanwhile. Throws a unique violation when it is linked elsewhere. */
export const linkWorkspace = (tx: Tx, id: WorkspaceId, externalId: string, now: Date): Promise<WorkspaceRow | undefined> =>
  tx
    .updateTable('workspaces')
    .set({ external_workspace_id: externalId, updated_at: now })
    .where('id', '=', id)
    .where('external_workspace_id', 'is', null)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();

/** Holds the row against creations inside it (their foreign keys lock it too) and against other changes. */
export const lockWorkspace = (tx: Tx, tenantId: TenantId, id: string): Promise<WorkspaceRow | undefined> =>
  tx
    .selectFrom('workspaces')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as WorkspaceId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();

export interface WorkspaceChange {
  readonly name: string;
  readonly description: string | null;
  readonly externalWorkspaceId: string | null;
  readonly metadata: object;
  readonly settings: object;
}

export const updateWorkspace = (tx: Tx, id: WorkspaceId, change: WorkspaceChange, now: Date): Promise<WorkspaceRow> =>
  tx
    .updateTable('workspaces')
    .set({
      name: change.name,
      description: change.description,
      external_workspace_id: change.externalWorkspaceId,
      metadata: JSON.stringify(change.metadata),
      settings: JSON.stringify(change.settings),
      updated_at: now,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export const markWorkspaceDeleted = async (tx: Tx, id: WorkspaceId, now: Date): Promise<void> => {
  await tx.updateTable('projects').set({ deleted_at: now }).where('workspace_id', '=', id).where('deleted_at', 'is', null).execute();
  await tx.updateTable('workspaces').set({ deleted_at: now }).where('id', '=', id).execute();
};

export interface WorkspaceListFilters {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly external_workspace_id?: string | undefined;
}

/** Where the previous page ended; `at` as Postgres reads it. */
export interface PageRequest {
  readonly after: { readonly at: string; readonly id: string } | null;
  /** One more than the page shows, so that its end is known. */
  readonly limit: number;
}

export const listWorkspaces = (
  db: Db,
  tenantId: TenantId,
  visible: VisibleWorkspaces,
  filters: WorkspaceListFilters,
  page: PageRequest,
): Promise<WorkspaceRow[]> => {
  let query = alive(db, tenantId).where(visibleWhere('workspaces.id', visible));
  for (const column of ['name', 'slug', 'external_workspace_id'] as const) {
    const wanted = filters[column];
    if (wanted !== undefined) query = query.where(textEquals(`workspaces.${column}`, wanted));
  }
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};
