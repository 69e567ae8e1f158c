import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import type { RuntimeInstance } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { pushEnvironment } from '../env/push.ts';
import { deleteEnv } from '../env/store.ts';
import { announce } from '../events/announce.ts';
import { ensureStarted } from '../exec/start.ts';
import { keepLastCounters, lastCounters } from '../metrics/counters.ts';
import { type Fence, findAny, markClean, markDestroyed, settle } from '../store.ts';
import type { EndedReason, SandboxRow } from '../types.ts';
import { auditSandbox, startMetering, stopMetering } from './audit.ts';
import { hostFault, mayPass, reasonOf } from './faults.ts';
import { recorded } from './patience.ts';
import { DEADLINE_SECONDS, gone } from './states.ts';

/** End of the window that starts now; null for always_on. */
export const expiryOf = (row: Pick<SandboxRow, 'always_on' | 'timeout_sec'>, now: Date): Date | null =>
  row.always_on ? null : new Date(now.getTime() + row.timeout_sec * 1000);

export const deadlineAfter = (now: Date, transition: keyof typeof DEADLINE_SECONDS): Date =>
  new Date(now.getTime() + DEADLINE_SECONDS[transition] * 1000);

/** The fence of a row just claimed. */
export const fenceOf = (row: SandboxRow): Fence => {
  if (row.transition === null || row.transition_deadline === null) throw new Error(`sandbox ${row.id} is not in transition`);
  return { transition: row.transition, deadline: row.transition_deadline };
};

/** The row after somebody else ended our transition; a destroyed one is an error for whoever wanted to use it. */
const overtaken = async (core: Core, id: string): Promise<SandboxRow> => {
  const row = await findAny(core.db.read, id);
  if (row === undefined || row.state === 'destroyed') throw gone(row ?? { ended_reason: null });
  return row;
};

/**
 * Carries out a claimed pause: freeze, then the row, its usage and audit together. Repeatable after a crash at any point, since
 * freezing twice changes nothing. A host that does not answer leaves the sandbox as it was.
 */
export const carryOutPause = async (op: Op, core: Core, claimed: SandboxRow): Promise<SandboxRow> => {
  const fence = fenceOf(claimed);
  let kept: Partial<Pick<SandboxRow, 'resume_keeps'>>;
  try {
    kept = (await core.runtime.pause(claimed.id)).state === 'stopped' ? { resume_keeps: 'files' } : {};
  } catch (error) {
    await settle(core.db.read, claimed.id, fence, { state_reason: null, updated_at: core.now() });
    throw hostFault(error, 'The sandbox could not be paused');
  }
  const now = core.now();
  const paused = await recorded(core, () =>
    core.db.tx(op, 'sandboxes.pause', async (tx) => {
      const row = await settle(tx, claimed.id, fence, {
        state: 'paused',
        paused_at: now,
        expires_at: null,
        updated_at: now,
        ...kept,
      });
      if (row === undefined) return undefined;
      await Promise.all([
        stopMetering(tx, row, now),
        auditSandbox(tx, op, 'sandboxes.pause', row, { metadata: { reason: row.state_reason } }),
        claimed.state === 'running' ? announce(tx, op, core, row, row.state_reason === 'idle' ? ['idle', 'paused'] : ['paused']) : null,
      ]);
      return row;
    }),
  );
  core.pools.close(claimed.id); // requests into the frozen sandbox would hang; their processes go on after resume
  return paused ?? overtaken(core, claimed.id);
};

/** How to bring a machine back, and whether a failure that may pass still ends in `error`. */
export interface Revival {
  readonly revive?: (id: string) => Promise<RuntimeInstance>;
  readonly isFinal?: ((error: unknown) => boolean) | undefined;
}

