import { setTimeout as sleep } from 'node:timers/promises';
import { databaseFault } from '@miosa/db';
import { Fault } from '@miosa/kernel';
import type { RuntimePort } from '@miosa/runtime';
import type { Core } from '../deps.ts';

/** A runner or database that died is back within a second or two; well below every deadline of a transition. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

/** Repeats `work`, which must be safe to repeat, while what it needs is away. */
const patiently = async <T>(stopping: AbortSignal, isAway: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> => {
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || Date.now() > until || stopping.aborted) throw error;
      await sleep(PAUSE_MS);
    }
  }
};

const isDatabaseAway = (error: unknown): boolean => databaseFault(error)?.code === 'UNAVAILABLE';
const isHostAway = (error: unknown): boolean => error instanceof Fault && error.code === 'UPSTREAM_UNREACHABLE';

/** What was done on the host must reach its row; `write` is a fenced update, so one that was committed without an answer changes nothing again. */
export const recorded = <T>(core: Pick<Core, 'stopping'>, write: () => Promise<T>): Promise<T> =>
  patiently(core.stopping, isDatabaseAway, write);

/** The runtime, for which the restart of its host is a pause and not a failure. Every one of these methods is idempotent. */
export const patientRuntime = (runtime: RuntimePort, stopping: AbortSignal): RuntimePort => {
  const wait = <T>(work: () => Promise<T>): Promise<T> => patiently(stopping, isHostAway, work);
  return {
    ...runtime,
    create: (spec) => wait(() => runtime.create(spec)),
    pause: (id) => wait(() => runtime.pause(id)),
    resume: (id) => wait(() => runtime.resume(id)),
    stop: (id) => wait(() => runtime.stop(id)),
    snapshot: (id, snapshotId) => wait(() => runtime.snapshot(id, snapshotId)),
    restore: (id, snapshotId) => wait(() => runtime.restore(id, snapshotId)),
    deleteSnapshot: (snapshotId) => wait(() => runtime.deleteSnapshot(snapshotId)),
    resize: (id, shape) => wait(() => runtime.resize(id, shape)),
    setNetworkPolicy: (id, levels) => wait(() => runtime.setNetworkPolicy(id, levels)),
    setSecrets: (id, secrets) => wait(() => runtime.setSecrets(id, secrets)),
    destroy: (id) => wait(() => runtime.destroy(id)),
  };
};
