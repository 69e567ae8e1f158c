import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@miosa/kernel';
import { isAlive } from '../process.ts';
import { createDemand } from './demand.ts';
import { createSpares, type Spare, type SpareParts } from './spares.ts';

/** Machines booted ahead, of each template as many as demand asks for; one serves every size, whose limits it gets when it is claimed. */
export interface WarmPool {
  /** A machine of exactly that build, the caller's from now on; undefined: boot one. Either way counted as demand. */
  take(templateId: string, rootfs: string): Spare | undefined;
  /** Ends a machine that was taken and is of no use. */
  end(spare: Spare): Promise<void>;
  /** Somebody waits for `task`: nothing is made ahead meanwhile. */
  first<T>(task: () => Promise<T>): Promise<T>;
  /** Machines ready, by template. */
  ready(): Readonly<Record<string, number>>;
  start(): void;
  close(): Promise<void>;
}

export interface PoolOptions extends SpareParts {
  /** Of all templates together; 0: everything is booted when it is asked for. */
  readonly max: number;
  /** Whether memory and disk are plentiful enough for machines that nobody needs yet. */
  readonly hasRoom: () => boolean;
  readonly log: Log;
}

/** Kept without any demand: the first create of the day should be as quick as the second. */
const LEAST = { 'miosa-sandbox': 2 } as const;
/** Nothing is made ahead until nobody has waited for anything for this long: the creates of a burst come closer together. */
const QUIET_MS = 100;
const TIDY_EVERY_MS = 10_000;
const AFTER_FAILURE_MS = 30_000;

export const openPool = (options: PoolOptions): WarmPool => {
  const { max, hasRoom, templates, log } = options;
  const demand = createDemand(LEAST);
  const makes = createSpares(options);
  let spares: Spare[] = [];
  let waitedFor = 0;
  let quietFrom = 0;
  let pausedUntil = 0;
  let working: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let open = false;

  const countOf = (template: string): number => spares.filter((spare) => spare.templateId === template && isAlive(spare.process)).length;
  const buildOf = (template: string): string | undefined => {
    try {
      return templates.resolve(template);
    } catch {
      return undefined; // it is gone, or not built yet
    }
  };
  const lacking = (): string | undefined => {
    if (performance.now() < pausedUntil || !hasRoom()) return undefined;
    const plan = demand.plan(performance.now(), max);
    return [...plan.keys()].find((template) => countOf(template) < (plan.get(template) ?? 0) && buildOf(template) !== undefined);
  };
  const quiet = async (): Promise<void> => {
    for (let left = 1; left > 0 && open; ) {
      left = waitedFor > 0 ? QUIET_MS : quietFrom + QUIET_MS - performance.now();
      if (left > 0) await sleep(left);
    }
  };
  /** Out of date, dead, or more than anybody wants. */
  const useless = (): Spare[] => {
    const plan = hasRoom() ? demand.plan(performance.now(), max) : new Map<string, number>();
    const kept = new Map<string, number>();
    return spares.filter((spare) => {
      const rootfs = buildOf(spare.templateId);
      const count = kept.get(spare.templateId) ?? 0;
      if (rootfs === undefined || !makes.isFit(spare, rootfs) || count >= (plan.get(spare.templateId) ?? 0)) return true;
      kept.set(spare.templateId, count + 1);
      return false;
    });
  };
  const work = async (): Promise<void> => {
    for (let spare = useless()[0]; spare !== undefined && open; spare = useless()[0]) {
      await quiet();
      const found = spares.indexOf(spare);
      if (found < 0) continue; // taken meanwhile
      spares.splice(found, 1);
      await makes.end(spare);
    }
    for (let template = lacking(); template !== undefined && open; template = lacking()) {
      await quiet();
      if (!open) return;
      const made = await makes.make(template);
      // Not in one expression: `spares` may be another list by now.
      spares.push(made);
    }
  };
  const wake = (): void => {
    if (!open || working !== null) return;
    working = work()
      .catch((error: unknown) => {
        pausedUntil = performance.now() + AFTER_FAILURE_MS;
        log.warn({ err: error }, 'a machine could not be made or ended ahead of demand');
      })
      .finally(() => {
        working = null;
      });
  };

  return {
    take: (templateId, rootfs) => {
      if (max === 0) return undefined;
      demand.note(templateId, performance.now());
      // The oldest: what a machine does after its start, it has done.
      const found = spares.find((spare) => spare.templateId === templateId && makes.isFit(spare, rootfs));
      spares = spares.filter((spare) => spare !== found);
      return found;
    },
    end: makes.end,
    first: async (task) => {
      waitedFor += 1;
      try {
        return await task();
      } finally {
        waitedFor -= 1;
        quietFrom = performance.now();
        wake();
      }
    },
    ready: () => Object.fromEntries([...new Set(spares.map(({ templateId }) => templateId))].map((id) => [id, countOf(id)])),
    start: () => {
      if (max === 0) return;
      open = true;
      timer = setInterval(wake, TIDY_EVERY_MS);
      timer.unref();
      wake();
    },
    close: async () => {
      open = false;
      clearInterval(timer);
      await working;
      await Promise.all(spares.splice(0).map(makes.end));
    },
  };
};
