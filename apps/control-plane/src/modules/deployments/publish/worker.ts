import { Fault, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { announce } from '../record.ts';
import { lockDeployment, setDeployment } from '../store.ts';
import type { DeploymentBuildRow, DeploymentRow, VersionRow } from '../types.ts';
import { lockVersion, setVersion } from '../versions/store.ts';
import { claimBuild, keepBuild } from './builds.store.ts';
import { abandon, failPublish } from './ending.ts';
import { produce } from './produce.ts';

/** Contract 6: build time. */
export const BUILD_SEC = 20 * 60;
const LEASE_MS = 30_000;
/** Also how soon a cancelled build is noticed. */
const RENEW_MS = 1_000;

export interface Job {
  readonly deployment: DeploymentRow;
  readonly version: VersionRow;
  readonly build: DeploymentBuildRow;
  /** Ends with the platform, with the time of the build, and when the build was cancelled or given up. */
  readonly signal: AbortSignal;
}

/** Of the one who asked for the publish: it can do no more than that. */
const opOf = (core: Core, build: DeploymentBuildRow, signal: AbortSignal): Op => ({
  requestId: build.request_id,
  actor: build.actor,
  ip: null,
  userAgent: null,
  log: core.log,
  now: core.now,
  signal,
});

const working = new WeakMap<Core['flights'], number>();

/** Works until nothing is queued. */
export const runQueuedBuilds = async (core: Core): Promise<void> => {
  const running = (): number => working.get(core.flights) ?? 0;
  while (!core.stopping.aborted && running() < core.policy.publishesAtOnce) {
    working.set(core.flights, running() + 1);
    try {
      const build = await claimBuild(core.db.read, core.now(), new Date(Date.now() + LEASE_MS));
      if (build === undefined) return;
      const flight = carryOut(core, build).catch((error: unknown) =>
        core.log.error({ err: error, buildId: build.id }, 'a publish broke off'),
      );
      core.flights.set(build.id, flight);
      await flight.finally(() => core.flights.delete(build.id));
    } finally {
      working.set(core.flights, running() - 1);
    }
  }
};

/** Why the signal of a job ended: the build is over, cancelled or given up by another process. */
class Lost extends Error {}

/** Renews the lease, and hears by it that the build is over. */
const holdLease = (core: Core, build: DeploymentBuildRow, ended: AbortController): NodeJS.Timeout =>
  setInterval(() => {
    keepBuild(core.db.read, build.id, new Date(Date.now() + LEASE_MS)).then(
      (row) => {
        if (row === undefined) ended.abort(new Lost());
      },
      () => {}, // the database is away: the lease holds for some renewals
    );
  }, RENEW_MS);

const carryOut = async (core: Core, build: DeploymentBuildRow): Promise<void> => {
  const late = AbortSignal.timeout(BUILD_SEC * 1000);
  const ended = new AbortController();
  const signal = AbortSignal.any([core.stopping, late, ended.signal]);
  const op = opOf(core, build, signal);
  const lease = holdLease(core, build, ended);
  try {
    const rows = await begin(op, core, build);
    if (rows === undefined) return await abandon(op, core, build);
    await produce(op, core, { ...rows, build, signal });
  } catch (error) {
    if (ended.signal.reason instanceof Lost) return;
    await failPublish({ ...op, signal: new AbortController().signal }, core, build, late.aborted ? tookTooLong() : error);
  } finally {
    clearInterval(lease);
  }
};

const tookTooLong = (): Fault => new Fault('TIMEOUT', `The build took longer than ${BUILD_SEC / 60} minutes.`);

/** Undefined: the deployment was deleted. */
const begin = (
  op: Op,
  core: Core,
  build: DeploymentBuildRow,
): Promise<{ readonly deployment: DeploymentRow; readonly version: VersionRow } | undefined> =>
  core.db.tx(op, 'deployments.build.begin', async (tx) => {
    const deployment = await lockDeployment(tx, build.deployment_id);
    if (deployment === undefined) return undefined;
    const version = await lockVersion(tx, deployment.id, build.version_id);
    if (version === undefined) return undefined;
    const now = core.now();
    const begun = await setVersion(tx, version.id, { state: 'building', updated_at: now });
    const isFirst = deployment.active_version_id === null && (deployment.state === 'pending' || deployment.state === 'failed');
    const shown = isFirst ? await setDeployment(tx, deployment.id, { state: 'building', state_reason: null, updated_at: now }) : deployment;
    await announce(tx, op, core, shown, 'build_started', { version_id: begun.id, build_id: build.id });
    return { deployment: shown, version: begun };
  });
