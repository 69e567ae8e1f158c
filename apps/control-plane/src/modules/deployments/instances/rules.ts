import type { DeploymentState, INSTANCE_STATES } from '../types.ts';

/** What the rules look at. All of it is read in one transaction that holds the deployment's row. */
export interface DeploymentFacts {
  readonly state: DeploymentState;
  readonly deleted: boolean;
  /** Its organization is suspended: what sleeps stays asleep. */
  readonly suspended: boolean;
  readonly replicas: number;
  /** Null: nothing is live, or what is live needs no instances. */
  readonly dynamicVersionId: string | null;
  readonly activeEnvRevision: number;
  readonly restartedAt: Date | null;
}

export interface InstanceFacts {
  readonly id: string;
  readonly versionId: string;
  readonly envRevision: number;
  readonly state: (typeof INSTANCE_STATES)[number];
  readonly stateReason: string | null;
  readonly staged: boolean;
  readonly neededUntil: Date | null;
  readonly drainUntil: Date | null;
  /** Lease of whoever brings it up. */
  readonly deadline: Date | null;
  readonly createdAt: Date;
  readonly stoppedAt: Date | null;
  readonly machineId: string | null;
  /** Null: it has none yet. */
  readonly machine: {
    readonly state: 'provisioning' | 'running' | 'paused' | 'error' | 'destroyed';
    readonly inTransition: boolean;
    readonly reason: string | null;
    readonly lastActivityAt: Date | null;
  } | null;
}

export interface RulePolicy {
  readonly sleepAfterSec: number;
}

/** What is to be done, each a list of instance ids. */
export interface Plan {
  /** How many new ones of the live version. */
  readonly start: number;
  /** Leave the route now; `drain`: after requests under way. */
  readonly stop: readonly { readonly id: string; readonly drain: boolean }[];
  /** Their drain is over. */
  readonly end: readonly string[];
  /** Nobody brings them up any more. */
  readonly resume: readonly string[];
  readonly fail: readonly { readonly id: string; readonly reason: string }[];
  readonly wake: readonly string[];
  readonly sleep: readonly string[];
  /** What visitors get now; null = as it was. */
  readonly state: { readonly state: 'running' } | { readonly state: 'failed'; readonly reason: string } | null;
}

const LIVE: readonly InstanceFacts['state'][] = ['pending', 'starting', 'healthy', 'unhealthy'];
const COMING: readonly InstanceFacts['state'][] = ['pending', 'starting'];
const UP: readonly InstanceFacts['state'][] = ['healthy', 'unhealthy'];

/** A staged address that nobody visits any more: contract 4.4 lets it sleep. Seconds. */
export const STAGED_IDLE_SEC = 300;
/** The edge reports visits within a second or two: nothing is put to sleep under a visitor. */
const REPORT_SEC = 3;
/** Failures that count for the back-off. Seconds. */
export const FAILURES_SEC = 600;
const BACKOFF_FIRST_SEC = 10;
const BACKOFF_MOST_SEC = 300;

const secondsSince = (then: Date | null, now: Date): number =>
  then === null ? Number.POSITIVE_INFINITY : (now.getTime() - then.getTime()) / 1000;

/** The first failure is made good at once, the next ones later and later. */
export const backoffSec = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(BACKOFF_FIRST_SEC * 2 ** (failures - 2), BACKOFF_MOST_SEC);

const isLost = ({ state, machine }: InstanceFacts): boolean =>
  UP.includes(state) && (machine === null || machine.state === 'destroyed' || (machine.state === 'error' && !machine.inTransition));

const isNeeded = (one: InstanceFacts, now: Date): boolean => {
  if (one.neededUntil !== null && one.neededUntil > now) return true;
  return one.staged && UP.includes(one.state) && secondsSince(one.machine?.lastActivityAt ?? null, now) < STAGED_IDLE_SEC;
};

