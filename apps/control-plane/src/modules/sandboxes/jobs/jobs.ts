import { setTimeout as sleep } from 'node:timers/promises';
import { forgetOldBulk, runQueued } from '../bulk/run.ts';
import type { Core } from '../deps.ts';
import { collectCounters } from '../metrics/counters.ts';
import { tendSnapshots } from '../snapshots/jobs.ts';
import { tendTemplates } from '../templates/jobs.ts';
import { compareWithHost } from './compare.ts';
import { hibernatePaused } from './hibernate.ts';
import { endOverdue } from './overdue.ts';
import { endStaleFailures, endTimers } from './timers.ts';

/** How late a timer may end. */
const TIMERS_MS = 1000;
/** How long a lost machine may go unnoticed. */
const COMPARE_MS = 5000;
const SNAPSHOTS_MS = 10_000;
const FAILURES_MS = 60_000;
/** Usage is visible within a minute (contract 6). */
const COUNTERS_MS = 30_000;
const MEMORY_MS = 5000;

/** Start-up does not wait longer than this for the first comparison: without a host the API must still come up. */
const FIRST_COMPARE_MS = 5000;

export interface Jobs {
  /**
   * Resolves after the first comparison with the host, so that what ended while we were away (a clean stop, a reboot) is known before
   * the first request is served.
   */
  start(): Promise<void>;
  /** Compares with the host soon, e.g. because notifications may have been lost. */
  poke(): void;
  /** Resolves when no pass is under way. */
  stop(): Promise<void>;
}

/** One reconciler: repeated by its timer or a signal, never twice at once in this process; a failure is logged and the next pass tries again. */
export const createLoop = <C extends Pick<Core, 'log'>>(core: C, name: string, everyMs: number, pass: (core: C) => Promise<void>) => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = true;
  const run = async (): Promise<void> => {
    try {
      await pass(core);
    } catch (error) {
      core.log.warn({ err: error, job: name }, 'reconciler pass failed; will be repeated');
    }
  };
  const schedule = (ms: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      running = running.then(run).then(() => schedule(everyMs));
    }, ms);
    timer.unref();
  };
  return {
    /** One pass now, before the timer. */
    first: (): Promise<void> => {
      running = running.then(run);
      return running;
    },
    start: (): void => {
      stopped = false;
      schedule(0);
    },
    poke: (): void => schedule(0),
    stop: async (): Promise<void> => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

/** The reconcilers of this module: idempotent, without input; rows are taken by locks, so that several control planes may run them. */
export const createJobs = (core: Core): Jobs => {
  const loops = [
    createLoop(core, 'sandboxes.compare', COMPARE_MS, compareWithHost),
    createLoop(core, 'sandboxes.timers', TIMERS_MS, endTimers),
    createLoop(core, 'sandboxes.overdue', TIMERS_MS, endOverdue),
    createLoop(core, 'sandboxes.snapshots', SNAPSHOTS_MS, tendSnapshots),
    createLoop(core, 'sandboxes.failures', FAILURES_MS, endStaleFailures),
    createLoop(core, 'sandboxes.counters', COUNTERS_MS, collectCounters),
    createLoop(core, 'sandboxes.memory', MEMORY_MS, hibernatePaused),
    createLoop(core, 'sandboxes.bulk', TIMERS_MS, runQueued),
    createLoop(core, 'sandboxes.templates', COMPARE_MS, tendTemplates),
    createLoop(core, 'sandboxes.bulk.old', FAILURES_MS, forgetOldBulk),
  ] as const;
  return {
    start: async () => {
      await Promise.race([loops[0].first(), sleep(FIRST_COMPARE_MS, undefined, { ref: false })]);
      for (const loop of loops) loop.start();
    },
    poke: () => {
      for (const loop of loops) loop.poke();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