/** Carries out a claimed resume: thaw or boot, give the agent its environment, then the row, its usage and audit together. */
export const carryOutResume = async (op: Op, core: Core, claimed: SandboxRow, revival: Revival = {}): Promise<SandboxRow> => {
  let instance: RuntimeInstance;
  let pauseKeeps: SandboxRow['resume_keeps'];
  try {
    instance = await (revival.revive ?? core.runtime.resume.bind(core.runtime))(claimed.id);
    core.pools.close(claimed.id); // connections of an earlier life
    const reached = { ...claimed, endpoint: instance.endpoint };
    await pushEnvironment(core, reached);
    await ensureStarted(core, reached);
    ({ pauseKeeps } = await core.capabilities());
  } catch (error) {
    await resumeFailed(op, core, claimed, error, revival.isFinal?.(error) ?? !mayPass(error));
    throw hostFault(error, 'The sandbox could not be resumed');
  }
  const now = core.now();
  // A machine that was only lost for a moment keeps its window; a paused one starts a new one.
  const window =
    claimed.state === 'running' ? {} : { started_at: now, expires_at: expiryOf(claimed, now), last_activity_at: now, paused_at: null };
  const running = await recorded(core, () =>
    core.db.tx(op, 'sandboxes.resume', async (tx) => {
      const row = await settle(tx, claimed.id, fenceOf(claimed), {
        state: 'running',
        state_reason: null,
        endpoint: JSON.stringify(instance.endpoint),
        isolation: instance.isolation,
        resume_keeps: pauseKeeps,
        updated_at: now,
        ...window,
      });
      if (row === undefined) return undefined;
      await Promise.all([
        startMetering(tx, row, now),
        auditSandbox(tx, op, 'sandboxes.resume', row),
        claimed.state === 'running' ? null : announce(tx, op, core, row, ['resumed']),
      ]);
      return row;
    }),
  );
  if (running !== undefined) return running;
  await sweepIfDestroyed(core, claimed.id);
  return overtaken(core, claimed.id);
};

const resumeFailed = async (op: Op, core: Core, claimed: SandboxRow, error: unknown, final: boolean): Promise<void> => {
  const now = core.now();
  const fence = fenceOf(claimed);
  if (!final) {
    await settle(core.db.read, claimed.id, fence, { updated_at: now });
    return;
  }
  await core.db.tx(op, 'sandboxes.resumeFailed', async (tx) => {
    const row = await settle(tx, claimed.id, fence, { state: 'error', state_reason: reasonOf(error), expires_at: null, updated_at: now });
    if (row === undefined) return;
    await stopMetering(tx, row, now);
    await auditSandbox(tx, op, 'sandboxes.resume', row, { errorCode: 'UNAVAILABLE', metadata: { reason: row.state_reason } });
    await announce(tx, op, core, row, ['error']);
  });
};

/** A machine that came up after its sandbox was destroyed must not stay on the host. */
export const sweepIfDestroyed = async (core: Core, id: string): Promise<void> => {
  const row = await findAny(core.db.read, id);
  if (row === undefined || row.state === 'destroyed') await cleanHost(core, id);
};

/** Removes the machine of a destroyed sandbox. A failure is not the caller's: the row says what is left to do and a reconciler repeats it. */
export const cleanHost = async (core: Core, id: string): Promise<void> => {
  core.pools.close(id);
  const last = await lastCounters(core, id);
  try {
    await Promise.all([core.runtime.destroy(id), keepLastCounters(core, last)]);
    await markClean(core.db.read, id);
  } catch (error) {
    core.log.warn({ err: error, sandboxId: id }, 'host not clean yet; will be tried again');
  }
};

/** Ends a sandbox for good, from any state: the row is final before the host is touched, so a crash can only leave cleaning to do. */
export const destroyIn = async (tx: Tx, op: Op, core: Core, id: string, reason: EndedReason): Promise<boolean> => {
  const now = core.now();
  const ended = await markDestroyed(tx, id, reason, now, deadlineAfter(now, 'destroying'));
  if (ended === undefined) return false;
  await Promise.all([
    stopMetering(tx, ended, now), // before its sum is read for the event
    deleteEnv(tx, id),
    auditSandbox(tx, op, 'sandboxes.destroy', ended, { metadata: { reason } }),
    announce(tx, op, core, ended, reason === 'idle' ? ['idle', 'destroyed'] : ['destroyed']),
  ]);
  return true;
};

export const destroyRow = (op: Op, core: Core, id: string, reason: EndedReason): Promise<boolean> =>
  core.db.tx(op, 'sandboxes.destroy', (tx) => destroyIn(tx, op, core, id, reason));
