import type { Db } from '@miosa/db';
import { Fault, notFound, type Op } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { claim, findVisible } from '../store.ts';
import type { PauseReason, SandboxRow, Transition } from '../types.ts';
import { visibilityOf } from '../visibility.ts';
import { assertCapacity, isLimited } from './capacity.ts';
import { carryOutPause, carryOutResume, deadlineAfter } from './effects.ts';
import { type Action, decide, gone, notRunning, sourcesOf } from './states.ts';

/** How long a call waits for a boot, a resume or a pause under way before it answers 503 (contract 4.2). */
const SETTLE_MS = 30_000;

/** How the row is looked up again: with the caller's visibility, or without one for internal calls. */
export type Lookup = () => Promise<SandboxRow | undefined>;

/** A reading that was begun before the handler ran, by request. */
const begun = new WeakMap<Op, { readonly id: string; readonly row: Promise<SandboxRow | undefined> }>();

const read = async (op: Op, core: Core, id: string): Promise<SandboxRow | undefined> =>
  findVisible(core.db.read, await visibilityOf(op, core), id);

/** For `ahead` of a route: its first look at the sandbox. */
export const lookAhead = (op: Op, core: Core, id: string): void => {
  const row = read(op, core, id);
  row.catch(() => {}); // thrown to the handler, if it runs
  begun.set(op, { id, row });
};

export const lookupFor =
  (op: Op, core: Core, id: string): Lookup =>
  () => {
    const first = begun.get(op);
    begun.delete(op);
    return first?.id === id ? first.row : read(op, core, id);
  };

/**
 * Brings the sandbox to where `action` can be done, by the rules of `states.ts`: wakes it, waits for what is under way, or refuses.
 * For `pause` and `resume` that is the whole action. One read when it is ready already.
 */
export const settleFor = async (
  op: Op,
  core: Core,
  lookup: Lookup,
  action: Exclude<Action, 'destroy' | 'snapshot' | 'restore' | 'resize'>,
): Promise<SandboxRow> => {
  const until = Date.now() + SETTLE_MS;
  for (;;) {
    const row = await lookup();
    if (row === undefined) throw notFound();
    const decision = decide(row, action);
    if (decision === 'ready') return row;
    if (decision === 'GONE') throw gone(row);
    if (decision === 'SANDBOX_NOT_RUNNING') throw notRunning(row);
    if (decision !== 'wait') {
      const done = await step(op, core, row, decision.transition);
      if (done !== undefined && decide(done, action) === 'ready') return done;
      continue;
    }
    const left = until - Date.now();
    if (left <= 0 || op.signal.aborted) throw busy(row);
    // A change between the read above and this wait is seen at the recheck, a second later at most.
    await core.signals.changed(row.id, left, op.signal);
  }
};

export const busy = (row: SandboxRow): Fault =>
  new Fault('UNAVAILABLE', `The sandbox is still ${row.transition ?? row.state}. Try again in a moment.`, {
    details: { reason: row.transition ?? row.state, state: row.state },
  });

const step = (op: Op, core: Core, row: SandboxRow, transition: Transition): Promise<SandboxRow | undefined> => {
  if (transition === 'resuming') return resumeOnce(op, core, row);
  if (transition === 'pausing') return pauseAs(op, core, row, 'user');
  throw new Error(`${transition} has its own way`);
};

/** One resume at a time in this process; across processes the claim decides. The effect belongs to nobody's connection. */
const resumeOnce = (op: Op, core: Core, row: SandboxRow): Promise<SandboxRow | undefined> => {
  const flying = core.flights.get(row.id);
  if (flying !== undefined) return flying;
  const flight = resumeClaimed(op, core, row).finally(() => core.flights.delete(row.id));
  core.flights.set(row.id, flight as Promise<SandboxRow>);
  return inBackground(core, flight);
};

const resumeClaimed = async (op: Op, core: Core, row: SandboxRow): Promise<SandboxRow | undefined> => {
  const now = core.now();
  const fence = { transition: 'resuming', deadline: deadlineAfter(now, 'resuming') } as const;
  const take = (db: Db) => claim(db, row.id, sourcesOf('resuming'), fence, { updated_at: now });
  const claimed = isLimited(core)
    ? await core.db.tx(op, 'sandboxes.resuming', async (tx) => {
        const taken = await take(tx);
        if (taken !== undefined) await assertCapacity(tx, core, taken);
        return taken;
      })
    : await take(core.db.read);
  return claimed === undefined ? undefined : carryOutResume(op, core, claimed);
};

export const pauseAs = async (op: Op, core: Core, row: SandboxRow, reason: PauseReason): Promise<SandboxRow | undefined> => {
  const now = core.now();
  const fence = { transition: 'pausing', deadline: deadlineAfter(now, 'pausing') } as const;
  const claimed = await claim(core.db.read, row.id, sourcesOf('pausing'), fence, { updated_at: now, state_reason: reason });
  return claimed === undefined ? undefined : inBackground(core, carryOutPause(op, core, claimed));
};
