import { Fault, isId } from '@miosa/kernel';
import type { RuntimeSample } from '@miosa/runtime';
import { callJson } from '../agent/client.ts';
import type { Pool } from '../agent/pool.ts';
import { AgentAnything, type AgentProcess, AgentProcesses } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import { readLines } from '../logs/lines.ts';
import { BEGINNING } from '../logs/position.ts';
import { fetchPorts } from '../previews/ports.ts';
import { isReady } from '../render.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { type ProbeAnswer, type ProbeRequest, probeApp } from './probe.ts';
import type { AppLine, AppProcess } from './types.ts';

const CALL_MS = 5000;
/** Between the grace and the agent's answer: what is deaf is killed then. */
const KILLED_MS = 6000;

const running = async (core: Core, id: string): Promise<{ row: SandboxRow; pool: Pool }> => {
  const row = await findAny(core.db.read, id);
  if (row === undefined || !isReady(row) || row.endpoint === null)
    throw new Fault('UNAVAILABLE', 'The machine does not run now.', { details: { reason: 'not_running' } });
  return { row, pool: core.pools.of(id, row.endpoint) };
};

const startIn = async (pool: Pool): Promise<AgentProcess | undefined> => {
  const { processes } = await callJson(pool, { method: 'GET', path: '/processes', timeoutMs: CALL_MS }, AgentProcesses);
  return processes?.findLast(({ name, id }) => name === 'start' && isId('prc', id));
};

export const appOf = async (core: Core, id: string): Promise<AppProcess | null> => {
  const { pool } = await running(core, id);
  const start = await startIn(pool);
  if (start === undefined) return null;
  return {
    state: start.state,
    resting: start.stateReason === 'restarting',
    exitCode: start.exitCode ?? null,
    restarts: Math.max(0, start.restarts ?? 0),
    startedAt: new Date(start.startedAt),
  };
};

export const stopApp = async (core: Core, id: string, { graceMs, signal }: { graceMs: number; signal: AbortSignal }): Promise<void> => {
  const { pool } = await running(core, id);
  const start = await startIn(pool);
  if (start === undefined) return;
  const call = { method: 'POST', path: `/processes/${start.id}/stop`, query: { graceMs }, timeoutMs: graceMs + KILLED_MS, signal } as const;
  await callJson(pool, call, AgentAnything);
};

export const probe = async (core: Core, id: string, request: ProbeRequest): Promise<ProbeAnswer> =>
  probeApp((await running(core, id)).pool, request);

export const portsOf = async (core: Core, id: string): Promise<readonly number[]> => {
  const { row } = await running(core, id);
  return [...new Set((await fetchPorts(core, row)).map(({ port }) => port))].toSorted((a, b) => a - b);
};

/** Read in the order it was written, both streams together. */
export const tailOf = async (core: Core, id: string, lines: number): Promise<readonly AppLine[]> => {
  const found = await running(core, id).catch(() => undefined);
  const start = found === undefined ? undefined : await startIn(found.pool);
  if (found === undefined || start === undefined || start.logBytes === 0) return [];
  const kept: AppLine[] = [];
  const signal = AbortSignal.timeout(CALL_MS);
  for await (const { stream, line } of readLines(found.pool, start, BEGINNING, { until: start.logBytes, signal })) {
    kept.push({ stream, line });
    if (kept.length > 2 * lines) kept.splice(0, lines);
  }
  return kept.slice(-lines);
};

export const samplesOf = (core: Core, id: string, since: Date): Promise<readonly RuntimeSample[]> =>
  core.runtime.samples(id, since).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'NOT_FOUND') return [];
    throw error;
  });
