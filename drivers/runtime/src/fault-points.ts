import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimePort } from './port.ts';

/**
 * A named step of an operation, at which a test holds whoever comes there and meanwhile kills a process: this one or another. `id` is the
 * sandbox or snapshot where the step knows it.
 */
export type FaultPoint = (step: string, id?: string) => Promise<void>;

const LOOK_MS = 5;

/** Moves the trap away, and so only one is caught; a number in it says how many pass first. */
const sprung = (trap: string, held: string): boolean => {
  try {
    const left = Number(readFileSync(trap, 'utf8'));
    if (left > 0) writeFileSync(trap, String(left - 1));
    else renameSync(trap, held);
    return left === 0;
  } catch {
    return false;
  }
};

/**
 * For the fault tests; undefined, and then nothing is wrapped at all, unless the process was started with a folder for it. A file
 * `traps/<step>` there (or `traps/<step>@<id>`, or with the id's prefix only) holds the first that comes: it moves the file to `held/` and goes on when that is removed. While
 * there is a file `trace`, every step is written to it.
 */
export const openFaultPoints = (folder: string | undefined): FaultPoint | undefined => {
  if (folder === undefined || folder === '') return undefined;
  const trace = join(folder, 'trace');
  return async (step, id) => {
    if (existsSync(trace)) appendFileSync(trace, `${step} ${id ?? ''}\n`);
    for (const name of id === undefined ? [step] : [`${step}@${id}`, `${step}@${id.split('_')[0]}`]) {
      const held = join(folder, 'held', name);
      if (!sprung(join(folder, 'traps', name), held)) continue;
      while (existsSync(held)) await sleep(LOOK_MS);
      return;
    }
  };
};

/** `work` with a point before it and one after it. */
export const atPoints = async <T>(point: FaultPoint, step: string, id: string | undefined, work: () => Promise<T>): Promise<T> => {
  await point(`${step}.before`, id);
  const result = await work();
  await point(`${step}.after`, id);
  return result;
};

/** What changes a host. */
const CHANGES = ['pause', 'resume', 'stop', 'destroy', 'snapshot', 'restore', 'deleteSnapshot'] as const;

/** The steps `runtime.<method>.before` (the row says so, the host knows nothing yet) and `.after` (the host is done, the row does not say so). */
export const runtimeAtPoints = <R extends RuntimePort>(runtime: R, point: FaultPoint | undefined): R => {
  if (point === undefined) return runtime;
  const changes = CHANGES.map((method) => {
    const call = runtime[method] as (...args: string[]) => Promise<unknown>;
    return [method, (...args: string[]) => atPoints(point, `runtime.${method}`, args[0], () => call(...args))];
  });
  return {
    ...runtime,
    ...Object.fromEntries(changes),
    create: (spec) => atPoints(point, 'runtime.create', spec.id, () => runtime.create(spec)),
  };
};
