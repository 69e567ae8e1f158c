import { type Core, systemOp } from '../deps.ts';
import { auditDeployment } from '../record.ts';
import {
  collectedSnapshots,
  collectReleases,
  deploymentsWithOver,
  forgetSnapshot,
  lockAnyDeployment,
  type Over,
} from './releases.store.ts';

const DAY_MS = 24 * 3600_000;
/** Contract 6: of each deployment the last ten always. */
const KEEPS_NEWEST = 10;
const DEPLOYMENTS_AT_ONCE = 100;
const RELEASES_AT_ONCE = 500;
const SNAPSHOTS_AT_ONCE = 50;
const NAME = 'deployments.retention';

const overOf = (core: Core, now: Date): Over => ({
  before: new Date(now.getTime() - core.policy.retentionDays * DAY_MS),
  failedBefore: new Date(now.getTime() - DAY_MS),
  keepsNewest: KEEPS_NEWEST,
});

/** From here on the version answers 410. Its contents go later: see `contents.ts`. */
const collectOf = (core: Core, { id, tenant_id }: { readonly id: string; readonly tenant_id: string }): Promise<void> => {
  const op = systemOp(core, tenant_id, NAME);
  return core.db.tx(op, 'deployments.releases.collect', async (tx) => {
    const deployment = await lockAnyDeployment(tx, id);
    if (deployment === undefined) return;
    const now = core.now();
    const versions = await collectReleases(tx, id, overOf(core, now), now, RELEASES_AT_ONCE);
    if (versions.length > 0)
      await auditDeployment(tx, op, 'deployments.releases.collect', deployment, { metadata: { version_ids: versions } });
  });
};

/** One that cannot be dropped now holds up no other; it is tried again with the next pass. */
const dropSnapshots = async (core: Core): Promise<void> => {
  for (let after = ''; ; ) {
    const found = await collectedSnapshots(core.db.read, after, SNAPSHOTS_AT_ONCE);
    for (const { id, snapshot_id, tenant_id } of found) {
      if (core.stopping.aborted) return;
      try {
        await core.machines.dropSnapshot(systemOp(core, tenant_id, NAME), snapshot_id);
        await forgetSnapshot(core.db.read, id);
      } catch (error) {
        core.log.warn({ err: error, releaseId: id, snapshotId: snapshot_id }, 'snapshot of a collected release not dropped yet');
      }
    }
    const last = found.at(-1);
    if (last === undefined || found.length < SNAPSHOTS_AT_ONCE) return;
    after = last.id;
  }
};

/** Gives up releases whose time is over. Repeatable at any point, by several processes at once. */
export const collectOldReleases = async (core: Core): Promise<void> => {
  let after = '';
  for (;;) {
    const found = await deploymentsWithOver(core.db.read, overOf(core, core.now()), after, DEPLOYMENTS_AT_ONCE);
    for (const deployment of found) {
      if (core.stopping.aborted) return;
      await collectOf(core, deployment);
    }
    if (found.length < DEPLOYMENTS_AT_ONCE) break;
    after = found.at(-1)?.id ?? '';
  }
  await dropSnapshots(core);
};
