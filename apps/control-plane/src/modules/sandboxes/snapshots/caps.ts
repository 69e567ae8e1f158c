import type { Tx } from '@miosa/db';
import type { Core } from '../deps.ts';
import { exceeded } from '../policy.ts';
import { holdOrganization } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { bytesOfOrganization, countOfSandbox, type SnapshotRow } from './store.ts';

const GIB = 2 ** 30;

const full = (limit: number, used: number) =>
  exceeded(`The snapshots of an organization hold at most ${limit} GiB. Delete some first.`, {
    quota: 'snapshot_gib',
    limit,
    used: Math.round((used / GIB) * 1000) / 1000,
    level: 'organization',
  });

/** In the transaction that has claimed the sandbox, so that two snapshots of it cannot both be the last. */
export const assertSnapshotRoom = async (tx: Tx, { policy }: Core, source: SandboxRow): Promise<void> => {
  const { snapshotsPerSandbox: most, snapshotGibPerOrganization: gib } = policy;
  if (most !== null) {
    const used = await countOfSandbox(tx, source.id);
    const details = { quota: 'snapshots', limit: most, used, level: 'sandbox' };
    if (used >= most) throw exceeded(`A sandbox has at most ${most} snapshots. Delete one first.`, details);
  }
  if (gib === null) return;
  const used = await bytesOfOrganization(tx, source.tenant_id);
  if (used >= gib * GIB) throw full(gib, used);
};

/** Now that its size is known, and with nobody else adding to the sum until the transaction ends. */
export const assertSnapshotBytes = async (tx: Tx, { policy }: Core, snapshot: SnapshotRow, sizeBytes: number): Promise<void> => {
  const gib = policy.snapshotGibPerOrganization;
  if (gib === null || snapshot.hidden) return;
  await holdOrganization(tx, snapshot.tenant_id);
  const used = await bytesOfOrganization(tx, snapshot.tenant_id);
  if (used + sizeBytes > gib * GIB) throw full(gib, used);
};
