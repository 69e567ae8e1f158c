import { Fault, type Op } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import type { DeploymentRow, InstanceRow, VersionRow } from '../types.ts';
import { bringUp } from './bring-up.ts';
import { stopInstance } from './end.ts';
import { lockFacts } from './facts.store.ts';
import { isHealthy } from './health.ts';
import { drainingOfVersion, forgetNeeds, instancesByIds, liveOfVersion, markStopping, revive, setNeeded } from './store.ts';
import { insertPending, tendDeployment } from './tend.ts';

export interface Rollout {
  /** The version is live: instances of others leave, after they have answered what they are answering. */
  settled(): Promise<void>;
  /** It is not going to be live: its instances go. */
  undo(): Promise<void>;
}

/** Longer than a launch and its health grace together: should this process die, they go after this. */
const NEEDED_MS = 3 * 60_000;

/** Of a drain there must be left at least so long for it to be taken back. */
const DRAIN_LEFT_MS = 2000;
const PROBE_MS = 1000;

/** Instances of the version that drain and still answer: whoever goes back soon gets them back, and waits for no start. */
const returning = async (core: Core, version: VersionRow): Promise<string[]> => {
  const draining = await drainingOfVersion(core.db.read, version.id, new Date(core.now().getTime() + DRAIN_LEFT_MS));
  const asked = await Promise.all(
    draining.map(async ({ id, machine_id, port }) => {
      const probe = { port, path: version.health_check_path ?? '/', timeoutMs: PROBE_MS };
      return isHealthy(await core.machines.probe(machine_id ?? '', probe).catch(() => null)) ? [id] : [];
    }),
  );
  return asked.flat();
};

const gone = (): Fault => new Fault('GONE', 'The deployment was deleted.');

/** Rows in one transaction: of the staged address there may be some already, and of a version that was live a moment ago. */
const begin = async (
  op: Op,
  core: Core,
  deployment: DeploymentRow,
  version: VersionRow,
): Promise<{ made: InstanceRow[]; reused: InstanceRow[]; revived: InstanceRow[] }> => {
  const answering = await returning(core, version);
  return core.db.tx(op, 'deployments.rollout', async (tx) => {
    const found = await lockFacts(tx, deployment.id, core.now());
    if (found === undefined || found.row.deleted_at !== null) throw gone();
    const neededUntil = new Date(core.now().getTime() + NEEDED_MS);
    const revived = await revive(tx, answering, core.now());
    const there = await liveOfVersion(tx, version.id);
    const restartedAt = found.row.restarted_at;
    const reused = there
      .filter((one) => one.state === 'healthy' && one.env_revision === version.env_revision)
      .filter((one) => restartedAt === null || one.created_at >= restartedAt)
      .slice(0, found.row.replicas);
    await setNeeded(
      tx,
      reused.map(({ id }) => id),
      neededUntil,
    );
    const count = found.row.replicas - reused.length;
    const made = await insertPending(tx, core, found.row, { count, versionId: version.id, envRevision: version.env_revision, neededUntil });
    return { made, reused, revived };
  });
};

const undo = async (op: Op, core: Core, made: readonly InstanceRow[]): Promise<void> => {
  const ids = made.map(({ id }) => id);
  const now = core.now();
  await core.db.tx(op, 'deployments.rollout.undo', (tx) => markStopping(tx, ids, now, now));
  for (const { id, state } of await instancesByIds(core.db.read, ids)) if (state === 'stopping') await stopInstance(core, id);
};

/**
 * Starts as many instances of the version as the deployment wants, and resolves when all of them have become healthy or failed, and at least one
 * is healthy. What is live goes on.
 * @throws Fault why none ever was; nothing is left of them then.
 */
export const rollOut = async (op: Op, core: Core, deployment: DeploymentRow, version: VersionRow): Promise<Rollout> => {
  const { made, reused, revived } = await begin(op, core, deployment, version);
  const ups = await Promise.allSettled(made.map((row) => inBackground(core, untilEnded(op, bringUp(core, row)))));
  const failed = ups.find((up) => up.status === 'rejected');
  const isUp = reused.length > 0 || ups.some((up) => up.status === 'fulfilled');
  if (!isUp || op.signal.aborted) {
    await undo(op, core, [...made, ...revived]);
    op.signal.throwIfAborted();
    throw failed?.reason ?? new Fault('UNAVAILABLE', 'None of its instances could be started.');
  }
  await setNeeded(
    core.db.read,
    [...made, ...reused].map(({ id }) => id),
    new Date(core.now().getTime() + NEEDED_MS),
  );
  return {
    settled: async () => {
      await core.db.tx(op, 'deployments.rollout.settled', (tx) => forgetNeeds(tx, deployment.id, version.id));
      await tendDeployment(core, deployment.id);
    },
    undo: () => undo(op, core, [...made, ...revived]),
  };
};

/** Who cancels a publish does not wait for its instances. */
const untilEnded = async <T>(op: Op, work: Promise<T>): Promise<T> => {
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(op.signal.reason);
  op.signal.addEventListener('abort', end);
  if (op.signal.aborted) end();
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    op.signal.removeEventListener('abort', end);
  }
};
