import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ProcessName } from '../../harness/platform.ts';
import type { Books } from '../books.ts';
import type { Broken } from '../fixture.ts';
import type { Points } from './points.ts';

const ALL_HELD_WITHIN_MS = 30_000;
/** After so long without another one caught, those that still move stand behind one that does not. */
const NONE_CAUGHT_FOR_MS = 8_000;
const AT_REST_WITHIN_MS = 60_000;
/** A process that lived takes its time to end what it began; only then do deadlines come. */
const UNDISTURBED_MS = 2000;
const TAKEN_OVER_WITHIN_MS = 10_000;

export type Outcome = 'done' | 'refused';

/** Where a row is to stand. */
export interface Standing<R> {
  readonly trapOf: (row: R) => string;
  /** How often a row comes by before. */
  readonly passingOf: (row: R) => number;
  /** Whether no other row can be caught by its trap. */
  readonly isOwn: (row: R) => boolean;
  readonly run: (row: R) => Promise<unknown>;
  /** Part of the rows that has to be caught. Default: all. */
  readonly atLeast?: number;
}

/**
 * Starts all rows and waits until each trap has caught one, or `atLeast` so many and no other for a while. First those that may be caught by any trap of their operation, then those with a trap of
 * their own. Last and briefly, since others may wait for their locks, those in a transaction.
 */
export const standAtSteps = async <R>(points: Points, rows: readonly R[], how: Standing<R>): Promise<ReadonlyMap<R, Promise<Outcome>>> => {
  const { trapOf, passingOf, isOwn, run, atLeast = 1 } = how;
  const inTransaction = (row: R): boolean => !isOwn(row) && trapOf(row).endsWith('.commit');
  const anywhere = rows.filter((row) => !isOwn(row) && !inTransaction(row));
  const calls = new Map<R, Promise<Outcome>>();
  let expected = 0;
  for (const group of [anywhere, rows.filter(isOwn), rows.filter(inTransaction)]) {
    for (const row of group) points.trap(trapOf(row), passingOf(row));
    for (const row of group) {
      const done = run(row).then(
        (): Outcome => 'done',
        (): Outcome => 'refused',
      );
      calls.set(row, done);
    }
    expected += group.length;
    let held = -1;
    let since = Date.now();
    const missing = (): string[] => {
      if (points.held().length !== held) [held, since] = [points.held().length, Date.now()];
      if (held >= expected * atLeast && Date.now() - since > NONE_CAUGHT_FOR_MS) return [];
      return group.map(trapOf).filter((trap) => !points.held().includes(trap));
    };
    await expect.poll(missing, { timeout: ALL_HELD_WITHIN_MS, interval: 20 }).toEqual([]);
  }
  return calls;
};

/** Kills while every row stands at its step, lets the rows go, and waits for successors. `others` are processes without a supervisor of theirs. */
export const strike = async (
  { platform }: Broken,
  points: Points,
  victims: readonly ProcessName[],
  others: readonly number[],
): Promise<void> => {
  for (const pid of others) process.kill(pid, 'SIGKILL');
  const killed = victims.map((name) => [name, platform.pid(name)] as const);
  for (const name of victims) await platform.kill(name);
  points.release();
  if (victims.includes('supervisor')) return platform.up();
  for (const [name, before] of killed) await platform.restarted(name, before);
};

/** Waits until nothing is under way; what would wait for a deadline has it brought forward. */
export const atRest = async (books: Books): Promise<void> => {
  const started = Date.now();
  let due = started + UNDISTURBED_MS;
  for (let left: string[] = ['']; left.length > 0; ) {
    if (Date.now() - started > AT_REST_WITHIN_MS) throw new Error(`not at rest: ${left.join(', ')}`);
    if (Date.now() > due) {
      // Not again and again: who takes over what is overdue sets a deadline of its own.
      due = await books.letTimePass().then(
        () => Date.now() + TAKEN_OVER_WITHIN_MS,
        () => due,
      );
    }
    await sleep(100);
    left = await books.unsettled().catch((error: Error) => [error.message]);
  }
};
