import type { Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import { totals } from '../../usage/index.ts';
import { callJson } from '../agent/client.ts';
import { AgentAnything } from '../agent/protocol.ts';
import { withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { fetchLogs, fetchProcesses } from '../exec/service.ts';
import { probeStart } from '../exec/start.ts';
import { countersOf } from '../metrics/counters.ts';
import { isReady, remainingMs } from '../render.ts';
import type { LogLine, Readiness, SandboxUsage } from '../schemas.ts';
import type { SandboxRow } from '../types.ts';
import { getSandbox } from './service.ts';

const HEALTH_TIMEOUT_MS = 2000;

const agentCheck = async (core: Core, row: SandboxRow): Promise<{ ok: boolean; message: string }> => {
  if (!isReady(row) || row.endpoint === null) return { ok: false, message: 'the machine is not running' };
  try {
    await callJson(core.pools.of(row.id, row.endpoint), { method: 'GET', path: '/health', timeoutMs: HEALTH_TIMEOUT_MS }, AgentAnything);
    return { ok: true, message: 'commands run now' };
  } catch {
    return { ok: false, message: 'the agent does not answer' };
  }
};

const startCheck = (core: Core, row: SandboxRow): Promise<{ ok: boolean; message: string }> =>
  probeStart(core, row, 0).catch(() => ({ ok: false, message: 'the agent does not answer' }));

const check = async (core: Core, row: SandboxRow): Promise<Static<typeof Readiness>> => {
  const agent = await agentCheck(core, row);
  const start = row.readiness_probe === null || !agent.ok ? [] : [{ name: 'start', ...(await startCheck(core, row)) }];
  const machine = { name: 'machine', ok: isReady(row), message: row.transition ?? row.state_reason ?? row.state };
  const checks = [machine, { name: 'agent', ...agent }, ...start];
  return { ready: checks.every(({ ok }) => ok), state: row.state, checks };
};

/** Whether commands run now; with `waitSeconds` answers as soon as they do. Never wakes a sandbox. */
export const readiness = async (op: Op, core: Core, id: string, waitSeconds: number): Promise<Static<typeof Readiness>> => {
  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const row = await getSandbox(op, core, id);
    const result = await check(core, row);
    const left = until - Date.now();
    if (result.ready || row.state === 'destroyed' || left <= 0 || op.signal.aborted) return result;
    await core.signals.changed(id, left, op.signal);
  }
};

/** Provisioned time from the intervals; what the host measured, over the whole life and also after its end. */
export const usageOf = async (op: Op, core: Core, id: string): Promise<Static<typeof SandboxUsage>> => {
  const row = await getSandbox(op, core, id);
  const [sums, counters] = await Promise.all([totals(core.db.read, 'sandbox', [id], core.now()), countersOf(core, row)]);
  const total = sums.get(id) ?? { runtimeMs: 0, vcpuMs: 0, memoryMiBMs: 0 };
  const measured = counters === undefined ? 'unavailable' : 'measured';
  return {
    sandbox_id: id,
    state: row.state,
    runtime_sec: Math.floor(total.runtimeMs / 1000),
    provisioned_vcpu_ms: total.vcpuMs,
    provisioned_memory_mb_ms: total.memoryMiBMs,
    active_cpu_ms: counters === undefined ? null : Math.floor(counters.cpuUsageUsec / 1000),
    network_ingress_bytes: counters?.networkRxBytes ?? null,
    network_egress_bytes: counters?.networkTxBytes ?? null,
    storage_bytes: counters?.diskBytes ?? null,
    measurement_status: { active_cpu: measured, network: measured, provisioned_resources: 'measured' },
    estimated_cost_usd: 0, // no price list on this installation
    timeout_sec: row.timeout_sec,
    timeout_remaining_ms: remainingMs(row, core.now()),
  };
};

/** Newest processes whose output is shown; older ones have their own route. */
const LOGGED_PROCESSES = 20;

/** The last lines of the sandbox's processes. The agent keeps bytes without times, so a line carries its process's start. */
export const logLines = (op: Op, core: Core, id: string, lines: number): Promise<Static<typeof LogLine>[]> =>
  withAgent(op, core, id, 'reading', async (pool) => {
    const processes = (await fetchProcesses(op, pool)).slice(-LOGGED_PROCESSES);
    const outputs = await Promise.all(processes.map((process) => fetchLogs(op, pool, process.id, lines)));
    const all = processes.flatMap((process, index) => {
      const ts = new Date(process.startedAt).toISOString();
      const source = process.name || process.id;
      const of = (stream: 'stdout' | 'stderr') =>
        (outputs[index]?.[stream] ?? '')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => ({ ts, stream, line, source }));
      return [...of('stdout'), ...of('stderr')];
    });
    return all.slice(-lines);
  });
