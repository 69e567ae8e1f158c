import { setTimeout as sleep } from 'node:timers/promises';
import { callJson } from '../agent/client.ts';
import { AgentProcesses } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import { probeStart } from '../exec/start.ts';
import { fetchPorts } from '../previews/ports.ts';
import type { SandboxRow } from '../types.ts';

/** A visitor is not kept longer by an app that never listens. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;
const CALL_MS = 3000;

const startsSomething = async (core: Core, row: SandboxRow): Promise<boolean> => {
  if (row.start_command !== null) return true;
  if (row.endpoint === null) return false;
  const call = { method: 'GET', path: '/processes', timeoutMs: CALL_MS } as const;
  const { processes } = await callJson(core.pools.of(row.id, row.endpoint), call, AgentProcesses);
  return (processes ?? []).some(({ autostart }) => autostart === true);
};

/**
 * After a boot for a visitor: until what the sandbox starts by itself serves, by its probe, else by its preview port or any port that listens.
 * Resolves in any case: whoever asks next is told that nothing listens.
 */
export const untilServing = async (core: Core, row: SandboxRow, signal: AbortSignal): Promise<void> => {
  const until = Date.now() + PATIENCE_MS;
  try {
    if (!(await startsSomething(core, row))) return;
    if (row.readiness_probe !== null) return void (await probeStart(core, row, PATIENCE_MS, signal));
    while (Date.now() < until && !signal.aborted) {
      const ports = await fetchPorts(core, row);
      if (ports.some(({ port }) => row.preview_port === null || port === row.preview_port)) return;
      await sleep(LOOK_MS);
    }
  } catch (error) {
    core.log.debug({ err: error, sandboxId: row.id }, 'whether a woken sandbox serves is not known');
  }
};
