import type { Db, Tx } from '@miosa/db';
import { type Insertable, sql } from 'kysely';
import type { DeploymentBuildRow, DeploymentBuildTable } from '../types.ts';

export const insertBuild = (tx: Tx, row: Insertable<DeploymentBuildTable>): Promise<DeploymentBuildRow> =>
  tx.insertInto('deployment_builds').values(row).returningAll().executeTakeFirstOrThrow();

/**
 * The oldest that waits, for the process that asks; of one deployment one at a time, in the order in which they were asked for. The deployment's
 * row is locked meanwhile, so that two processes cannot both find it free.
 */
export const claimBuild = async (db: Db, now: Date, leaseUntil: Date): Promise<DeploymentBuildRow | undefined> => {
  const result = await sql<DeploymentBuildRow>`
    with picked as materialized (
      select b.id from deployment_builds b join deployments d on d.id = b.deployment_id
       where b.state = 'queued'
         and not exists (select from deployment_builds o
                          where o.deployment_id = b.deployment_id
                            and (o.state = 'building' or (o.state = 'queued' and (o.created_at, o.id) < (b.created_at, b.id))))
       order by b.created_at, b.id limit 1 for update skip locked)
    update deployment_builds b set state = 'building', started_at = ${now}, lease_until = ${leaseUntil}
      from picked where b.id = picked.id and b.state = 'queued' returning b.*`.execute(db);
  return result.rows[0];
};

/** Undefined: it was ended by another. */
export const keepBuild = (db: Db, id: string, leaseUntil: Date): Promise<DeploymentBuildRow | undefined> =>
  db
    .updateTable('deployment_builds')
    .set({ lease_until: leaseUntil })
    .where('id', '=', id)
    .where('state', '=', 'building')
    .returningAll()
    .executeTakeFirst();

export const setBuildMachine = async (db: Db, id: string, machineId: string): Promise<void> => {
  await db.updateTable('deployment_builds').set({ machine_id: machineId }).where('id', '=', id).execute();
};

interface End {
  readonly state: 'ready' | 'failed' | 'cancelled';
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly at: Date;
}

/** Undefined: it was ended by another. */
export const endBuild = (tx: Tx, id: string, end: End): Promise<DeploymentBuildRow | undefined> =>
  tx
    .updateTable('deployment_builds')
    .set({ state: end.state, error: end.error, error_code: end.errorCode, finished_at: end.at, lease_until: null })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'building'])
    .returningAll()
    .executeTakeFirst();

/** Those whose process has died. */
export const abandonedBuilds = (db: Db, now: Date, limit: number): Promise<DeploymentBuildRow[]> =>
  db.selectFrom('deployment_builds').selectAll().where('state', '=', 'building').where('lease_until', '<', now).limit(limit).execute();

export const findBuild = (db: Db, deploymentId: string, id: string): Promise<DeploymentBuildRow | undefined> =>
  db.selectFrom('deployment_builds').selectAll().where('deployment_id', '=', deploymentId).where('id', '=', id).executeTakeFirst();

/** The one under way, else the next one; by deployment. */
export const currentBuilds = async (db: Db, deploymentIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db
    .selectFrom('deployment_builds')
    .select(['deployment_id', 'id'])
    .where(sql<boolean>`deployment_id = any(${[...deploymentIds]}::text[])`)
    .where('state', 'in', ['queued', 'building'])
    .orderBy('created_at', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.deployment_id, row.id]));
};

export const openBuildsOf = (db: Db, deploymentId: string): Promise<DeploymentBuildRow[]> =>
  db
    .selectFrom('deployment_builds')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .where('state', 'in', ['queued', 'building'])
    .execute();
