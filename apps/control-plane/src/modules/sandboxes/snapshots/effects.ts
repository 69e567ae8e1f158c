import { Fault, type Op } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { pushEnvironment } from '../env/push.ts';
import { announce, announceSnapshot } from '../events/announce.ts';
import { ensureStarted } from '../exec/start.ts';
import { auditSandbox, startMetering, stopMetering } from '../lifecycle/audit.ts';
import { expiryOf, fenceOf, sweepIfDestroyed } from '../lifecycle/effects.ts';
import { hostFault, mayPass, reasonOf } from '../lifecycle/faults.ts';
import { recorded } from '../lifecycle/patience.ts';
import { gone } from '../lifecycle/states.ts';
import { findAny, settle } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { assertSnapshotBytes } from './caps.ts';
import { endCreating, findSnapshot, type SnapshotRow } from './store.ts';

/** Said to the caller as they are. */
const KEPT: readonly string[] = ['STORAGE_FULL', 'GONE', 'QUOTA_EXCEEDED'];

const faultOf = (error: unknown, what: string): Fault =>
  error instanceof Fault && KEPT.includes(error.code) ? error : hostFault(error, what);

/** Ends the transition of the source as it began, if it is still ours. */
const release = async (core: Core, db: Parameters<typeof settle>[0], claimed: SandboxRow): Promise<void> => {
  if (claimed.transition === 'snapshotting') await settle(db, claimed.id, fenceOf(claimed), { updated_at: core.now() });
};

/**
 * Carries out a snapshot that has its row: the host, then the row and the source together. Repeatable after a crash at any point: the host
 * answers an id it has as it was made. `claimed` is the source in transition `snapshotting`, or as it is by now.
 */
export const carryOutSnapshot = async (op: Op, core: Core, claimed: SandboxRow, snapshot: SnapshotRow): Promise<SnapshotRow> => {
  let sizeBytes: number;
  try {
    ({ sizeBytes } = await core.runtime.snapshot(claimed.id, snapshot.id));
  } catch (error) {
    throw await snapshotFailed(op, core, claimed, snapshot, error);
  }
  const ready = await keep(op, core, claimed, snapshot, sizeBytes).catch(async (error: unknown) => {
    throw error instanceof Fault && error.code === 'QUOTA_EXCEEDED' ? await snapshotFailed(op, core, claimed, snapshot, error) : error;
  });
  if (ready !== undefined) return ready;
  const now = await findSnapshot(core.db.read, snapshot.id);
  if (now?.state === 'ready') return now;
  await removeFromHost(core, snapshot.id); // given up or deleted meanwhile
  throw new Fault('GONE', 'The snapshot was deleted while it was taken.', { details: { state: now?.state ?? 'deleted' } });
};

/** The row of what the host has taken. Undefined: given up or deleted meanwhile. */
const keep = (op: Op, core: Core, claimed: SandboxRow, snapshot: SnapshotRow, sizeBytes: number): Promise<SnapshotRow | undefined> =>
  recorded(core, () =>
    core.db.tx(op, 'snapshots.ready', async (tx) => {
      await release(core, tx, claimed);
      await assertSnapshotBytes(tx, core, snapshot, sizeBytes);
      const taken = await endCreating(tx, snapshot.id, { state: 'ready', size_bytes: sizeBytes, updated_at: core.now() });
      if (taken !== undefined && !taken.hidden) await announceSnapshot(tx, op, core, taken);
      return taken;
    }),
  );

const snapshotFailed = async (op: Op, core: Core, claimed: SandboxRow, snapshot: SnapshotRow, error: unknown): Promise<unknown> => {
  const source = await recorded(core, () => findAny(core.db.read, claimed.id));
  const isGone = source === undefined || source.state === 'destroyed';
  const reason = isGone ? 'The sandbox was destroyed.' : reasonOf(error);
  await recorded(core, () =>
    core.db.tx(op, 'snapshots.failed', async (tx) => {
      await release(core, tx, claimed);
      const failed = await endCreating(tx, snapshot.id, { state: 'failed', state_reason: reason, updated_at: core.now() });
      if (failed === undefined || failed.hidden) return;
      const errorCode = error instanceof Fault ? error.code : 'UPSTREAM_UNREACHABLE';
      await auditSandbox(tx, op, 'sandboxes.snapshots.create', claimed, { errorCode, metadata: { snapshot_id: snapshot.id, reason } });
    }),
  );
  inBackground(core, removeFromHost(core, snapshot.id)); // the host may have made it all the same
  return isGone ? gone(source ?? { ended_reason: null }) : faultOf(error, 'The snapshot could not be taken');
};

