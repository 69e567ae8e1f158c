import type { Db, Tx } from '@miosa/db';
import { type Insertable, sql, type Updateable } from 'kysely';
import type { Page } from '../store.ts';
import type { NewVersion, ReleaseRow, ReleaseTable, VersionRow, VersionTable } from '../types.ts';

export const insertVersion = (tx: Tx, row: NewVersion): Promise<VersionRow> =>
  tx.insertInto('deployment_versions').values(row).returningAll().executeTakeFirstOrThrow();

export const findVersion = (db: Db, deploymentId: string, id: string): Promise<VersionRow | undefined> =>
  db.selectFrom('deployment_versions').selectAll().where('deployment_id', '=', deploymentId).where('id', '=', id).executeTakeFirst();

export const lockVersion = (tx: Tx, deploymentId: string, id: string): Promise<VersionRow | undefined> =>
  tx
    .selectFrom('deployment_versions')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();

export const setVersion = (tx: Tx, id: string, set: Updateable<VersionTable>): Promise<VersionRow> =>
  tx.updateTable('deployment_versions').set(set).where('id', '=', id).returningAll().executeTakeFirstOrThrow();

/** Highest number first. */
export const listVersions = (db: Db, deploymentId: string, state: string | undefined, { after, limit }: Page): Promise<VersionRow[]> => {
  let query = db.selectFrom('deployment_versions').selectAll().where('deployment_id', '=', deploymentId);
  if (state !== undefined) query = query.where(sql<boolean>`state = ${state}`);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

export const insertRelease = (tx: Tx, row: Insertable<ReleaseTable>): Promise<ReleaseRow> =>
  tx.insertInto('deployment_releases').values(row).returningAll().executeTakeFirstOrThrow();

export const findRelease = (db: Db, deploymentId: string, id: string): Promise<ReleaseRow | undefined> =>
  db.selectFrom('deployment_releases').selectAll().where('deployment_id', '=', deploymentId).where('id', '=', id).executeTakeFirst();

export const listReleases = (db: Db, deploymentId: string, { after, limit }: Page): Promise<ReleaseRow[]> => {
  let query = db.selectFrom('deployment_releases').selectAll().where('deployment_id', '=', deploymentId);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

export const versionsByIds = async (db: Db, ids: readonly string[]): Promise<Map<string, VersionRow>> => {
  const rows = await db
    .selectFrom('deployment_versions')
    .selectAll()
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
};
