import type { Tx } from '@miosa/db';
import { notFound, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { deadlineAfter } from '../lifecycle/effects.ts';
import { busy, type Lookup } from '../lifecycle/settled.ts';
import { decide, gone, notRunning, sourcesOf } from '../lifecycle/states.ts';
import { claim } from '../store.ts';
import type { SandboxRow } from '../types.ts';

/** How long a call waits for what is under way with the sandbox (contract 4.2). */
const SETTLE_MS = 30_000;

const TRANSITIONS = { snapshot: 'snapshotting', restore: 'restoring', resize: 'resizing' } as const;

/** Waits until the sandbox rests where `action` may start; of two callers each gets its turn. */
const untilRest = async (op: Op, core: Core, lookup: Lookup, action: keyof typeof TRANSITIONS, until: number): Promise<SandboxRow> => {
  for (;;) {
    const row = await lookup();
    if (row === undefined) throw notFound();
    const decision = decide(row, action);
    if (decision === 'GONE') throw gone(row);
    if (decision === 'SANDBOX_NOT_RUNNING') throw notRunning(row);
    if (decision !== 'wait') return row;
    const left = until - Date.now();
    if (left <= 0 || op.signal.aborted) throw busy(row);
    await core.signals.changed(row.id, left, op.signal);
  }
};

/** Claims the sandbox for `action` and writes with it in one transaction: both stand after a crash, or neither. */
export const claimFor = async <T>(
  op: Op,
  core: Core,
  lookup: Lookup,
  how: {
    readonly action: keyof typeof TRANSITIONS;
    readonly write: (tx: Tx, claimed: SandboxRow, now: Date) => Promise<T>;
  },
): Promise<{ readonly claimed: SandboxRow; readonly written: T }> => {
  const until = Date.now() + SETTLE_MS;
  const transition = TRANSITIONS[how.action];
  for (;;) {
    const row = await untilRest(op, core, lookup, how.action, until);
    const now = core.now();
    const fence = { transition, deadline: deadlineAfter(now, transition) } as const;
    const done = await core.db.tx(op, `sandboxes.${transition}`, async (tx) => {
      const claimed = await claim(tx, row.id, sourcesOf(transition), fence, { updated_at: now });
      return claimed === undefined ? undefined : { claimed, written: await how.write(tx, claimed, now) };
    });
    if (done !== undefined) return done;
  }
};
