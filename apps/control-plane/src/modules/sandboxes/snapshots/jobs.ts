import { type Core, inBackground, systemOp } from '../deps.ts';
import { deadlineAfter } from '../lifecycle/effects.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { carryOutSnapshot, removeFromHost } from './effects.ts';
import { claimedSnapshots, claimOverdueSnapshots, failLostSnapshots, lockDueSnapshots } from './jobs.store.ts';
import { deleteIn } from './service.ts';
import { creatingOf, type SnapshotRow } from './store.ts';

const BATCH = 50;

/** Snapshots: those nobody finished, those past their end, and what the host has against what the rows say. */
export const tendSnapshots = async (core: Core): Promise<void> => {
  const now = core.now();
  for (const row of await claimOverdueSnapshots(core.db.read, now, deadlineAfter(now, 'snapshotting'), BATCH))
    inBackground(core, finish(core, row)).catch(() => {}); // recorded in the row
  await endDue(core, now);
  await compareSnapshots(core);
};

const finish = async (core: Core, snapshot: SnapshotRow): Promise<void> => {
  const source = await findAny(core.db.read, snapshot.sandbox_id);
  if (source !== undefined) await carryOutSnapshot(systemOp(core, source.tenant_id, 'reconciler'), core, source, snapshot);
};

/** A sandbox whose `snapshotting` is overdue, claimed anew: what was being taken is taken, and the sandbox goes on as it was. */
export const endSnapshotting = async (core: Core, claimed: SandboxRow, release: () => Promise<unknown>): Promise<void> => {
  for (const snapshot of await creatingOf(core.db.read, claimed.id))
    await carryOutSnapshot(systemOp(core, claimed.tenant_id, 'reconciler'), core, claimed, snapshot).catch(() => {}); // recorded in its row
  await release();
};

const endDue = async (core: Core, now: Date): Promise<void> => {
  const ended = await core.db.tx({ log: core.log, requestId: 'system-timer' }, 'snapshots.expire', async (tx) => {
    const due = await lockDueSnapshots(tx, now, BATCH);
    for (const { id, tenant_id, reason } of due) await deleteIn(tx, systemOp(core, tenant_id, 'timer'), id, now, reason);
    return due;
  });
  for (const { id } of ended) inBackground(core, removeFromHost(core, id));
};

/** Rows are read after the list: a snapshot on the host has had its row before it was made. */
const compareSnapshots = async (core: Core): Promise<void> => {
  const asked = core.now();
  const onHost = (await core.runtime.listSnapshots()).map(({ id }) => id);
  const claimed = await claimedSnapshots(core.db.read, onHost);
  for (const id of onHost.filter((id) => !claimed.has(id))) {
    core.log.warn({ snapshotId: id }, 'snapshot without a row removed from the host');
    await removeFromHost(core, id);
  }
  for (const id of await failLostSnapshots(core.db.read, onHost, asked, core.now()))
    core.log.error({ snapshotId: id }, 'the host no longer has the files of a snapshot');
};
