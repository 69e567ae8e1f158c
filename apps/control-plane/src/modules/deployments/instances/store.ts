import type { Db, Tx } from '@miosa/db';
import { type Insertable, sql, type Updateable } from 'kysely';
import type { Page } from '../store.ts';
import type { InstanceRow, InstanceTable, VersionRow } from '../types.ts';

const LIVE = ['pending', 'starting', 'healthy', 'unhealthy'] as const;

export const insertInstances = async (tx: Tx, rows: readonly Insertable<InstanceTable>[]): Promise<InstanceRow[]> =>
  rows.length === 0
    ? []
    : tx
        .insertInto('deployment_instances')
        .values([...rows])
        .returningAll()
        .execute();

export const findInstance = (db: Db, deploymentId: string, id: string): Promise<InstanceRow | undefined> =>
  db.selectFrom('deployment_instances').selectAll().where('deployment_id', '=', deploymentId).where('id', '=', id).executeTakeFirst();

export const instancesByIds = (db: Db, ids: readonly string[]): Promise<InstanceRow[]> =>
  db
    .selectFrom('deployment_instances')
    .selectAll()
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .execute();

/** Newest first. */
export const listInstances = (db: Db, deploymentId: string, state: string | undefined, { after, limit }: Page): Promise<InstanceRow[]> => {
  let query = db.selectFrom('deployment_instances').selectAll().where('deployment_id', '=', deploymentId);
  if (state !== undefined) query = query.where(sql<boolean>`state = ${state}`);
  if (after !== null) query = query.where(sql<boolean>`(created_at, id) < (${after.at}::timestamptz, ${after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
};

/** Of one version, that could answer now or soon. */
export const liveOfVersion = (db: Db, versionId: string): Promise<InstanceRow[]> =>
  db
    .selectFrom('deployment_instances')
    .selectAll()
    .where('version_id', '=', versionId)
    .where('state', 'in', [...LIVE])
    .execute();

type Change = Updateable<InstanceTable>;

/** Undefined: it is in none of these states any more. */
export const changeInstance = (db: Db, id: string, from: readonly InstanceRow['state'][], set: Change): Promise<InstanceRow | undefined> =>
  db
    .updateTable('deployment_instances')
    .set(set)
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returningAll()
    .executeTakeFirst();

/** Takes over one that nobody brings up any more. Undefined: somebody does. */
export const takeOver = (db: Db, id: string, now: Date, deadline: Date): Promise<InstanceRow | undefined> =>
  db
    .updateTable('deployment_instances')
    .set({ deadline })
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'starting'])
    .where('deadline', '<=', now)
    .returningAll()
    .executeTakeFirst();

/** Leaves the route; its drain begins now. */
export const markStopping = async (tx: Tx, ids: readonly string[], drainUntil: Date, now: Date): Promise<void> => {
  await tx
    .updateTable('deployment_instances')
    .set({ state: 'stopping', drain_until: drainUntil, deadline: null, updated_at: now })
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .where('state', 'in', [...LIVE])
    .execute();
};

/** The end of one that is stopping is whoever's who takes it, until `deadline`. Undefined: it has ended, or another process ends it. */
export const takeEnd = (db: Db, id: string, now: Date, deadline: Date): Promise<InstanceRow | undefined> =>
  db
    .updateTable('deployment_instances')
    .set({ deadline })
    .where('id', '=', id)
    .where('state', '=', 'stopping')
    .where((either) => either.or([either('deadline', 'is', null), either('deadline', '<=', now)]))
    .returningAll()
    .executeTakeFirst();

export const setNeeded = async (db: Db, ids: readonly string[], until: Date | null): Promise<void> => {
  await db
    .updateTable('deployment_instances')
    .set({ needed_until: until })
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .execute();
};

/** Those of the live version stay because it is live, not because somebody once needed them. */
export const forgetNeeds = async (tx: Tx, deploymentId: string, versionId: string): Promise<void> => {
  await tx
    .updateTable('deployment_instances')
    .set({ needed_until: null, staged: false })
    .where('deployment_id', '=', deploymentId)
    .where('version_id', '=', versionId)
    .where('state', 'in', [...LIVE])
    .execute();
};

/** Machines of instances and builds that have ended, but were not removed: whoever ended them died. */
export const leftMachines = async (db: Db, limit: number): Promise<{ id: string; tenant_id: string }[]> => {
  const result = await sql<{ id: string; tenant_id: string }>`
    select s.id, s.tenant_id from sandboxes s
     where s.state <> 'destroyed' and (
       s.purpose = 'instance'
         and exists (select from deployment_instances i where i.machine_id = s.id and i.state in ('stopped', 'failed'))
       or s.purpose = 'build'
         and exists (select from deployment_builds b where b.machine_id = s.id and b.state in ('failed', 'cancelled')))
     order by s.id limit ${limit}`.execute(db);
  return result.rows;
};

export interface Checked extends InstanceRow {
  readonly health_check_path: string | null;
}

/** Takes running instances whose last check is that long ago; of several control planes each takes others. */
export const claimChecks = async (db: Db, now: Date, before: Date, limit: number): Promise<Checked[]> => {
  const result = await sql<Checked>`
    with picked as materialized (
      select i.id from deployment_instances i join sandboxes s on s.id = i.machine_id
       where i.state in ('healthy', 'unhealthy') and s.state = 'running' and s.transition is null
         and (i.checked_at is null or i.checked_at <= ${before})
       order by i.checked_at nulls first limit ${limit} for update of i skip locked)
    update deployment_instances i set checked_at = ${now}
      from picked, deployment_versions v
     where i.id = picked.id and v.id = i.version_id
    returning i.*, v.health_check_path`.execute(db);
  return result.rows;
};

export const findVersionById = (db: Db, id: string): Promise<VersionRow | undefined> =>
  db.selectFrom('deployment_versions').selectAll().where('id', '=', id).executeTakeFirst();

/** Those that run, and the last that ended, in the order of their making. */
export const loggedInstances = async (db: Db, deploymentId: string, ended: number, running: number): Promise<InstanceRow[]> => {
  const result = await sql<InstanceRow>`
    select * from (
      (select * from deployment_instances where deployment_id = ${deploymentId} and state not in ('stopped', 'failed')
        order by created_at desc limit ${running})
      union all
      (select * from deployment_instances where deployment_id = ${deploymentId} and state in ('stopped', 'failed')
        order by stopped_at desc limit ${ended})) logged
     order by coalesce(stopped_at, 'infinity'), created_at, id`.execute(db);
  return result.rows;
};

export const purgeInstances = async (db: Db, endedBefore: Date): Promise<void> => {
  await sql`
    delete from deployment_instances i where i.state in ('stopped', 'failed') and i.stopped_at < ${endedBefore}
       and not exists (select from sandboxes s where s.id = i.machine_id and s.state <> 'destroyed')`.execute(db);
};

/** Those that were healthy until they left the route, and whose drain goes on at least until then. */
export const drainingOfVersion = (db: Db, versionId: string, until: Date): Promise<InstanceRow[]> =>
  db
    .selectFrom('deployment_instances')
    .selectAll()
    .where('version_id', '=', versionId)
    .where('state', '=', 'stopping')
    .where('started_at', 'is not', null)
    .where('machine_id', 'is not', null)
    .where('drain_until', '>', until)
    .execute();

/** Back on the route, unless their drain has ended meanwhile. */
export const revive = (tx: Tx, ids: readonly string[], now: Date): Promise<InstanceRow[]> =>
  tx
    .updateTable('deployment_instances')
    .set({ state: 'healthy', state_reason: null, drain_until: null, misses: 0, updated_at: now })
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .where('state', '=', 'stopping')
    .where('drain_until', '>', now)
    .returningAll()
    .execute();
