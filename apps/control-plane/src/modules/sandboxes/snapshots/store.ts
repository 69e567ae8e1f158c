import type { Db, Tx } from '@miosa/db';
import { type ColumnType, type Generated, type Insertable, type Selectable, type SelectQueryBuilder, sql, type Updateable } from 'kysely';
import { type OwnedFilters, ownedWhere } from '../../tenancy/index.ts';
import type { Visibility } from '../visibility.ts';

export const SNAPSHOT_STATES = ['creating', 'ready', 'failed', 'deleted'] as const;
export type SnapshotState = (typeof SNAPSHOT_STATES)[number];

export interface SnapshotTable {
  id: string;
  tenant_id: string;
  workspace_id: string;
  project_id: string;
  owner_user_id: string | null;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  sandbox_id: string;
  name: string;
  state: SnapshotState;
  state_reason: Generated<string | null>;
  deadline: Date | null;
  /** Of one fork, gone after it, or of a template; never shown. */
  hidden: boolean;
  comment: string | null;
  keep: boolean;
  retention_seconds: number | null;
  expires_at: Date | null;
  /** bigint: the driver reads it as text. */
  size_bytes: ColumnType<string, number | undefined, number>;
  last_used_at: Generated<Date | null>;
  deleted_at: Generated<Date | null>;
  created_by: string;
  created_at: ColumnType<Date, Date, never>;
  updated_at: Date;
}

export type SnapshotRow = Selectable<SnapshotTable>;

declare module '@miosa/db' {
  interface Schema {
    snapshots: SnapshotTable;
  }
}

/** A deleted snapshot stays readable this long (contract 1.2). */
const TOMBSTONE = sql`interval '30 days'`;

type Query<O> = SelectQueryBuilder<Pick<import('@miosa/db').Schema, 'snapshots'>, 'snapshots', O>;

/** A snapshot is seen by whoever sees, or would see, its sandbox. */
const visible = <O>(query: Query<O>, who: Visibility): Query<O> => {
  let scoped = query.where('tenant_id', '=', who.tenantId).where('hidden', '=', false);
  if (who.workspaceIds !== null) scoped = scoped.where(sql<boolean>`workspace_id = any(${[...who.workspaceIds]}::uuid[])`);
  if (who.ownerUserId !== null) scoped = scoped.where('owner_user_id', '=', who.ownerUserId);
  if (who.projectId != null) scoped = scoped.where('project_id', '=', who.projectId);
  if (who.sandboxId != null) scoped = scoped.where('sandbox_id', '=', who.sandboxId);
  return scoped.where(sql<boolean>`(deleted_at is null or deleted_at > now() - ${TOMBSTONE})`);
};

export const insertSnapshot = (tx: Tx, row: Insertable<SnapshotTable>): Promise<SnapshotRow> =>
  tx.insertInto('snapshots').values(row).returningAll().executeTakeFirstOrThrow();

export const findVisibleSnapshot = (db: Db, who: Visibility, id: string, sandboxId?: string): Promise<SnapshotRow | undefined> => {
  const query = visible(db.selectFrom('snapshots').selectAll(), who).where('id', '=', id);
  return (sandboxId === undefined ? query : query.where('sandbox_id', '=', sandboxId)).executeTakeFirst();
};

/** Without a visibility check: for reconcilers, and for what was just made. */
export const findSnapshot = (db: Db, id: string): Promise<SnapshotRow | undefined> =>
  db.selectFrom('snapshots').selectAll().where('id', '=', id).executeTakeFirst();

/** One page of a sandbox's, newest first. Deleted ones only when asked for by state. */
export const listVisibleSnapshots = (
  db: Db,
  who: Visibility,
  sandboxId: string,
  filters: OwnedFilters,
  page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
): Promise<SnapshotRow[]> => {
  const { slug: _, tag: __, ...columns } = filters;
  let query = visible(db.selectFrom('snapshots').selectAll(), who)
    .where('sandbox_id', '=', sandboxId)
    .where(ownedWhere('snapshots', columns));
  if (filters.slug !== undefined || filters.tag !== undefined) query = query.where(sql<boolean>`false`);
  if (filters.state === undefined) query = query.where('state', '<>', 'deleted');
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

/** Held until the transaction ends, so that it cannot be deleted under whoever starts to use it. */
export const lockSnapshot = (tx: Tx, id: string): Promise<SnapshotRow | undefined> =>
  tx.selectFrom('snapshots').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** Ends `creating`. Undefined: it was ended by another. */
export const endCreating = (db: Db, id: string, set: Updateable<SnapshotTable>): Promise<SnapshotRow | undefined> =>
  db
    .updateTable('snapshots')
    .set({ ...set, deadline: null })
    .where('id', '=', id)
    .where('state', '=', 'creating')
    .returningAll()
    .executeTakeFirst();

/** A hidden one that is to stay. */
export const keepSnapshot = async (tx: Tx, id: string): Promise<void> => {
  await tx.updateTable('snapshots').set({ keep: true, retention_seconds: null, expires_at: null }).where('id', '=', id).execute();
};

export const touchSnapshot = async (tx: Tx, id: string, now: Date): Promise<void> => {
  await tx.updateTable('snapshots').set({ last_used_at: now }).where('id', '=', id).execute();
};

/** The row is final before the host is touched. Undefined: it was deleted already. */
export const markSnapshotDeleted = (tx: Tx, id: string, now: Date, reason: string | null): Promise<SnapshotRow | undefined> =>
  tx
    .updateTable('snapshots')
    .set({ state: 'deleted', state_reason: reason, deleted_at: now, deadline: null, expires_at: null, updated_at: now })
    .where('id', '=', id)
    .where('state', '<>', 'deleted')
    .returningAll()
    .executeTakeFirst();

/** Sandboxes that are being made from it, or restored to it: they read its files now. */
export const usersOf = async (db: Db, id: string): Promise<string[]> => {
  const rows = await db
    .selectFrom('sandboxes')
    .select('id')
    .where((eb) => eb.or([eb.and([eb('snapshot_id', '=', id), eb('state', '=', 'provisioning')]), eb('restoring_from', '=', id)]))
    .where('state', '<>', 'destroyed')
    .execute();
  return rows.map((row) => row.id);
};

export const creatingOf = (db: Db, sandboxId: string): Promise<SnapshotRow[]> =>
  db.selectFrom('snapshots').selectAll().where('sandbox_id', '=', sandboxId).where('state', '=', 'creating').execute();

/** With the transition `restoring`: whoever ends that knows what to bring back. */
export const setRestoringFrom = async (tx: Tx, sandboxId: string, snapshotId: string): Promise<void> => {
  await tx.updateTable('sandboxes').set({ restoring_from: snapshotId }).where('id', '=', sandboxId).execute();
};

/** Those of a sandbox that are there or on their way. */
export const countOfSandbox = async (db: Db, sandboxId: string): Promise<number> => {
  const query = db.selectFrom('snapshots').select(sql<number>`count(*)::int`.as('n')).where('sandbox_id', '=', sandboxId);
  return (await query.where('hidden', '=', false).where('state', 'in', ['creating', 'ready']).executeTakeFirstOrThrow()).n;
};

/** What the snapshots of an organization hold, each by itself. */
export const bytesOfOrganization = async (db: Db, tenantId: string): Promise<number> => {
  const query = db.selectFrom('snapshots').select(sql<number>`coalesce(sum(size_bytes), 0)::float8`.as('bytes'));
  const ready = query.where('tenant_id', '=', tenantId).where('hidden', '=', false).where('state', '=', 'ready');
  return (await ready.executeTakeFirstOrThrow()).bytes;
};