/** The rules of all instances of one deployment. Pure: the same facts give the same plan, and a plan carried out leaves an empty one. */
export const plan = (deployment: DeploymentFacts, all: readonly InstanceFacts[], policy: RulePolicy, now: Date): Plan => {
  const { dynamicVersionId, activeEnvRevision, restartedAt, deleted } = deployment;
  const serves = !deleted && dynamicVersionId !== null && (deployment.state === 'running' || deployment.state === 'failed');
  const lost = all.filter(isLost);
  const live = all.filter((one) => LIVE.includes(one.state) && !lost.includes(one));
  const isFresh = (one: InstanceFacts): boolean =>
    serves &&
    one.versionId === dynamicVersionId &&
    one.envRevision === activeEnvRevision &&
    (restartedAt === null || one.createdAt >= restartedAt);
  const fresh = live.filter(isFresh);
  const healthy = fresh.filter(({ state }) => state === 'healthy');
  const coming = fresh.filter(({ state }) => COMING.includes(state));
  const failed = serves
    ? all
        .filter((one) => isFresh(one) && one.state === 'failed' && secondsSince(one.stoppedAt, now) < FAILURES_SEC)
        .concat(lost.filter(isFresh))
    : [];
  const missing = serves ? deployment.replicas - healthy.length - coming.length : 0;
  const start = missing > 0 && restedEnough(failed, now) ? missing : 0;
  const isReplaced = healthy.length >= deployment.replicas || (healthy.length > 0 && coming.length === 0 && start === 0);

  const stop: { id: string; drain: boolean }[] = [];
  for (const one of live) {
    if (deleted) stop.push({ id: one.id, drain: false });
    else if (isFresh(one)) {
      if (one.state === 'unhealthy' && isReplaced) stop.push({ id: one.id, drain: true });
    } else if (!isNeeded(one, now)) {
      const isPredecessor = serves && one.versionId === dynamicVersionId;
      if (!isPredecessor || isReplaced) stop.push({ id: one.id, drain: UP.includes(one.state) });
    }
  }
  const surplus = healthy.length + coming.length - deployment.replicas;
  if (serves && surplus > 0)
    stop.push(
      ...[...healthy, ...coming]
        .toSorted(newestFirst)
        .slice(0, surplus)
        .map(({ id }) => ({ id, drain: true })),
    );

  const leaving = new Set(stop.map(({ id }) => id));
  const staying = live.filter(({ id }) => !leaving.has(id));
  const maySleep = policy.sleepAfterSec > 0 && deployment.replicas <= 1;
  return {
    start,
    stop,
    end: all.filter(({ state, drainUntil }) => state === 'stopping' && (deleted || secondsSince(drainUntil, now) >= 0)).map(({ id }) => id),
    resume: staying.filter(({ state, deadline }) => COMING.includes(state) && secondsSince(deadline, now) >= 0).map(({ id }) => id),
    fail: lost.map(({ id, machine }) => ({ id, reason: lostBecause(machine) })),
    wake: deployment.suspended ? [] : staying.filter((one) => isAsleepByMistake(one, maySleep && isFresh(one))).map(({ id }) => id),
    sleep: maySleep ? staying.filter((one) => isFresh(one) && isIdle(one, policy.sleepAfterSec, now)).map(({ id }) => id) : [],
    state: stateAfter(deployment, {
      serves,
      isUp: fresh.some(({ state }) => UP.includes(state)) || upElsewhere(live, dynamicVersionId),
      isComing: coming.length + start > 0,
      failed,
    }),
  };
};

const newestFirst = (a: InstanceFacts, b: InstanceFacts): number =>
  // Those that are still coming leave first, then the newest.
  Number(b.state !== 'healthy') - Number(a.state !== 'healthy') || b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);

/** Whether another one may be tried after these failures. */
export const restedEnough = (failed: readonly InstanceFacts[], now: Date): boolean => {
  const last = Math.max(...failed.map(({ stoppedAt }) => (stoppedAt ?? now).getTime()));
  return failed.length === 0 || now.getTime() >= last + backoffSec(failed.length) * 1000;
};

const lostBecause = (machine: InstanceFacts['machine']): string =>
  machine === null || machine.state === 'destroyed' ? 'Its machine is gone.' : `Its machine was lost: ${machine.reason ?? machine.state}.`;

const isAsleepByMistake = ({ state, machine }: InstanceFacts, maySleep: boolean): boolean =>
  UP.includes(state) && machine?.state === 'paused' && !machine.inTransition && !(maySleep && machine.reason === 'idle');

const isIdle = ({ state, machine }: InstanceFacts, sleepAfterSec: number, now: Date): boolean =>
  state === 'healthy' &&
  machine?.state === 'running' &&
  !machine.inTransition &&
  machine.lastActivityAt !== null &&
  secondsSince(machine.lastActivityAt, now) >= sleepAfterSec + REPORT_SEC;

/** Of the live version, from before a restart or a change of its environment. */
const upElsewhere = (live: readonly InstanceFacts[], versionId: string | null): boolean =>
  live.some((one) => one.versionId === versionId && UP.includes(one.state));

const stateAfter = (
  { state }: DeploymentFacts,
  found: { readonly serves: boolean; readonly isUp: boolean; readonly isComing: boolean; readonly failed: readonly InstanceFacts[] },
): Plan['state'] => {
  if (!found.serves) return null;
  if (found.isUp) return state === 'failed' ? { state: 'running' } : null;
  const last = found.failed.toSorted((a, b) => (a.stoppedAt?.getTime() ?? 0) - (b.stoppedAt?.getTime() ?? 0)).at(-1);
  if (state === 'failed' || found.isComing || last === undefined) return null;
  return { state: 'failed', reason: last.stateReason ?? 'None of its instances could be started.' };
};

/** Nothing is to be done. */
export const isEmpty = ({ start, state, ...lists }: Plan): boolean =>
  start === 0 && state === null && Object.values(lists).every((list) => list.length === 0);