/** A failure is not the caller's: the comparison with the host repeats it. */
export const removeFromHost = async (core: Core, snapshotId: string): Promise<void> => {
  try {
    await core.runtime.deleteSnapshot(snapshotId);
  } catch (error) {
    core.log.warn({ err: error, snapshotId }, 'snapshot not removed from the host yet; will be tried again');
  }
};

/**
 * Carries out a claimed restore: the machine stops, its files are replaced, it boots. While the host is away the transition stays, and whoever
 * ends it at its deadline does all of it again; nothing runs in between, so again means the same.
 */
export const carryOutRestore = async (op: Op, core: Core, claimed: SandboxRow): Promise<SandboxRow> => {
  const { id, restoring_from: snapshotId } = claimed;
  if (snapshotId === null) throw new Error(`sandbox ${id} is not being restored`);
  try {
    await core.runtime.restore(id, snapshotId);
    const { endpoint, isolation } = await core.runtime.resume(id);
    core.pools.close(id); // connections of its earlier life
    const reached = { ...claimed, endpoint };
    await pushEnvironment(core, reached);
    await ensureStarted(core, reached);
    return await restored(op, core, claimed, { endpoint, isolation });
  } catch (error) {
    if (!mayPass(error)) await restoreFailed(op, core, claimed, error);
    throw faultOf(error, 'The sandbox could not be restored');
  }
};

const restored = async (
  op: Op,
  core: Core,
  claimed: SandboxRow,
  { endpoint, isolation }: Pick<SandboxRow, 'endpoint' | 'isolation'>,
): Promise<SandboxRow> => {
  const now = core.now();
  const { pauseKeeps } = await core.capabilities();
  const running = await recorded(core, () =>
    core.db.tx(op, 'sandboxes.restored', async (tx) => {
      const row = await settle(tx, claimed.id, fenceOf(claimed), {
        state: 'running',
        state_reason: null,
        restoring_from: null,
        endpoint: JSON.stringify(endpoint),
        isolation,
        resume_keeps: pauseKeeps,
        started_at: now,
        last_activity_at: now,
        paused_at: null,
        expires_at: expiryOf(claimed, now),
        updated_at: now,
      });
      if (row === undefined) return undefined;
      await startMetering(tx, row, now);
      await announce(tx, op, core, row, [claimed.state === 'running' ? 'running' : 'resumed']);
      return row;
    }),
  );
  if (running !== undefined) return running;
  await sweepIfDestroyed(core, claimed.id);
  const row = await findAny(core.db.read, claimed.id);
  if (row === undefined || row.state === 'destroyed') throw gone(row ?? { ended_reason: null });
  return row;
};

/** The host refused for good: the files are the old ones or the new ones, whole, and `resume` boots from them. */
const restoreFailed = async (op: Op, core: Core, claimed: SandboxRow, error: unknown): Promise<void> => {
  const now = core.now();
  await recorded(core, () =>
    core.db.tx(op, 'sandboxes.restoreFailed', async (tx) => {
      const row = await settle(tx, claimed.id, fenceOf(claimed), {
        state: 'error',
        state_reason: reasonOf(error),
        restoring_from: null,
        expires_at: null,
        updated_at: now,
      });
      if (row === undefined) return;
      await stopMetering(tx, row, now);
      await auditSandbox(tx, op, 'sandboxes.restore', row, { errorCode: 'UNAVAILABLE', metadata: { reason: row.state_reason } });
      await announce(tx, op, core, row, ['error']);
    }),
  );
};
