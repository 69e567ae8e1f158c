import { type Core, inBackground, systemOp } from '../deps.ts';
import { deadlineAfter } from '../lifecycle/effects.ts';
import { carryOutHibernate } from '../lifecycle/hibernate.ts';
import { claimLongestPaused } from './store.ts';

/** Below this part of its memory the host needs that of paused sandboxes. */
const LOW = 0.1;
/** One pass; then the host is asked anew how much that has freed. */
const AT_ONCE = 4;
const BATCH = 50;

/** Paused sandboxes give their memory back, those paused longest first: when the host is short of it, or after the operator's time. */
export const hibernatePaused = async (core: Core): Promise<void> => {
  const { pauseKeeps, host } = await core.runtime.capabilities();
  if (pauseKeeps !== 'memory') return;
  const now = core.now();
  const deadline = deadlineAfter(now, 'hibernating');
  const after = core.policy.hibernateAfterSec;
  const rows =
    host.memoryFreeBytes < host.memoryBytes * LOW
      ? await claimLongestPaused(core.db.read, { now, deadline, pausedBefore: now, limit: AT_ONCE })
      : after === null
        ? []
        : await claimLongestPaused(core.db.read, { now, deadline, pausedBefore: new Date(now.getTime() - after * 1000), limit: BATCH });
  for (const row of rows) inBackground(core, carryOutHibernate(systemOp(core, row.tenant_id, 'memory'), core, row)).catch(() => {});
};
