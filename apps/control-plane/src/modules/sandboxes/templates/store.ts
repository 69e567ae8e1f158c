import type { Db, Tx } from '@miosa/db';
import type { Actor } from '@miosa/kernel';
import { type Insertable, type JSONColumnType, type Selectable, type SelectQueryBuilder, sql, type Updateable } from 'kysely';
import { type OwnedFilters, ownedWhere } from '../../tenancy/index.ts';
import type { Visibility } from '../visibility.ts';
import type { BuildSpec } from './spec.ts';

export const TEMPLATE_STATES = ['queued', 'building', 'ready', 'failed'] as const;
export type TemplateState = (typeof TEMPLATE_STATES)[number];

export interface TemplateTable {
  id: string;
  tenant_id: string;
  workspace_id: string;
  project_id: string;
  owner_user_id: string | null;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  name: string;
  slug: string;
  description: string | null;
  build_spec: JSONColumnType<BuildSpec, string, string>;
  ready_spec: JSONColumnType<BuildSpec | null, string | null, string | null>;
  snapshot_id: string | null;
  state: TemplateState;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface BuildTable {
  id: string;
  template_id: string;
  tenant_id: string;
  build_spec: JSONColumnType<BuildSpec, string, string>;
  state: TemplateState;
  error: string | null;
  actor: JSONColumnType<Actor, string, string>;
  triggered_by: string;
  request_id: string;
  sandbox_id: string | null;
  lease_until: Date | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

export interface BuildLineTable {
  build_id: string;
  seq: number;
  ts: Date;
  stream: 'stdout' | 'stderr' | 'system';
  line: string;
}

declare module '@miosa/db' {
  interface Schema {
    templates: TemplateTable;
    template_builds: BuildTable;
    template_build_lines: BuildLineTable;
  }
}

export type TemplateRow = Selectable<TemplateTable>;
export type BuildRow = Selectable<BuildTable>;
export type BuildLine = Selectable<BuildLineTable>;

type Query<O> = SelectQueryBuilder<Pick<import('@miosa/db').Schema, 'templates'>, 'templates', O>;

/** Seen as a sandbox of the same owner would be. */
const visible = <O>(query: Query<O>, who: Visibility): Query<O> => {
  let scoped = query.where('tenant_id', '=', who.tenantId).where('deleted_at', 'is', null);
  if (who.workspaceIds !== null) scoped = scoped.where(sql<boolean>`workspace_id = any(${[...who.workspaceIds]}::uuid[])`);
  if (who.ownerUserId !== null) scoped = scoped.where('owner_user_id', '=', who.ownerUserId);
  if (who.projectId != null) scoped = scoped.where('project_id', '=', who.projectId);
  return scoped;
};

/** By id or slug. */
export const findVisibleTemplate = (db: Db, who: Visibility, name: string): Promise<TemplateRow | undefined> =>
  visible(db.selectFrom('templates').selectAll(), who)
    .where((eb) => eb.or([eb('id', '=', name), eb('slug', '=', name)]))
    .executeTakeFirst();

interface Page {
  readonly after: { readonly at: string; readonly id: string } | null;
  readonly limit: number;
}

/** Newest first. */
export const listVisibleTemplates = (db: Db, who: Visibility, filters: OwnedFilters, { after, limit }: Page): Promise<TemplateRow[]> => {
  const { tag, ...columns } = filters;
  let query = visible(db.selectFrom('templates').selectAll(), who).where(ownedWhere('templates', columns));
  if (tag !== undefined) query = query.where(sql<boolean>`false`);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

/** Undefined: the slug is taken. */
export const insertTemplate = (tx: Tx, row: Insertable<TemplateTable>): Promise<TemplateRow | undefined> =>
  tx
    .insertInto('templates')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'slug']).where('deleted_at', 'is', null).doNothing())
    .returningAll()
    .executeTakeFirst();

/** Undefined: it is gone. Held until the transaction ends. */
export const lockTemplate = (tx: Tx, id: string): Promise<TemplateRow | undefined> =>
  tx.selectFrom('templates').selectAll().where('id', '=', id).where('deleted_at', 'is', null).forUpdate().executeTakeFirst();

