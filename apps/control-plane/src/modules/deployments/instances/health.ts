import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import type { AppProcess, ProbeAnswer } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { whyUnready } from './reasons.ts';

/** Contract 4.5: any status below 500. */
const HEALTHY_BELOW = 500;
/** One request; a slow start is waited for by asking again. */
const PROBE_MS = 5000;
/** An app that ended so often before it was ever healthy is not waited for any longer. */
const CRASHES = 3;
const APP_LOOK_MS = 500;
const LINES = 20;

export const isHealthy = (answer: ProbeAnswer | null): boolean => answer !== null && 'status' in answer && answer.status < HEALTHY_BELOW;

/** Soon after the start often, for a fast app must not wait; later seldom, for a slow one needs its processor. */
const pauseMs = (elapsedMs: number): number => (elapsedMs < 2000 ? 20 : elapsedMs < 10_000 ? 100 : 500);

export interface Gate {
  readonly port: number;
  readonly path: string;
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

/** Undefined: not known. */
type Seen = AppProcess | null | undefined;

const hasGivenUp = (app: Seen): boolean =>
  app === null || (app !== undefined && (app.restarts >= CRASHES || (app.state === 'exited' && !app.resting)));

/** What of the machine can still be asked is told in the reason. */
const unready = async (core: Core, machineId: string, gate: Gate, answer: ProbeAnswer | null, app: Seen): Promise<Fault> => {
  const [ports, lines] = await Promise.all([
    core.machines.ports(machineId).catch(() => []),
    core.machines.tail(machineId, LINES).catch(() => []),
  ]);
  const why = whyUnready({ port: gate.port, path: gate.path, withinSec: Math.round(gate.graceMs / 1000), answer, app, ports, lines });
  return new Fault('CONFLICT', why, { details: { reason: 'not_healthy' } });
};

/** Resolves at the first healthy answer. @throws Fault CONFLICT `not_healthy` that says why there was none, and what to do. */
export const untilHealthy = async (core: Core, machineId: string, gate: Gate): Promise<void> => {
  const began = Date.now();
  let answer: ProbeAnswer | null = null;
  let app: Seen;
  let lookAt = began + APP_LOOK_MS;
  for (;;) {
    gate.signal.throwIfAborted();
    const left = began + gate.graceMs - Date.now();
    if (left <= 0) throw await unready(core, machineId, gate, answer, await core.machines.app(machineId).catch(() => app));
    const before: ProbeAnswer | null = answer;
    const asked: ProbeAnswer | null = await core.machines
      .probe(machineId, { port: gate.port, path: gate.path, timeoutMs: Math.min(PROBE_MS, left) })
      .catch((error: unknown): ProbeAnswer | null => {
        core.log.debug({ err: error, machineId }, 'an instance could not be asked');
        return before;
      });
    // A last question that the end of the grace cut short says less than what was heard before.
    const isCutShort: boolean = left < PROBE_MS && asked !== null && 'failure' in asked && asked.failure === 'no_answer';
    answer = isCutShort && before !== null ? before : asked;
    if (isHealthy(answer)) return;
    if (Date.now() >= lookAt) {
      const seen: Seen = app;
      app = await core.machines.app(machineId).catch(() => seen);
      // Between two looks it may have been started again: how it ended last is what its owner has to know.
      if (app) app = { ...app, exitCode: app.exitCode ?? seen?.exitCode ?? null };
      if (hasGivenUp(app)) throw await unready(core, machineId, gate, answer, app);
      lookAt = Date.now() + APP_LOOK_MS;
    }
    await sleep(pauseMs(Date.now() - began), undefined, { signal: gate.signal });
  }
};
