import { previewUrl } from '@miosa/hostnames';
import type { Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import { callJson } from '../agent/client.ts';
import { AgentPorts } from '../agent/protocol.ts';
import { withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { FALLBACK_PORT } from '../render.ts';
import type { Port } from '../schemas.ts';
import type { SandboxRow } from '../types.ts';
import { listPreviews, type PreviewRow } from './store.ts';

const PORTS_TIMEOUT_MS = 5000;
const FIRST_UNPRIVILEGED = 1024;

export const fetchPorts = async (core: Core, row: SandboxRow) => {
  if (row.endpoint === null) return [];
  const call = { method: 'GET', path: '/ports', timeoutMs: PORTS_TIMEOUT_MS } as const;
  const { ports } = await callJson(core.pools.of(row.id, row.endpoint), call, AgentPorts);
  return (ports ?? []).filter(({ port }) => port >= 1 && port <= 65_535);
};

/** What listens now. */
export const listPorts = (op: Op, core: Core, id: string): Promise<Static<typeof Port>[]> =>
  withAgent(op, core, id, 'reading', async (_pool, row) => {
    const [ports, previews] = await Promise.all([fetchPorts(core, row), listPreviews(core.db.read, id)]);
    const visibility = new Map(previews.map((preview) => [preview.port, preview.visibility]));
    return ports.map(({ port, address, command, processId }) => ({
      port,
      address,
      process_id: processId ?? null,
      command: command ?? '',
      url: previewUrl(core.names, { port, slug: row.slug }),
      visibility: visibility.get(port) ?? 'private',
    }));
  });

/** The port a token opens when none is named: latest exposed → preview_port → lowest listening ≥ 1024 → 5173 (contract 4.2). */
export const defaultPort = async (core: Core, row: SandboxRow): Promise<number> => {
  const exposed: readonly PreviewRow[] = await listPreviews(core.db.read, row.id);
  const named = exposed[0]?.port ?? row.preview_port;
  if (named !== undefined && named !== null) return named;
  if (row.state !== 'running' || row.transition !== null) return FALLBACK_PORT; // a sleeping sandbox is not woken to look
  const listening = await fetchPorts(core, row).catch(() => []);
  const ports = listening.map(({ port }) => port).filter((port) => port >= FIRST_UNPRIVILEGED);
  return ports.length === 0 ? FALLBACK_PORT : Math.min(...ports);
};
