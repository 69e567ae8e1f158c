import type { Miosa } from '@miosa/sdk';
import type { Books } from '../books.ts';
import type { Operation, Prepared } from './operations.ts';
import type { Points } from './points.ts';

/** One step of an operation, found by watching it: where the trap for it is set. */
export interface Step {
  readonly operation: Operation;
  readonly name: string;
  /** The step is known by the sandbox that was made ready; otherwise any sandbox may be the one that is caught. */
  readonly own: '' | '@' | '@.new';
  /** How often the same sandbox comes by before. */
  readonly passing: number;
}

/** What reconcilers do all the time, and what has nothing to do with a sandbox. */
const IS_BACKGROUND = /^tx\.(?!sandboxes|snapshots)|^tx\.(sandboxes\.(timers|counters|bulk)|snapshots\.expire)/;
/** A little more than a reconciler of memory takes to come round. */
const HIBERNATES_WITHIN_MS = 12_000;

const stepsIn = (operation: Operation, seen: readonly { readonly step: string; readonly id: string }[], ownId: string): Step[] => {
  const times = new Map<string, number>();
  return seen.flatMap(({ step, id }) => {
    if (IS_BACKGROUND.test(step)) return [];
    const own = id === ownId && id !== '' ? '@' : id === `${ownId}.new` ? '@.new' : '';
    const name = own === '' && id !== '' ? `${step}@${id.split('_')[0]}` : step;
    const passing = times.get(name + own) ?? 0;
    times.set(name + own, passing + 1);
    return own === '' && passing > 0 ? [] : [{ operation, name, own, passing } as const];
  });
};

/** Carries the operation out once, undisturbed, and answers its steps in order. */
export const stepsOf = async (operation: Operation, miosa: Miosa, books: Books, points: Points): Promise<Step[]> => {
  const prepared = await operation.prepare?.(miosa);
  const seen = await points.traced(async () => {
    await operation.run(miosa, prepared, `traced-${operation.name}`);
    for (const until = Date.now() + HIBERNATES_WITHIN_MS; Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const isDone =
        operation.name !== 'hibernate' || (prepared !== undefined && (await prepared.sandbox.refresh()).resumeKeeps === 'files');
      if (isDone && (await books.unsettled()).length === 0) break;
    }
  });
  return stepsIn(operation, seen, prepared?.sandbox.id ?? '');
};

/** A sandbox on its way to one step. */
export interface Row {
  readonly step: Step;
  readonly prepared: Prepared | undefined;
  /** Of what the operation makes. */
  readonly name: string;
}

export const trapOf = ({ step, prepared }: Row): string =>
  step.own === '' ? step.name : `${step.name}@${prepared?.sandbox.id ?? ''}${step.own.slice(1)}`;

export const inBatches = async <T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  const left = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};
