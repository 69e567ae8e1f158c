import type { Db, Tx } from '@miosa/db';
import { sql } from 'kysely';
import type { Page } from '../store.ts';
import type { DeploymentBuildLineTable, DeploymentBuildRow } from '../types.ts';

export type BuildLine = DeploymentBuildLineTable;

/** Newest first. */
export const listBuilds = (db: Db, deploymentId: string, { after, limit }: Page): Promise<DeploymentBuildRow[]> => {
  let query = db.selectFrom('deployment_builds').selectAll().where('deployment_id', '=', deploymentId);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

/** Held until the transaction ends. */
export const lockBuild = (tx: Tx, deploymentId: string, id: string): Promise<DeploymentBuildRow | undefined> =>
  tx
    .selectFrom('deployment_builds')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();

/** What is built, once it is known. */
export const setCommit = async (db: Db, id: string, commit: { readonly sha: string; readonly message: string }): Promise<void> => {
  await db
    .updateTable('deployment_builds')
    .set({ commit_sha: commit.sha, commit_message: commit.message })
    .where('id', '=', id)
    .where('state', '=', 'building')
    .execute();
};

export const insertLines = async (db: Db, lines: readonly BuildLine[]): Promise<void> => {
  await db
    .insertInto('deployment_build_lines')
    .values([...lines])
    .execute();
};

/** The last `limit` lines, oldest first. */
export const lastLines = async (db: Db, buildId: string, limit: number): Promise<BuildLine[]> => {
  const rows = await db
    .selectFrom('deployment_build_lines')
    .selectAll()
    .where('build_id', '=', buildId)
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse();
};

export const linesAfter = (db: Db, buildId: string, seq: number, limit: number): Promise<BuildLine[]> =>
  db
    .selectFrom('deployment_build_lines')
    .selectAll()
    .where('build_id', '=', buildId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
