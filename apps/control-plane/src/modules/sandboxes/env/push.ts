import { callJson } from '../agent/client.ts';
import { AgentAnything } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import type { SandboxRow } from '../types.ts';
import { listEnv } from './store.ts';
import { injectedVars, openVar } from './values.ts';

const PUSH_TIMEOUT_MS = 5000;

/** The whole environment as processes see it. What the platform sets wins. */
export const environmentOf = async (core: Core, row: SandboxRow): Promise<Record<string, string>> => {
  const stored = await listEnv(core.db.read, row.id);
  return { ...Object.fromEntries(stored.map((entry) => [entry.key, openVar(core.sealKey, entry)])), ...injectedVars(row) };
};

/** Gives the agent the stored environment for the processes it starts from now on. */
export const pushEnvironment = async (core: Core, row: SandboxRow): Promise<void> => {
  if (row.endpoint === null) return;
  const vars = await environmentOf(core, row);
  const pool = core.pools.of(row.id, row.endpoint);
  await callJson(pool, { method: 'PUT', path: '/env', json: { vars }, timeoutMs: PUSH_TIMEOUT_MS }, AgentAnything);
};