export const setTemplate = (tx: Tx, id: string, set: Updateable<TemplateTable>): Promise<TemplateRow> =>
  tx.updateTable('templates').set(set).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

/** Other templates that are to be built from this one. */
export const builtFrom = (db: Db, { id, slug, tenant_id }: TemplateRow): Promise<readonly { readonly id: string }[]> =>
  db
    .selectFrom('templates')
    .select('id')
    .where('tenant_id', '=', tenant_id)
    .where('deleted_at', 'is', null)
    .where('id', '<>', id)
    .where(sql<boolean>`build_spec ->> 'from' in (${id}, ${slug})`)
    .execute();

/** Living templates of projects that are gone. */
export const templatesOfDeletedProjects = (db: Db, limit: number): Promise<TemplateRow[]> =>
  db
    .selectFrom('templates')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`project_id in (select p.id from projects p where p.deleted_at is not null)`)
    .limit(limit)
    .execute();

/** Undefined: one is under way. */
export const insertBuild = (tx: Tx, row: Insertable<BuildTable>): Promise<BuildRow | undefined> =>
  tx
    .insertInto('template_builds')
    .values(row)
    // Without a target: one of a partial index needs its predicate without parameters, or a prepared statement loses it.
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();

/** The oldest that waits, for the process that asks. */
export const claimBuild = async (db: Db, now: Date, leaseUntil: Date): Promise<BuildRow | undefined> => {
  const result = await sql<BuildRow>`
    with picked as materialized (
      select id from template_builds where state = 'queued' order by created_at limit 1 for update skip locked)
    update template_builds b set state = 'building', started_at = ${now}, lease_until = ${leaseUntil}
      from picked where b.id = picked.id returning b.*`.execute(db);
  return result.rows[0];
};

export const keepBuild = async (db: Db, id: string, leaseUntil: Date): Promise<void> => {
  await db.updateTable('template_builds').set({ lease_until: leaseUntil }).where('id', '=', id).where('state', '=', 'building').execute();
};

export const setBuildSandbox = async (db: Db, id: string, sandboxId: string): Promise<void> => {
  await db.updateTable('template_builds').set({ sandbox_id: sandboxId }).where('id', '=', id).execute();
};

/** Undefined: it was ended by another. */
export const endBuild = (
  tx: Tx,
  id: string,
  end: { state: 'ready' | 'failed'; error: string | null; at: Date },
): Promise<BuildRow | undefined> =>
  tx
    .updateTable('template_builds')
    .set({ state: end.state, error: end.error, finished_at: end.at, lease_until: null })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'building'])
    .returningAll()
    .executeTakeFirst();

/** Those whose process has died. */
export const abandonedBuilds = (db: Db, now: Date, limit: number): Promise<BuildRow[]> =>
  db.selectFrom('template_builds').selectAll().where('state', '=', 'building').where('lease_until', '<', now).limit(limit).execute();

export const openBuildOf = (db: Db, templateId: string): Promise<BuildRow | undefined> =>
  db
    .selectFrom('template_builds')
    .selectAll()
    .where('template_id', '=', templateId)
    .where('state', 'in', ['queued', 'building'])
    .executeTakeFirst();

export const findBuild = (db: Db, templateId: string, id: string): Promise<BuildRow | undefined> =>
  db.selectFrom('template_builds').selectAll().where('template_id', '=', templateId).where('id', '=', id).executeTakeFirst();

export const listBuilds = (db: Db, templateId: string, { after, limit }: Page): Promise<BuildRow[]> => {
  let query = db.selectFrom('template_builds').selectAll().where('template_id', '=', templateId);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

export const insertLines = async (db: Db, lines: readonly BuildLine[]): Promise<void> => {
  await db
    .insertInto('template_build_lines')
    .values([...lines])
    .execute();
};

/** The last `limit` lines, oldest first. */
export const lastLines = async (db: Db, buildId: string, limit: number): Promise<BuildLine[]> => {
  const rows = await db
    .selectFrom('template_build_lines')
    .selectAll()
    .where('build_id', '=', buildId)
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse();
};

export const linesAfter = (db: Db, buildId: string, seq: number, limit: number): Promise<BuildLine[]> =>
  db
    .selectFrom('template_build_lines')
    .selectAll()
    .where('build_id', '=', buildId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
