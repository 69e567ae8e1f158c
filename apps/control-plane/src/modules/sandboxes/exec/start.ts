import { callJson } from '../agent/client.ts';
import { AgentProcess, AgentProcesses } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import type { SandboxRow } from '../types.ts';

const START_TIMEOUT_MS = 10_000;
const NAME = 'start';

/**
 * Runs `start_command` as the process `start`, unless this machine has had one: a thawed machine still knows its own, one that booted
 * again from its files does not. A failure is logged: the sandbox is usable without it.
 */
export const ensureStarted = async (core: Core, row: SandboxRow): Promise<void> => {
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
