import type { Db, Tx } from '@miosa/db';
import { sql } from 'kysely';
import type { DeploymentRow } from '../types.ts';
import { type DeploymentFacts, FAILURES_SEC, type InstanceFacts } from './rules.ts';

interface DeploymentRead {
  readonly id: string;
  readonly state: DeploymentRow['state'];
  readonly deleted_at: Date | null;
  readonly suspended: boolean;
  readonly replicas: number;
  readonly dynamic_version_id: string | null;
  readonly active_env_revision: number;
  readonly restarted_at: Date | null;
}

interface InstanceRead {
  readonly id: string;
  readonly deployment_id: string;
  readonly version_id: string;
  readonly env_revision: number;
  readonly state: InstanceFacts['state'];
  readonly state_reason: string | null;
  readonly staged: boolean;
  readonly needed_until: Date | null;
  readonly drain_until: Date | null;
  readonly deadline: Date | null;
  readonly created_at: Date;
  readonly stopped_at: Date | null;
  readonly machine_id: string | null;
  readonly machine_state: NonNullable<InstanceFacts['machine']>['state'] | null;
  readonly transition: string | null;
  readonly machine_reason: string | null;
  readonly last_activity_at: Date | null;
}

export interface Facts {
  readonly id: string;
  readonly deployment: DeploymentFacts;
  readonly instances: readonly InstanceFacts[];
}

const DEPLOYMENT = sql`d.id, d.state,
  coalesce(d.deleted_at, (select p.deleted_at from projects p where p.id = d.project_id),
           (select t.deleted_at from tenants t where t.id = d.tenant_id)) as deleted_at, d.replicas, d.active_env_revision, d.restarted_at,
  (select t.suspended_at is not null from tenants t where t.id = d.tenant_id) as suspended,
  case when v.kind = 'dynamic' then v.id end as dynamic_version_id`;

const deploymentFacts = (row: DeploymentRead): DeploymentFacts => ({
  state: row.state,
  deleted: row.deleted_at !== null,
  suspended: row.suspended,
  replicas: row.replicas,
  dynamicVersionId: row.dynamic_version_id,
  activeEnvRevision: row.active_env_revision,
  restartedAt: row.restarted_at,
});

const instanceFacts = (row: InstanceRead): InstanceFacts => ({
  id: row.id,
  versionId: row.version_id,
  envRevision: row.env_revision,
  state: row.state,
  stateReason: row.state_reason,
  staged: row.staged,
  neededUntil: row.needed_until,
  drainUntil: row.drain_until,
  deadline: row.deadline,
  createdAt: row.created_at,
  stoppedAt: row.stopped_at,
  machineId: row.machine_id,
  machine:
    row.machine_state === null
      ? null
      : {
          state: row.machine_state,
          inTransition: row.transition !== null,
          reason: row.machine_reason,
          lastActivityAt: row.last_activity_at,
        },
});

/** Those that live, and the failed ones that count for the back-off. */
const instancesOf = async (db: Db, deploymentIds: readonly string[], now: Date): Promise<InstanceRead[]> => {
  const since = new Date(now.getTime() - FAILURES_SEC * 1000);
  const result = await sql<InstanceRead>`
    select i.id, i.deployment_id, i.version_id, i.env_revision, i.state, i.state_reason, i.staged, i.needed_until, i.drain_until, i.deadline,
           i.created_at, i.stopped_at, i.machine_id,
           s.state as machine_state, s.transition, s.state_reason as machine_reason, s.last_activity_at
      from deployment_instances i left join sandboxes s on s.id = i.machine_id
     where i.deployment_id = any(${[...deploymentIds]}::text[])
       and (i.state not in ('stopped', 'failed') or (i.state = 'failed' and i.stopped_at > ${since}))`.execute(db);
  return result.rows;
};

const together = (deployments: readonly DeploymentRead[], instances: readonly InstanceRead[]): Facts[] => {
  const byDeployment = Map.groupBy(instances, (row) => row.deployment_id);
  return deployments.map((row) => ({
    id: row.id,
    deployment: deploymentFacts(row),
    instances: (byDeployment.get(row.id) ?? []).map(instanceFacts),
  }));
};

/** All deployments that have instances or ought to; read without locks, for finding out whose plan is not empty. */
export const factsOfAll = async (db: Db, now: Date): Promise<Facts[]> => {
  const { rows } = await sql<DeploymentRead>`
    select ${DEPLOYMENT} from deployments d left join deployment_versions v on v.id = d.active_version_id
     where (d.deleted_at is null and d.state in ('running', 'failed') and v.kind = 'dynamic')
        or exists (select from deployment_instances i where i.deployment_id = d.id and i.state not in ('stopped', 'failed'))`.execute(db);
  return together(
    rows,
    await instancesOf(
      db,
      rows.map(({ id }) => id),
      now,
    ),
  );
};

/** With the deployment held until the transaction ends; deleted ones too. */
export const lockFacts = async (tx: Tx, deploymentId: string, now: Date): Promise<{ row: DeploymentRow; facts: Facts } | undefined> => {
  const row = await tx.selectFrom('deployments').selectAll().where('id', '=', deploymentId).forUpdate().executeTakeFirst();
  if (row === undefined) return undefined;
  const { rows } = await sql<DeploymentRead>`
    select ${DEPLOYMENT} from deployments d left join deployment_versions v on v.id = d.active_version_id where d.id = ${deploymentId}`.execute(
    tx,
  );
  const [facts] = together(rows, await instancesOf(tx, [deploymentId], now));
  return facts === undefined ? undefined : { row, facts };
};

export const findAnyDeployment = (db: Db, id: string): Promise<DeploymentRow | undefined> =>
  db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
