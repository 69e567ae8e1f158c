import { callJson } from '../agent/client.ts';
import { AgentProcess } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import type { SandboxRow } from '../types.ts';

const START_TIMEOUT_MS = 10_000;

/** Starts a background process of the platform's own. A failure is logged: the sandbox is usable without it. */
export const startNamed = async (core: Core, row: SandboxRow, name: string, command: string): Promise<void> => {
  if (row.endpoint === null) return;
  try {
    const pool = core.pools.of(row.id, row.endpoint);
    await callJson(pool, { method: 'POST', path: '/processes', json: { command, name }, timeoutMs: START_TIMEOUT_MS }, AgentProcess);
  } catch (error) {
    core.log.warn({ err: error, sandboxId: row.id, process: name }, 'process could not be started');
  }
};
