import type { Db, Tx } from '@miosa/db';
import { type RawBuilder, sql } from 'kysely';
import type { DeploymentRow } from '../types.ts';

/** Releases whose time is over. */
export interface Over {
  /** Made, and out of use, before that. */
  readonly before: Date;
  /** Of versions that failed before that: one such never goes live, and is not counted among the newest. */
  readonly failedBefore: Date;
  /** So many of the newest finished versions of each deployment stay, however old they are. */
  readonly keepsNewest: number;
}

/**
 * The rule (contract 4.5, "Retention") over `l` release, `v` its version, `d` its deployment: what is live, what a rollback without a name goes
 * back to, what is built or runs, and the newest never go. Of a deleted deployment all go.
 */
const isOver = ({ before, failedBefore, keepsNewest }: Over): RawBuilder<boolean> => sql<boolean>`
  l.collected_at is null
  and (d.deleted_at is not null
       or (v.id is distinct from d.active_version_id and v.id is distinct from d.previous_version_id
           and (v.state = 'failed' and v.updated_at < ${failedBefore}
                or greatest(l.created_at, v.promoted_at, v.replaced_at) < ${before}
                   and v.version_number <= (
                     select k.version_number from deployment_versions k
                      where k.deployment_id = v.deployment_id and k.state in ('ready', 'archived')
                      order by k.version_number desc offset ${keepsNewest} limit 1))))
  and not exists (select from deployment_builds b where b.version_id = v.id and b.state in ('queued', 'building'))
  and not exists (select from deployment_instances i where i.version_id = v.id and i.state not in ('stopped', 'failed'))`;

/** Deployments that have such releases. */
export const deploymentsWithOver = async (
  db: Db,
  over: Over,
  after: string,
  limit: number,
): Promise<{ id: string; tenant_id: string }[]> => {
  const { rows } = await sql<{ id: string; tenant_id: string }>`
    select distinct d.id, d.tenant_id
      from deployment_releases l join deployment_versions v on v.id = l.version_id join deployments d on d.id = l.deployment_id
     where d.id > ${after} and ${isOver(over)}
     order by d.id limit ${limit}`.execute(db);
  return rows;
};

/** Also a deleted one. Whoever changes what is live holds the same lock. */
export const lockAnyDeployment = (tx: Tx, id: string): Promise<DeploymentRow | undefined> =>
  tx.selectFrom('deployments').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** On a locked deployment; ids of the versions. */
export const collectReleases = async (tx: Tx, deploymentId: string, over: Over, now: Date, limit: number): Promise<string[]> => {
  const { rows } = await sql<{ version_id: string }>`
    update deployment_releases set collected_at = ${now} where id in (
      select l.id from deployment_releases l join deployment_versions v on v.id = l.version_id join deployments d on d.id = l.deployment_id
       where d.id = ${deploymentId} and ${isOver(over)}
       order by l.id limit ${limit})
    returning version_id`.execute(tx);
  return rows.map(({ version_id }) => version_id);
};

export interface CollectedSnapshot {
  readonly id: string;
  readonly snapshot_id: string;
  readonly tenant_id: string;
}

/** Snapshots of collected releases that were not dropped yet, in order of the ids of the releases. */
export const collectedSnapshots = async (db: Db, after: string, limit: number): Promise<CollectedSnapshot[]> => {
  const { rows } = await sql<CollectedSnapshot>`
    select l.id, l.snapshot_id, d.tenant_id
      from deployment_releases l join deployments d on d.id = l.deployment_id
     where l.collected_at is not null and l.snapshot_id is not null and l.id > ${after}
     order by l.id limit ${limit}`.execute(db);
  return rows;
};

/** Once it is marked as deleted: from then on its own module sees to it that it leaves the disk. Otherwise it is dropped again later. */
export const forgetSnapshot = async (db: Db, releaseId: string): Promise<void> => {
  await sql`
    update deployment_releases l set snapshot_id = null from snapshots s
     where l.id = ${releaseId} and s.id = l.snapshot_id and s.state = 'deleted'`.execute(db);
};
