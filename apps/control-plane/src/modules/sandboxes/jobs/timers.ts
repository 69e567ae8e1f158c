import type { Tx } from '@miosa/db';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { carryOutPause, cleanHost, deadlineAfter, destroyIn } from '../lifecycle/effects.ts';
import type { EndedReason } from '../types.ts';
import { claimDuePauses, lockDueEnds, lockStaleFailures } from './store.ts';

/** Rows one pass takes; what is left is due at the next. */
const BATCH = 50;
/** A failed boot stays readable this long before it ends (contract 4.2). */
const FAILURE_KEPT_MS = 24 * 3600_000;

/** Ends windows and idle times that are over: persistent sandboxes pause, others are destroyed; the reason is recorded. Never early. */
export const endTimers = async (core: Core): Promise<void> => {
  await core.activity.flush(); // what this process knows of must count
  const now = core.now();
  const paused = await claimDuePauses(core.db.read, now, deadlineAfter(now, 'pausing'), BATCH);
  for (const row of paused) {
    inBackground(core, carryOutPause(systemOp(core, row.tenant_id, 'timer'), core, row)).catch(() => {});
  }
  await endAll(core, (tx) => lockDueEnds(tx, now, BATCH));
};

export const endStaleFailures = async (core: Core): Promise<void> => {
  const now = core.now();
  const before = new Date(now.getTime() - FAILURE_KEPT_MS);
  await endAll(core, async (tx) => (await lockStaleFailures(tx, before, BATCH)).map((row) => ({ ...row, reason: 'error' })));
};

type Ending = { readonly id: string; readonly tenant_id: string; readonly reason: EndedReason };

/** Judges and ends in one transaction: a sandbox extended meanwhile waits for the lock or is not picked. */
const endAll = async (core: Core, pick: (tx: Tx) => Promise<readonly Ending[]>): Promise<void> => {
  const ended = await core.db.tx({ log: core.log, requestId: 'system-timer' }, 'sandboxes.timers', async (tx) => {
    const picked = await pick(tx);
    for (const { id, tenant_id, reason } of picked) await destroyIn(tx, systemOp(core, tenant_id, 'timer'), core, id, reason);
    return picked;
  });
  for (const { id } of ended) inBackground(core, cleanHost(core, id));
};
