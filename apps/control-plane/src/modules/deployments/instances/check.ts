import { Fault } from '@miosa/kernel';
import type { AppProcess, ProbeAnswer } from '../../sandboxes/index.ts';
import { type Core, inBackground } from '../deps.ts';
import { failInstance } from './end.ts';
import { isHealthy } from './health.ts';
import { type Checked, changeInstance, claimChecks } from './store.ts';
import { tendDeployment } from './tend.ts';

const EVERY_MS = 10_000;
const PROBE_MS = 5000;
const BATCH = 50;
/** In a row; then it is replaced. */
const MISSES = 3;
/** Contract 4.5: 5 restarts in 5 minutes. */
const RESTARTS = 5;
const WINDOW_MS = 5 * 60_000;

/** What one look has found; undefined where the machine could not be asked. */
export interface Look {
  readonly answer: ProbeAnswer | undefined;
  readonly app: AppProcess | null | undefined;
}

type Known = Pick<Checked, 'state' | 'misses' | 'restarts' | 'window_restarts' | 'window_at'>;

export interface Judged {
  readonly state: 'healthy' | 'unhealthy' | 'failed';
  readonly reason: string | null;
  readonly set: Pick<Known, 'misses' | 'restarts' | 'window_restarts' | 'window_at'>;
}

const wrongWith = ({ answer, app }: Look): string => {
  if (app?.state === 'exited' || app?.resting === true) return `its process ended with exit code ${app.exitCode ?? 'unknown'}`;
  if (answer === undefined) return 'its machine does not answer';
  if ('status' in answer) return `the health check was answered with ${answer.status}`;
  return { refused: 'nothing listens on its port', no_answer: 'the health check was not answered', not_http: 'it does not speak HTTP' }[
    answer.failure
  ];
};

/** Pure: what a look makes of an instance. The agent starts a process that ended again by itself; here that is only counted. */
export const judge = (known: Known, look: Look, now: Date): Judged => {
  const restarts = Math.max(known.restarts, look.app?.restarts ?? 0);
  const windowIsOver = known.window_at === null || now.getTime() - known.window_at.getTime() > WINDOW_MS;
  // Restarts found after a window belong to the next one.
  const window = windowIsOver
    ? { window_at: now, window_restarts: known.restarts }
    : { window_at: known.window_at, window_restarts: known.window_restarts };
  const misses = isHealthy(look.answer ?? null) ? 0 : known.misses + 1;
  const set = { misses, restarts, ...window };
  if (restarts - window.window_restarts >= RESTARTS)
    return {
      state: 'failed',
      reason: `Crash loop: it was started again ${restarts - window.window_restarts} times within 5 minutes; ${wrongWith(look)}.`,
      set,
    };
  if (misses === 0) return { state: 'healthy', reason: null, set };
  if (misses >= MISSES || known.state === 'unhealthy') return { state: 'unhealthy', reason: `Unhealthy: ${wrongWith(look)}.`, set };
  return { state: 'healthy', reason: null, set };
};

const lookAt = async (core: Core, row: Checked): Promise<Look> => {
  const id = row.machine_id ?? '';
  const unknown = (error: unknown): undefined => {
    // Put to sleep or lost meanwhile: no miss of the app.
    if (error instanceof Fault && error.code === 'UNAVAILABLE') throw error;
    return undefined;
  };
  const [answer, app] = await Promise.all([
    core.machines.probe(id, { port: row.port, path: row.health_check_path ?? '/', timeoutMs: PROBE_MS }).catch(unknown),
    core.machines.app(id).catch(unknown),
  ]);
  return { answer, app };
};

const isSame = (a: Known, b: Judged): boolean =>
  a.state === b.state &&
  a.misses === b.set.misses &&
  a.restarts === b.set.restarts &&
  a.window_at?.getTime() === b.set.window_at?.getTime();

const check = async (core: Core, row: Checked): Promise<void> => {
  const found = await lookAt(core, row).catch(() => undefined);
  if (found === undefined) return;
  const now = core.now();
  const judged = judge(row, found, now);
  if (isSame(row, judged)) return;
  const { state, reason, set } = judged;
  const from = ['healthy', 'unhealthy'] as const;
  const moved = state === row.state ? {} : { state: state === 'failed' ? row.state : state, state_reason: reason, updated_at: now };
  if ((await changeInstance(core.db.read, row.id, from, { ...set, ...moved })) === undefined) return;
  if (state === 'failed') await failInstance(core, row.id, `${reason} ${await saidLast(core, row)}`.trim());
  if (state !== row.state) await tendDeployment(core, row.deployment_id);
};

const saidLast = async (core: Core, { machine_id }: Checked): Promise<string> => {
  const lines = machine_id === null ? [] : await core.machines.tail(machine_id, 5).catch(() => []);
  return lines.length === 0 ? '' : `Its last lines: ${lines.map(({ line }) => line.slice(0, 200)).join(' | ')}`;
};

/** Reconciler: asks running instances whether they are well. Sleeping ones are left asleep. */
export const checkInstances = async (core: Core): Promise<void> => {
  const now = core.now();
  const rows = await claimChecks(core.db.read, now, new Date(now.getTime() - EVERY_MS), BATCH);
  await Promise.all(rows.map((row) => inBackground(core, check(core, row)).catch(() => {})));
};
