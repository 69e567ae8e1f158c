import type { Tx } from '@miosa/db';
import type { Core } from '../deps.ts';
import { setDeployment } from '../store.ts';
import type { DeploymentRow, VersionRow } from '../types.ts';
import { setVersion } from './store.ts';

/**
 * The pointer change: one row names what visitors get. In the transaction that wants it, on a locked deployment; edges hear of it at the commit.
 * The environment becomes the one the version was made with, unless another is said.
 */
export const setActive = async (
  tx: Tx,
  core: Pick<Core, 'now'>,
  deployment: DeploymentRow,
  version: VersionRow,
  envRevision: number = version.env_revision,
): Promise<DeploymentRow> => {
  const now = core.now();
  await setVersion(tx, version.id, {
    promoted_at: now,
    updated_at: now,
    ...(version.state === 'archived' ? { state: 'ready' as const, archived_at: null } : {}),
  });
  const isOther = deployment.active_version_id !== version.id;
  if (isOther && deployment.active_version_id !== null) await setVersion(tx, deployment.active_version_id, { replaced_at: now });
  return setDeployment(tx, deployment.id, {
    active_version_id: version.id,
    active_env_revision: envRevision,
    ...(isOther ? { previous_version_id: deployment.active_version_id } : {}),
    state: deployment.state === 'stopped' ? 'stopped' : 'running',
    state_reason: null,
    deployed_at: now,
    updated_at: now,
  });
};
