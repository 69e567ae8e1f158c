import { type Db, once } from '@miosa/db';
import { Fault, notFound, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { rollOut } from '../instances/rollout.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { announce, auditDeployment } from '../record.ts';
import { lockDeployment } from '../store.ts';
import type { DeploymentRow, VersionRow } from '../types.ts';
import { setActive } from './activate.ts';
import { findRelease, findVersion, lockVersion, setVersion } from './store.ts';

const notReady = ({ version_number, state }: VersionRow): Fault =>
  new Fault('VERSION_NOT_READY', `Version ${version_number} is ${state}: only one that is ready can go live.`, {
    details: { state },
  });

/** @throws 404, VERSION_NOT_READY, or 410 when its files were collected. */
const runnable = async (db: Db, deployment: DeploymentRow, versionId: string): Promise<VersionRow> => {
  const version = await findVersion(db, deployment.id, versionId);
  if (version === undefined) throw notFound();
  if (version.state !== 'ready' && version.state !== 'archived') throw notReady(version);
  const release = version.release_id === null ? undefined : await findRelease(db, deployment.id, version.release_id);
  if (release === undefined || release.collected_at !== null)
    throw new Fault('GONE', `The files of version ${version.version_number} were removed after their retention. Publish it again.`, {
      details: { version_id: version.id, collected_at: release?.collected_at?.toISOString() ?? null },
    });
  return version;
};

interface Switch {
  readonly action: 'deployments.versions.promote' | 'deployments.rollback';
  readonly versionId: string;
}

/** Makes an existing version live: instances first where it needs them, then one pointer change. No rebuild. */
const switchTo = async (op: Op, core: Core, deployment: DeploymentRow, { action, versionId }: Switch): Promise<DeploymentRow> =>
  once<DeploymentRow>(op, action, async (keep) => {
    const version = await runnable(core.db.read, deployment, versionId);
    const rollout = version.kind === 'dynamic' ? await rollOut(op, core, deployment, version) : undefined;
    try {
      const shown = await core.db.tx(op, action, async (tx) => {
        const locked = await lockDeployment(tx, deployment.id);
        const lockedVersion = locked === undefined ? undefined : await lockVersion(tx, locked.id, version.id);
        if (locked === undefined || lockedVersion === undefined) throw notFound();
        await runnable(tx, locked, version.id); // its files may have been given up until the lock
        const changed = await setActive(tx, core, locked, lockedVersion);
        const about = { version_id: version.id, from_version_id: locked.active_version_id };
        await auditDeployment(tx, op, action, changed, { metadata: about });
        await announce(tx, op, core, changed, action === 'deployments.rollback' ? 'rolled_back' : 'published', about);
        return keep(tx, changed);
      });
      await rollout?.settled();
      return shown;
    } catch (error) {
      await rollout?.undo();
      throw error;
    }
  });

export const promote = async (op: Op, core: Core, id: string, versionId: string): Promise<DeploymentRow> =>
  switchTo(op, core, await getDeployment(op, core, id), { action: 'deployments.versions.promote', versionId });

/** To the version that was live before, or to the one that is named. */
export const rollback = async (op: Op, core: Core, id: string, versionId: string | undefined): Promise<DeploymentRow> => {
  const deployment = await getDeployment(op, core, id);
  const to = versionId ?? deployment.previous_version_id;
  if (to === null)
    throw new Fault('CONFLICT', 'There is no earlier version to go back to.', { details: { reason: 'no_previous_version' } });
  return switchTo(op, core, deployment, { action: 'deployments.rollback', versionId: to });
};

export const archive = async (
  op: Op,
  core: Core,
  id: string,
  versionId: string,
): Promise<{ deployment: DeploymentRow; version: VersionRow }> => {
  const deployment = await getDeployment(op, core, id);
  return core.db.tx(op, 'deployments.versions.archive', async (tx) => {
    const locked = await lockDeployment(tx, deployment.id);
    const version = locked === undefined ? undefined : await lockVersion(tx, locked.id, versionId);
    if (locked === undefined || version === undefined) throw notFound();
    if (locked.active_version_id === version.id)
      throw new Fault('CONFLICT', 'The version is live. Promote another one first.', { details: { reason: 'active_version' } });
    if (version.state === 'archived') return { deployment: locked, version };
    if (version.state !== 'ready') throw notReady(version);
    const now = core.now();
    const archived = await setVersion(tx, version.id, { state: 'archived', archived_at: now, updated_at: now });
    await auditDeployment(tx, op, 'deployments.versions.archive', locked, { metadata: { version_id: version.id } });
    return { deployment: locked, version: archived };
  });
};
