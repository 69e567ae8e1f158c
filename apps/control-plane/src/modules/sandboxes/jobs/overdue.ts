import { Fault } from '@miosa/kernel';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { carryOutPause, carryOutResume, cleanHost, deadlineAfter, fenceOf } from '../lifecycle/effects.ts';
import { carryOutHibernate } from '../lifecycle/hibernate.ts';
import { carryOutRestore } from '../snapshots/effects.ts';
import { endSnapshotting } from '../snapshots/jobs.ts';
import { settle } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { endBoot } from './boots.ts';
import { claimOverdue } from './store.ts';

const BATCH = 50;

/**
 * Ends every transition and boot past its deadline: whoever began it has died or hangs. The effects are idempotent, so carrying them out
 * once more is always right, and each of them ends the transition whichever way it goes.
 */
export const endOverdue = async (core: Core): Promise<void> => {
  const now = core.now();
  const rows = await claimOverdue(core.db.read, now, deadlineAfter(now, 'resuming'), BATCH);
  for (const row of rows) inBackground(core, end(core, row)).catch(() => {});
};

const end = async (core: Core, row: SandboxRow): Promise<unknown> => {
  const op = systemOp(core, row.tenant_id, 'reconciler');
  if (row.state === 'destroyed') return cleanHost(core, row.id);
  if (row.transition === 'pausing') return carryOutPause(op, core, row);
  if (row.transition === 'resuming') return carryOutResume(op, core, row, { isFinal: row.state === 'running' ? hostAnswered : undefined });
  if (row.transition === 'hibernating') return carryOutHibernate(op, core, row);
  if (row.transition === 'resizing') return settle(core.db.read, row.id, fenceOf(row), { updated_at: core.now() });
  if (row.transition === 'restoring') return carryOutRestore(op, core, row);
  if (row.transition === 'snapshotting')
    return endSnapshotting(core, row, () => settle(core.db.read, row.id, fenceOf(row), { updated_at: core.now() }));
  return row.state === 'provisioning' ? endBoot(core, row, 'boot_timeout') : undefined;
};

/** A machine that was lost had its sixty seconds; but while the host itself is away nothing is known, and it is asked again later. */
export const hostAnswered = (error: unknown): boolean => error instanceof Fault && error.code !== 'UPSTREAM_UNREACHABLE';
