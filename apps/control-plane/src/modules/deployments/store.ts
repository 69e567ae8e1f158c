import type { Db, Tx } from '@miosa/db';
import { type SelectQueryBuilder, sql, type Updateable } from 'kysely';
import type { Visibility } from '../sandboxes/index.ts';
import { type OwnedFilters, ownedWhere } from '../tenancy/index.ts';
import type { DeploymentRow, DeploymentTable, NewDeployment } from './types.ts';

type Deployments<O> = SelectQueryBuilder<Pick<import('@miosa/db').Schema, 'deployments'>, 'deployments', O>;

/** Of living deployments, what `who` sees. */
const visible = <O>(query: Deployments<O>, who: Visibility): Deployments<O> => {
  let scoped = query.where('tenant_id', '=', who.tenantId).where('deleted_at', 'is', null);
  if (who.workspaceIds !== null) scoped = scoped.where(sql<boolean>`workspace_id = any(${[...who.workspaceIds]}::uuid[])`);
  if (who.ownerUserId !== null) scoped = scoped.where('owner_user_id', '=', who.ownerUserId);
  if (who.projectId != null) scoped = scoped.where('project_id', '=', who.projectId);
  return scoped;
};

/** By id or slug. */
export const findVisible = (db: Db, who: Visibility, name: string): Promise<DeploymentRow | undefined> =>
  visible(db.selectFrom('deployments').selectAll(), who)
    .where((eb) => eb.or([eb('id', '=', name), eb('slug', '=', name)]))
    .executeTakeFirst();

/** The living one of that name in the project, oldest first: `sandboxes.deploy` goes on with it. */
export const findNamed = (db: Db, who: Visibility, projectId: string, name: string): Promise<DeploymentRow | undefined> =>
  visible(db.selectFrom('deployments').selectAll(), who)
    .where('project_id', '=', projectId)
    .where('name', '=', name)
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();

/** Nobody else makes a deployment of that name in the project by `sandboxes.deploy` until the transaction ends. */
export const holdName = async (tx: Tx, projectId: string, name: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`deployment ${projectId} ${name}`}, 0))`.execute(tx);
};

/** Without a visibility check: for workers and reconcilers. */
export const findLiving = (db: Db, id: string): Promise<DeploymentRow | undefined> =>
  db.selectFrom('deployments').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst();

/** Held until the transaction ends: of two changes at once the second sees the first. Undefined: deleted. */
export const lockDeployment = (tx: Tx, id: string): Promise<DeploymentRow | undefined> =>
  tx.selectFrom('deployments').selectAll().where('id', '=', id).where('deleted_at', 'is', null).forUpdate().executeTakeFirst();

/** Undefined: the slug is taken. */
export const insertDeployment = (tx: Tx, row: NewDeployment): Promise<DeploymentRow | undefined> =>
  tx
    .insertInto('deployments')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'slug']).where('deleted_at', 'is', null).doNothing())
    .returningAll()
    .executeTakeFirst();

export const setDeployment = (tx: Tx, id: string, set: Updateable<DeploymentTable>): Promise<DeploymentRow> =>
  tx.updateTable('deployments').set(set).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

export const slugTaken = async (tx: Tx, tenantId: string, slug: string, but: string): Promise<boolean> =>
  (await tx
    .selectFrom('deployments')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('slug', '=', slug)
    .where('id', '<>', but)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()) !== undefined;

export interface Page {
  readonly after: { readonly at: string; readonly id: string } | null;
  readonly limit: number;
}

export interface ListFilters extends OwnedFilters {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Newest first. */
export const listVisible = (db: Db, who: Visibility, filters: ListFilters, { after, limit }: Page): Promise<DeploymentRow[]> => {
  const { tag, ...columns } = filters;
  let query = visible(db.selectFrom('deployments').selectAll(), who).where(ownedWhere('deployments', columns));
  if (tag !== undefined) query = query.where(sql<boolean>`false`);
  if (filters.since !== undefined) query = query.where('created_at', '>=', filters.since);
  if (filters.until !== undefined) query = query.where('created_at', '<', filters.until);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

export const countByProject = async (db: Db, projectIds: readonly string[]): Promise<Map<string, number>> => {
  if (projectIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('deployments')
    .select(['project_id', sql<number>`count(*)::int`.as('n')])
    .where('project_id', 'in', [...projectIds])
    .where('deleted_at', 'is', null)
    .groupBy('project_id')
    .execute();
  return new Map(rows.map((row) => [row.project_id, row.n]));
};

/** Of each project the one that was chosen, while it lives there; else the oldest. */
export const primaryOf = async (
  db: Db,
  projects: readonly { readonly id: string; readonly chosen: string | null }[],
): Promise<Map<string, string>> => {
  const { rows } = await sql<{ project_id: string; id: string }>`
    select distinct on (d.project_id) d.project_id, d.id
      from unnest(${projects.map(({ id }) => id)}::uuid[], ${projects.map(({ chosen }) => chosen)}::text[]) as p(id, chosen)
      join deployments d on d.project_id = p.id
     where d.deleted_at is null
     order by d.project_id, (d.id = p.chosen) desc nulls last, d.created_at, d.id`.execute(db);
  return new Map(rows.map(({ project_id, id }) => [project_id, id]));
};

export const livingIn = async (
  db: Db,
  tenantId: string,
  scope: { readonly workspaceId?: string; readonly projectId?: string },
): Promise<string[]> => {
  let query = db.selectFrom('deployments').select('id').where('tenant_id', '=', tenantId).where('deleted_at', 'is', null);
  if (scope.workspaceId !== undefined) query = query.where('workspace_id', '=', scope.workspaceId);
  if (scope.projectId !== undefined) query = query.where('project_id', '=', scope.projectId);
  return (await query.execute()).map((row) => row.id);
};

/** Permanent slugs of organizations, for their host names. */
export const organizationSlug = async (db: Db, tenantId: string): Promise<string> =>
  (await db.selectFrom('tenants').select('slug').where(sql<boolean>`id = ${tenantId}::uuid`).executeTakeFirstOrThrow()).slug;
