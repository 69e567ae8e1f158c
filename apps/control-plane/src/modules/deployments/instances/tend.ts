import type { Tx } from '@miosa/db';
import { newId } from '@miosa/kernel';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { announce } from '../record.ts';
import { setDeployment } from '../store.ts';
import type { DeploymentRow, InstanceRow } from '../types.ts';
import { findVersion } from '../versions/store.ts';
import { bringUp, LEASE_MS } from './bring-up.ts';
import { DEFAULT_PORT } from './context.ts';
import { failInstance, removeLeft, stopInstance } from './end.ts';
import { factsOfAll, lockFacts } from './facts.store.ts';
import { isEmpty, type Plan, plan } from './rules.ts';
import { insertInstances, instancesByIds, markStopping, takeOver } from './store.ts';

interface New {
  readonly count: number;
  readonly versionId: string;
  readonly envRevision: number;
  readonly staged?: boolean;
  readonly neededUntil?: Date;
}

/** Rows of instances to come, in the transaction that decided on them; they are this process's to bring up. */
export const insertPending = async (tx: Tx, core: Core, deployment: DeploymentRow, how: New): Promise<InstanceRow[]> => {
  const version = await findVersion(tx, deployment.id, how.versionId);
  if (version === undefined || version.release_id === null) return [];
  const now = core.now();
  const releaseId = version.release_id;
  return insertInstances(
    tx,
    Array.from({ length: how.count }, () => ({
      id: newId('ins', now.getTime()),
      deployment_id: deployment.id,
      version_id: version.id,
      release_id: releaseId,
      tenant_id: deployment.tenant_id,
      machine_id: null,
      env_revision: how.envRevision,
      state: 'pending' as const,
      state_reason: null,
      port: version.port ?? DEFAULT_PORT,
      staged: how.staged ?? false,
      needed_until: how.neededUntil ?? null,
      deadline: new Date(now.getTime() + LEASE_MS),
      created_at: now,
      started_at: null,
      stopped_at: null,
      updated_at: now,
    })),
  );
};

/** Everything of a plan that is a row, in one transaction with the facts it was made from. */
const decide = async (core: Core, deploymentId: string): Promise<{ todo: Plan; started: InstanceRow[] } | undefined> => {
  const op = { log: core.log, requestId: 'system-deployments' };
  return core.db.tx(op, 'deployments.tend', async (tx) => {
    const now = core.now();
    const found = await lockFacts(tx, deploymentId, now);
    if (found === undefined) return undefined;
    const { row, facts } = found;
    const todo = plan(facts.deployment, facts.instances, core.policy, now);
    if (isEmpty(todo)) return undefined;
    const drained = todo.stop.filter(({ drain }) => drain).map(({ id }) => id);
    const atOnce = todo.stop.filter(({ drain }) => !drain).map(({ id }) => id);
    if (drained.length > 0) await markStopping(tx, drained, new Date(now.getTime() + core.policy.drainSec * 1000), now);
    if (atOnce.length > 0) await markStopping(tx, atOnce, now, now);
    const { dynamicVersionId: versionId, activeEnvRevision: envRevision } = facts.deployment;
    const started = versionId === null ? [] : await insertPending(tx, core, row, { count: todo.start, versionId, envRevision });
    if (todo.state !== null) {
      const reason = todo.state.state === 'failed' ? todo.state.reason : null;
      const changed = await setDeployment(tx, row.id, { state: todo.state.state, state_reason: reason, updated_at: now });
      if (reason !== null)
        await announce(tx, systemOp(core, row.tenant_id, 'deployments'), core, changed, 'failed', { version_id: versionId });
    }
    return { todo, started };
  });
};

const quietly = (core: Core, work: Promise<unknown>): void => void inBackground(core, work).catch(() => {}); // recorded in the row, or repeated

/** What of a plan is done on hosts; each part repeatable, and repeated by the next pass should this process die. */
const carryOut = async (core: Core, { todo, started }: { todo: Plan; started: InstanceRow[] }): Promise<void> => {
  const byId = new Map((await instancesByIds(core.db.read, [...todo.wake, ...todo.sleep])).map((row) => [row.id, row]));
  for (const row of started) quietly(core, bringUp(core, row));
  for (const id of todo.resume) {
    const now = core.now();
    const taken = await takeOver(core.db.read, id, now, new Date(now.getTime() + LEASE_MS));
    if (taken !== undefined) quietly(core, bringUp(core, taken));
  }
  for (const { id, reason } of todo.fail) quietly(core, failInstance(core, id, reason));
  const ending = [...todo.end, ...todo.stop.filter(({ drain }) => !drain).map(({ id }) => id)];
  for (const id of ending) quietly(core, stopInstance(core, id));
  for (const [ids, act] of [
    [todo.wake, core.machines.wake],
    [todo.sleep, core.machines.pause],
  ] as const)
    for (const id of ids) {
      const row = byId.get(id);
      if (row !== undefined && row.machine_id !== null) quietly(core, act(systemOp(core, row.tenant_id, 'deployments'), row.machine_id));
    }
};

/** Brings the instances of one deployment nearer to what its row says; again until nothing is to be done. */
export const tendDeployment = async (core: Core, deploymentId: string): Promise<void> => {
  const decided = await decide(core, deploymentId);
  if (decided !== undefined) await carryOut(core, decided);
};

/** Reconciler: every deployment whose plan is not empty. */
export const tendInstances = async (core: Core): Promise<void> => {
  const now = core.now();
  for (const { id, deployment, instances } of await factsOfAll(core.db.read, now)) {
    if (isEmpty(plan(deployment, instances, core.policy, now))) continue;
    try {
      await tendDeployment(core, id);
    } catch (error) {
      core.log.warn({ err: error, deploymentId: id }, 'the instances of a deployment could not be tended; will be tried again');
    }
  }
  await removeLeft(core);
};
