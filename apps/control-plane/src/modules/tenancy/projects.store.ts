import type { Db, Tx } from '@miosa/db';
import { isUuid, newUuid, type ProjectId, type TenantId, type WorkspaceId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import { textEquals, visibleWhere } from './filters.ts';
import type { OwnershipEcho, ProjectTable, VisibleWorkspaces } from './types.ts';
import type { PageRequest } from './workspaces.store.ts';

export type ProjectRow = Selectable<ProjectTable>;
export type ListedProject = ProjectRow & { readonly workspace_slug: string };

const alive = (db: Db, tenantId: TenantId) =>
  db.selectFrom('projects').selectAll('projects').where('projects.tenant_id', '=', tenantId).where('projects.deleted_at', 'is', null);

export const projectById = (db: Db, tenantId: TenantId, id: string): Promise<ProjectRow | undefined> =>
  alive(db, tenantId)
    .where('id', '=', id as ProjectId)
    .executeTakeFirst();

export const projectBySlug = (db: Db, tenantId: TenantId, workspaceId: WorkspaceId, slug: string): Promise<ProjectRow | undefined> =>
  alive(db, tenantId).where('workspace_id', '=', workspaceId).where('slug', '=', slug).executeTakeFirst();

export const projectByExternal = (
  db: Db,
  tenantId: TenantId,
  workspaceId: WorkspaceId,
  externalId: string,
): Promise<ProjectRow | undefined> =>
  alive(db, tenantId).where('workspace_id', '=', workspaceId).where('external_project_id', '=', externalId).executeTakeFirst();

/** At most two: the caller needs to know none, one or several. */
export const projectsByExternalAnywhere = (
  db: Db,
  tenantId: TenantId,
  externalId: string,
  visible: VisibleWorkspaces,
): Promise<ProjectRow[]> =>
  alive(db, tenantId)
    .where('external_project_id', '=', externalId)
    .where(visibleWhere('projects.workspace_id', visible))
    .limit(2)
    .execute();

/** Those of a workspace that still live, or the one project. */
export const livingProjects = (db: Db, workspaceId: WorkspaceId): Promise<ProjectRow[]> =>
  db.selectFrom('projects').selectAll().where('workspace_id', '=', workspaceId).where('deleted_at', 'is', null).execute();

export const livingProjectIds = (db: Db, workspaceIds: readonly string[]): Promise<{ id: ProjectId; workspace_id: WorkspaceId }[]> =>
  db
    .selectFrom('projects')
    .select(['id', 'workspace_id'])
    .where(sql<boolean>`workspace_id = any(${[...workspaceIds]}::uuid[])`)
    .where('deleted_at', 'is', null)
    .execute();

/** A deleted one is still known for 30 days, so that a repeated DELETE can be answered (contract 1.2). */
export const projectEvenDeleted = (db: Db, tenantId: TenantId, id: string): Promise<ProjectRow | undefined> =>
  db
    .selectFrom('projects')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as ProjectId)
    .where(sql<boolean>`(deleted_at is null or deleted_at > now() - interval '30 days')`)
    .executeTakeFirst();

/** Of these workspaces and projects, the ones that are not deleted. A project dies with its workspace. */
export const livingPlaces = async (db: Db, workspaceIds: readonly string[], projectIds: readonly string[]): Promise<Set<string>> => {
  const { rows } = await sql<{ id: string }>`
    select id::text from workspaces where id = any(${[...workspaceIds]}::uuid[]) and deleted_at is null
    union all
    select id::text from projects where id = any(${[...projectIds]}::uuid[]) and deleted_at is null`.execute(db);
  return new Set(rows.map((row) => row.id));
};

export interface NewProject {
  readonly tenantId: TenantId;
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly slug: string;
  readonly description?: string | null;
  readonly externalProjectId: string | null;
  readonly metadata?: object;
  readonly settings?: object;
  readonly now: Date;
}

export const DEFAULT_SLUG = 'default';

