import { callJson } from '../agent/client.ts';
import { AgentAnything } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import type { SandboxRow } from '../types.ts';
import { brokerSecrets } from './brokered.ts';
import { listEnv } from './store.ts';
import { injectedVars, insideVar } from './values.ts';

const PUSH_TIMEOUT_MS = 5000;

/**
 * Gives the agent the stored environment for the processes it starts from now on; what the platform sets wins. True values of brokered
 * variables go to the host first: with its placeholders the agent is told which authority speaks for their hosts.
 */
export const pushEnvironment = async (core: Core, row: SandboxRow): Promise<void> => {
  if (row.endpoint === null) return;
  const stored = await listEnv(core.db.read, row.id);
  const trust = stored.some(({ hosts }) => hosts !== null) ? await brokerSecrets(core, row.id) : null;
  const vars = { ...Object.fromEntries(stored.map((entry) => [entry.key, insideVar(core.sealKey, entry)])), ...injectedVars(row) };
  const pool = core.pools.of(row.id, row.endpoint);
  const json = trust === null ? { vars } : { vars, trust };
  await callJson(pool, { method: 'PUT', path: '/env', json, timeoutMs: PUSH_TIMEOUT_MS }, AgentAnything);
};
