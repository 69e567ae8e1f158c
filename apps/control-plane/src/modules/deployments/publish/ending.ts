import type { Tx } from '@miosa/db';
import { Fault, newId, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { forgetNeeds } from '../instances/store.ts';
import { announce, auditDeployment } from '../record.ts';
import { lockDeployment, setDeployment } from '../store.ts';
import type { DeploymentBuildRow, DeploymentRow, ReleaseRow, VersionRow, VersionTable } from '../types.ts';
import { setActive } from '../versions/activate.ts';
import { insertRelease, lockVersion, setVersion } from '../versions/store.ts';
import { endBuild } from './builds.store.ts';

const STOPPED = 'The platform was stopped while it built. Publish again.';
const OURS = 'The platform failed to carry out the publish. Publish again.';

const whyOf = (core: Core, cause: unknown): { readonly message: string; readonly code: string } => {
  if (cause === 'cancelled') return { message: 'The build was cancelled.', code: 'CONFLICT' };
  if (core.stopping.aborted) return { message: STOPPED, code: 'UNAVAILABLE' };
  if (cause instanceof Fault && cause.code !== 'INTERNAL') return { message: cause.message, code: cause.code };
  core.log.error({ err: cause }, 'a publish failed');
  return { message: OURS, code: 'UNAVAILABLE' };
};

/** Also of a build whose process has died. What was live stays live. */
export const failPublish = (op: Op, core: Core, build: DeploymentBuildRow, cause: unknown): Promise<void> =>
  core.db.tx(op, 'deployments.build.failed', (tx) => failPublishIn(tx, op, core, build, cause));

/** `cause`: `cancelled`, or what was thrown. */
export const failPublishIn = async (tx: Tx, op: Op, core: Core, build: DeploymentBuildRow, cause: unknown): Promise<void> => {
  const why = whyOf(core, cause);
  const now = core.now();
  const deployment = await lockDeployment(tx, build.deployment_id);
  const state = cause === 'cancelled' ? 'cancelled' : 'failed';
  const ended = await endBuild(tx, build.id, { state, error: why.message, errorCode: why.code, at: now });
  if (ended === undefined) return;
  const version = await lockVersion(tx, build.deployment_id, build.version_id);
  if (version?.state === 'created' || version?.state === 'building') {
    await setVersion(tx, version.id, { state: 'failed', state_reason: why.message, updated_at: now });
    // Nobody is left who waits for the instances that were started for it.
    await forgetNeeds(tx, build.deployment_id, version.id);
  }
  if (deployment === undefined) return;
  const isFirst = deployment.active_version_id === null && deployment.state === 'building';
  const shown = isFirst
    ? await setDeployment(tx, deployment.id, { state: 'failed', state_reason: why.message, updated_at: now })
    : deployment;
  await auditDeployment(tx, op, 'deployments.build', shown, {
    errorCode: why.code,
    metadata: { build_id: build.id, version_id: build.version_id, error: why.message },
  });
  await announce(tx, op, core, shown, 'build_failed', { version_id: build.version_id, build_id: build.id, error: why.message });
  if (isFirst) await announce(tx, op, core, shown, 'failed', { version_id: build.version_id });
};

/** Of a deployment that was deleted. */
export const abandon = async (op: Op, core: Core, build: DeploymentBuildRow): Promise<void> => {
  await core.db.tx(op, 'deployments.build.abandon', (tx) =>
    endBuild(tx, build.id, { state: 'cancelled', error: 'The deployment was deleted.', errorCode: 'GONE', at: core.now() }),
  );
};

export interface Produced {
  readonly release: Pick<ReleaseRow, 'kind' | 'sha256'> & { readonly sizeBytes: number; readonly snapshotId?: string | null };
  /** What the version is from now on. */
  readonly version: Pick<
    VersionTable,
    'kind' | 'files' | 'total_bytes' | 'entrypoint' | 'run_command' | 'port' | 'health_check_path' | 'source_sha256' | 'artifact_sha256'
  >;
}

/** The immutable part: from now on the version can be run, and nothing of it changes. Undefined: given up or deleted meanwhile. */
export const keepRelease = async (
  op: Op,
  core: Core,
  build: DeploymentBuildRow,
  { release, version }: Produced,
): Promise<{ readonly release: ReleaseRow; readonly version: VersionRow } | undefined> =>
  core.db.tx(op, 'deployments.release', async (tx) => {
    if ((await lockDeployment(tx, build.deployment_id)) === undefined) return undefined;
    const locked = await lockVersion(tx, build.deployment_id, build.version_id);
    if (locked?.state !== 'building') return undefined;
    const inserted = await insertRelease(tx, {
      id: newId('rel', core.now().getTime()),
      deployment_id: build.deployment_id,
      version_id: build.version_id,
      kind: release.kind,
      sha256: release.sha256,
      size_bytes: release.sizeBytes,
      snapshot_id: release.snapshotId ?? null,
      created_at: core.now(),
    });
    return { release: inserted, version: await setVersion(tx, locked.id, { ...version, release_id: inserted.id, updated_at: core.now() }) };
  });

/**
 * The version is ready and, if wanted and nothing newer is live already (contract 4.5), becomes what visitors get, all in one transaction.
 * Undefined: given up or deleted meanwhile.
 */
export const succeed = async (op: Op, core: Core, build: DeploymentBuildRow): Promise<DeploymentRow | undefined> =>
  core.db.tx(op, 'deployments.build.ready', async (tx) => {
    const now = core.now();
    const deployment = await lockDeployment(tx, build.deployment_id);
    const ended = await endBuild(tx, build.id, { state: 'ready', error: null, errorCode: null, at: now });
    if (deployment === undefined || ended === undefined) return undefined;
    const version = await setVersion(tx, build.version_id, { state: 'ready', state_reason: null, updated_at: now });
    const about = { version_id: version.id, build_id: build.id };
    const live = deployment.active_version_id === null ? undefined : await lockVersion(tx, deployment.id, deployment.active_version_id);
    const promotes = build.promote && (live === undefined || live.version_number < version.version_number);
    const shown = promotes ? await setActive(tx, core, deployment, version) : deployment;
    const rested =
      !promotes && shown.state === 'building' ? await setDeployment(tx, shown.id, { state: 'pending', updated_at: now }) : shown;
    await auditDeployment(tx, op, 'deployments.build', rested, { metadata: { ...about, promoted: promotes } });
    await announce(tx, op, core, rested, 'build_succeeded', about);
    if (promotes) await announce(tx, op, core, rested, 'published', about);
    return rested;
  });