/** Undefined when its slug or link is taken, or the workspace was deleted: nothing was written and the transaction goes on. */
export const insertProject = async (tx: Tx, row: NewProject): Promise<ProjectRow | undefined> => {
  // The share lock orders this against a deletion of the workspace, which would otherwise leave a living project in a dead one.
  const workspace = await tx
    .selectFrom('workspaces')
    .select('id')
    .where('id', '=', row.workspaceId)
    .where('deleted_at', 'is', null)
    .forShare()
    .executeTakeFirst();
  if (workspace === undefined) return undefined;
  return tx
    .insertInto('projects')
    .values({
      id: newUuid(row.now.getTime()) as ProjectId,
      tenant_id: row.tenantId,
      workspace_id: row.workspaceId,
      name: row.name,
      slug: row.slug,
      description: row.description ?? null,
      external_project_id: row.externalProjectId,
      is_default: row.slug === DEFAULT_SLUG,
      metadata: JSON.stringify(row.metadata ?? {}),
      settings: JSON.stringify(row.settings ?? {}),
      created_at: row.now,
      updated_at: row.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
};

/** Sets the link of a project that has none; undefined when it got one meanwhile. Throws a unique violation when it is linked elsewhere. */
export const linkProject = (tx: Tx, id: ProjectId, externalId: string, now: Date): Promise<ProjectRow | undefined> =>
  tx
    .updateTable('projects')
    .set({ external_project_id: externalId, updated_at: now })
    .where('id', '=', id)
    .where('external_project_id', 'is', null)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();

export const lockProject = (tx: Tx, tenantId: TenantId, id: string): Promise<ProjectRow | undefined> =>
  tx
    .selectFrom('projects')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as ProjectId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();

/** Keeps a project (and so its workspace) from being deleted until commit; false when it already is. */
export const holdProject = async (tx: Tx, tenantId: string, id: string): Promise<boolean> =>
  (await tx
    .selectFrom('projects')
    .select('id')
    .where('tenant_id', '=', tenantId as TenantId)
    .where('id', '=', id as ProjectId)
    .where('deleted_at', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('tenants')
          .select('tenants.id')
          .where('tenants.id', '=', tenantId as TenantId)
          .where('tenants.deleted_at', 'is', null),
      ),
    )
    .forShare()
    .executeTakeFirst()) !== undefined;

export interface ProjectChange {
  readonly name: string;
  readonly description: string | null;
  readonly externalProjectId: string | null;
  readonly primaryDeploymentId: string | null;
  readonly metadata: object;
  readonly settings: object;
}

export const updateProject = (tx: Tx, id: ProjectId, change: ProjectChange, now: Date): Promise<ProjectRow> =>
  tx
    .updateTable('projects')
    .set({
      name: change.name,
      description: change.description,
      external_project_id: change.externalProjectId,
      primary_deployment_id: change.primaryDeploymentId,
      metadata: JSON.stringify(change.metadata),
      settings: JSON.stringify(change.settings),
      updated_at: now,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export const markProjectDeleted = async (tx: Tx, id: ProjectId, now: Date): Promise<void> => {
  await tx.updateTable('projects').set({ deleted_at: now }).where('id', '=', id).execute();
};

export interface ProjectListFilters {
  readonly workspace_id?: string | undefined;
  readonly external_workspace_id?: string | undefined;
  readonly external_project_id?: string | undefined;
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
}

export const listProjects = (
  db: Db,
  tenantId: TenantId,
  visible: VisibleWorkspaces,
  filters: ProjectListFilters,
  page: PageRequest,
): Promise<ListedProject[]> => {
  let query = alive(db, tenantId)
    .innerJoin('workspaces', 'workspaces.id', 'projects.workspace_id')
    .select('workspaces.slug as workspace_slug')
    .where(visibleWhere('projects.workspace_id', visible));
  if (filters.workspace_id !== undefined) {
    query = isUuid(filters.workspace_id)
      ? query.where('projects.workspace_id', '=', filters.workspace_id as WorkspaceId)
      : query.where(sql<boolean>`false`);
  }
  for (const column of ['name', 'slug', 'external_project_id'] as const) {
    const wanted = filters[column];
    if (wanted !== undefined) query = query.where(textEquals(`projects.${column}`, wanted));
  }
  if (filters.external_workspace_id !== undefined) {
    query = query.where(textEquals('workspaces.external_workspace_id', filters.external_workspace_id));
  }
  if (page.after !== null) {
    query = query.where(sql<boolean>`(projects.created_at, projects.id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  }
  return query.orderBy('projects.created_at', 'desc').orderBy('projects.id', 'desc').limit(page.limit).execute();
};

/** Names for echoing; deleted projects too, since their resources' tombstones stay readable. */
export const ownershipEchoes = async (db: Db, tenantId: string, projectIds: readonly string[]): Promise<OwnershipEcho[]> => {
  if (projectIds.length === 0) return [];
  return db
    .selectFrom('projects')
    .innerJoin('workspaces', 'workspaces.id', 'projects.workspace_id')
    .select([
      'workspaces.id as workspaceId',
      'workspaces.slug as workspaceSlug',
      'workspaces.name as workspaceName',
      'projects.id as projectId',
      'projects.slug as projectSlug',
      'projects.name as projectName',
    ])
    .where('projects.tenant_id', '=', tenantId as TenantId)
    .where(sql<boolean>`projects.id = any(${[...new Set(projectIds)]}::uuid[])`)
    .execute();
};
