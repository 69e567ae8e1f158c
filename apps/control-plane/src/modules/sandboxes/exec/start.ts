import { Fault, isId, type Op } from '@miosa/kernel';
import { callJson } from '../agent/client.ts';
import { AgentProcess, AgentProcesses, AgentReadiness } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import type { ReadinessProbe, SandboxRow } from '../types.ts';

const START_TIMEOUT_MS = 10_000;
/** A long poll of the agent ends by itself before this is over. */
const POLL_MARGIN_MS = 5000;
const NAME = 'start';

const probeOf = (probe: ReadinessProbe | null) =>
  probe === null
    ? {}
    : { readinessProbe: { type: probe.type, port: probe.port, path: probe.path, command: probe.command, timeoutSec: probe.timeout_sec } };

const serviceOf = (row: SandboxRow) =>
  row.start_command === null
    ? {}
    : {
        start: {
          command: row.start_command,
          autostart: true,
          restart: row.purpose === null ? 'on_failure' : 'always',
          ...probeOf(row.readiness_probe),
        },
      };

/** Files that no machine has run on hold no processes of an earlier one. */
const isFresh = (row: SandboxRow): boolean => row.state === 'provisioning' && row.snapshot_id === null && row.parent_sandbox_id === null;

/**
 * Runs what a booted machine has to run: processes marked `autostart`, which the agent has kept with the files, and `start_command` as the service
 * `start`. Done again it changes nothing: a thawed machine has them all. A failure is logged: the sandbox is usable without them.
 */
export const ensureStarted = async (core: Core, row: SandboxRow): Promise<void> => {
  // A machine has the files of a sandbox, and not what that ran.
  const hasNothing = row.start_command === null && (isFresh(row) || row.purpose !== null);
  if (row.endpoint === null || hasNothing) return;
  const pool = core.pools.of(row.id, row.endpoint);
  try {
    await callJson(pool, { method: 'POST', path: '/processes/boot', json: serviceOf(row), timeoutMs: START_TIMEOUT_MS }, AgentProcesses);
  } catch (error) {
    // Also what an agent from before services comes to: it has no such route.
    if (error instanceof Fault && error.code === 'UPSTREAM_UNREACHABLE') return startOnce(core, row);
    core.log.warn({ err: error, sandboxId: row.id }, 'the processes of the sandbox could not be started');
  }
};

/** For such an agent: the command as a plain process, unless this machine has had one. */
const startOnce = async (core: Core, row: SandboxRow): Promise<void> => {
  if (row.endpoint === null || row.start_command === null) return;
  const pool = core.pools.of(row.id, row.endpoint);
  const call = { path: '/processes', timeoutMs: START_TIMEOUT_MS } as const;
  try {
    const { processes } = await callJson(pool, { ...call, method: 'GET' }, AgentProcesses);
    if (processes?.some(({ name }) => name === NAME)) return;
    await callJson(pool, { ...call, method: 'POST', json: { command: row.start_command, name: NAME } }, AgentProcess);
  } catch (error) {
    core.log.warn({ err: error, sandboxId: row.id }, 'the start command could not be run');
  }
};

/** What the probe of the service `start` has found; waits up to `waitMs` for it to pass or to give up. */
export const probeStart = async (
  core: Core,
  row: SandboxRow,
  waitMs: number,
  signal?: AbortSignal,
): Promise<{ ok: boolean; message: string }> => {
  if (row.endpoint === null) return { ok: false, message: 'the machine is not running' };
  const pool = core.pools.of(row.id, row.endpoint);
  const call = { method: 'GET', ...(signal === undefined ? {} : { signal }) } as const;
  const { processes } = await callJson(pool, { ...call, path: '/processes', timeoutMs: START_TIMEOUT_MS }, AgentProcesses);
  const start = processes?.findLast(({ name }) => name === NAME);
  if (start === undefined || !isId('prc', start.id)) return { ok: false, message: 'the start command does not run' };
  const path = `/processes/${start.id}/readiness`;
  const poll = { ...call, path, query: { waitMs: Math.max(0, Math.floor(waitMs)) }, timeoutMs: waitMs + POLL_MARGIN_MS };
  const { ready, message } = await callJson(pool, poll, AgentReadiness);
  return { ok: ready, message: message.slice(0, 200) };
};

/** The row, once its service answers. A probe that does not pass in time is not an error: the sandbox is there, and `readiness` says why. */
export const startReady = async (op: Op, core: Core, row: SandboxRow, waitMs: number): Promise<SandboxRow> => {
  await probeStart(core, row, waitMs, op.signal).catch((error: unknown) =>
    core.log.warn({ err: error, sandboxId: row.id }, 'the readiness probe could not be asked'),
  );
  return row;
};
