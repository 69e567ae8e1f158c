import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, Fault, notFound, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { inBackground } from '../deps.ts';
import { renderBuild, renderDeployment, renderRelease, renderVersions } from '../render.ts';
import type { PublishResult } from '../schemas.ts';
import { findLiving } from '../store.ts';
import type { DeploymentBuildRow } from '../types.ts';
import { findRelease, findVersion } from '../versions/store.ts';
import { findBuild } from './builds.store.ts';
import type { Started } from './start.ts';
import { runQueuedBuilds } from './worker.ts';

const DEFAULT_WAIT_SEC = 60;
/** While another process carries it out. */
const POLL_MS = 250;

export interface Waiting {
  readonly wait?: boolean | undefined;
  readonly wait_seconds?: number | undefined;
}

const isOver = ({ state }: DeploymentBuildRow): boolean => state !== 'queued' && state !== 'building';

const untilOver = async (op: Op, core: Core, { build }: Started, ms: number): Promise<DeploymentBuildRow> => {
  const deadline = Date.now() + ms;
  for (;;) {
    const row = await findBuild(core.db.read, build.deployment_id, build.id);
    if (row === undefined) throw notFound();
    const leftMs = deadline - Date.now();
    if (isOver(row) || leftMs <= 0 || op.signal.aborted || core.stopping.aborted) return row;
    const flight = core.flights.get(build.id);
    const pause = sleep(Math.min(POLL_MS, leftMs), undefined, { ref: false });
    await (flight === undefined ? pause : Promise.race([flight, sleep(leftMs, undefined, { ref: false })]));
  }
};

/** What came of a publish, as it stands. */
export const resultOf = async (core: Core, started: Started): Promise<Static<typeof PublishResult>> => {
  const { deployment_id: id } = started.version;
  const deployment = await findLiving(core.db.read, id);
  const version = await findVersion(core.db.read, id, started.version.id);
  if (deployment === undefined || version === undefined) throw notFound();
  const [shown, versions, release, build] = await Promise.all([
    renderDeployment(core, deployment),
    renderVersions(core, deployment, [version]),
    version.release_id === null ? undefined : findRelease(core.db.read, id, version.release_id),
    findBuild(core.db.read, id, started.build.id),
  ]);
  const [shownVersion] = versions;
  if (shownVersion === undefined) throw notFound();
  const promoted = deployment.active_version_id === version.id;
  const state = version.state === 'ready' ? (promoted ? 'healthy' : 'staged') : version.state === 'failed' ? 'unhealthy' : 'pending';
  return {
    deployment: shown,
    version: shownVersion,
    release: release === undefined ? null : renderRelease(release),
    build: build === undefined ? null : renderBuild(build),
    services: version.kind === null ? [] : [{ type: version.kind === 'static' ? 'static_web' : 'web', state }],
    promoted,
  };
};

/**
 * Sets the workers going and waits for this publish, if that is wanted. @throws Fault why it failed, with the ids of version and build: who waits
 * for a publish must not take a failed one for a good one.
 */
export const outcomeOf = async (
  op: Op,
  core: Core,
  started: Started,
  { wait = true, wait_seconds = DEFAULT_WAIT_SEC }: Waiting,
): Promise<{ readonly result: Static<typeof PublishResult>; readonly over: boolean }> => {
  inBackground(core, runQueuedBuilds(core)).catch(() => {}); // the reconciler repeats it
  const build = wait ? await untilOver(op, core, started, wait_seconds * 1000) : started.build;
  if (build.state === 'failed' || build.state === 'cancelled') {
    throw new Fault((build.error_code ?? 'CONFLICT') as ErrorCode, build.error ?? 'The publish failed.', {
      details: { deployment_id: build.deployment_id, version_id: build.version_id, build_id: build.id, state: build.state },
    });
  }
  return { result: await resultOf(core, started), over: isOver(build) };
};
