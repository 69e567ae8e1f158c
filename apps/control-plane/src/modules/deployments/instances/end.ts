import { type Core, systemOp } from '../deps.ts';
import type { InstanceRow } from '../types.ts';
import { changeInstance, instancesByIds, leftMachines, takeEnd } from './store.ts';

/** Of an ended instance, to be read when its machine is gone. */
const LINES = 200;
const LINE_MAX = 1000;
const BATCH = 20;
/** Between SIGTERM and the end of the machine, at most; an operator who lets nothing drain waits for nothing here. */
const GRACE_MAX_SEC = 10;
/** For the agent to answer, and the last lines to be read. */
const ENDING_MS = 20_000;

const LIVING = ['pending', 'starting', 'healthy', 'unhealthy', 'stopping'] as const;

const lastLines = async (core: Core, { id, machine_id }: InstanceRow): Promise<string | null> => {
  if (machine_id === null) return null;
  const lines = await core.machines.tail(machine_id, LINES).catch((error: unknown) => {
    core.log.debug({ err: error, instanceId: id }, 'the last lines of an instance could not be read');
    return [];
  });
  // Postgres has no NUL in text.
  return JSON.stringify(lines.map(({ stream, line }) => [stream, line.slice(0, LINE_MAX).replaceAll('\u0000', '')]));
};

/** The row is final before its machine goes; a crash between leaves a machine that `removeLeft` finds. */
const endAs = async (core: Core, id: string, state: 'stopped' | 'failed', reason: string | null): Promise<void> => {
  const [row] = await instancesByIds(core.db.read, [id]);
  if (row === undefined) return;
  const last_lines = await lastLines(core, row);
  const now = core.now();
  const from = state === 'failed' ? LIVING.filter((one) => one !== 'stopping') : LIVING;
  const ended = await changeInstance(core.db.read, id, from, {
    state,
    ...(reason === null ? {} : { state_reason: reason.slice(0, 2000).replaceAll('\u0000', '') }),
    last_lines,
    deadline: null,
    drain_until: null,
    stopped_at: now,
    updated_at: now,
  });
  const machineId = ended?.machine_id ?? null;
  if (ended !== undefined && machineId !== null) await core.machines.destroy(systemOp(core, ended.tenant_id, 'deployments'), machineId);
};

/** Its visitors have been answered, or the drain is over: now it closes its connections and writes down what it has in memory. */
const letAppEnd = async (core: Core, { id, machine_id, started_at }: InstanceRow, graceMs: number): Promise<void> => {
  if (machine_id === null || started_at === null || graceMs === 0) return;
  await core.machines.stopApp(machine_id, { graceMs, signal: core.stopping }).catch((error: unknown) => {
    core.log.debug({ err: error, instanceId: id }, 'an app could not be asked to end');
  });
};

/** Of one that is `stopping`. Repeatable: should this process die, the next one to tend it goes on when its time is over. */
export const stopInstance = async (core: Core, id: string): Promise<void> => {
  const now = core.now();
  const graceMs = Math.min(GRACE_MAX_SEC, core.policy.drainSec) * 1000;
  const row = await takeEnd(core.db.read, id, now, new Date(now.getTime() + graceMs + ENDING_MS));
  if (row === undefined) return;
  await letAppEnd(core, row, graceMs);
  if (!core.stopping.aborted) await endAs(core, id, 'stopped', null);
};

export const failInstance = (core: Core, id: string, reason: string): Promise<void> => endAs(core, id, 'failed', reason);

/** Machines of instances that ended while whoever ended them died. */
export const removeLeft = async (core: Core): Promise<void> => {
  for (const { id, tenant_id } of await leftMachines(core.db.read, BATCH))
    await core.machines.destroy(systemOp(core, tenant_id, 'deployments'), id);
};
