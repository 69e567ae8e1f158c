import { apiUrl } from '@miosa/hostnames';
import { assertUpgrade, type RawRequest, type WebSocketResponse, websocket } from '@miosa/http';
import { Fault, isId, notFound, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { callJson, callUpgrade } from '../agent/client.ts';
import type { Pool } from '../agent/pool.ts';
import { AgentAnything } from '../agent/protocol.ts';
import { type Use, withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import type { SandboxRow } from '../types.ts';
import { relayTerminal, relayTunnel } from './relay.ts';

const SHORT_MS = 15_000;

const AgentTerminal = Type.Object({
  id: Type.String({ pattern: '^trm_[0-9a-z]{26}$' }),
  shell: Type.String(),
  cwd: Type.String(),
  cols: Type.Integer(),
  rows: Type.Integer(),
  connections: Type.Integer(),
  startedAt: Type.String(),
  usedAt: Type.String(),
});
const AgentTerminals = Type.Object({ terminals: Type.Union([Type.Array(AgentTerminal), Type.Null()]) });

export interface TerminalRequest {
  /** Of a terminal that is open already. */
  readonly id?: string | undefined;
  readonly cols?: number | undefined;
  readonly rows?: number | undefined;
  readonly shell?: string | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Record<string, string> | undefined;
}

/** The id has been checked, so nothing of the caller's can change the path. */
const pathOf = (terminalId: string, rest = ''): string => {
  if (!isId('trm', terminalId)) throw notFound();
  return `/terminals/${terminalId}${rest}`;
};

/** The terminal of the request, its size changed where the request names one, or a new one. */
const found = async (pool: Pool, { id, cols, rows, shell, cwd, env }: TerminalRequest): Promise<string> => {
  const common = { timeoutMs: SHORT_MS } as const;
  if (id === undefined) {
    const json = { cols: cols ?? 80, rows: rows ?? 24, shell, cwd, env };
    return (await callJson(pool, { ...common, method: 'POST', path: '/terminals', json }, AgentTerminal)).id;
  }
  const now = await callJson(pool, { ...common, method: 'GET', path: pathOf(id) }, AgentTerminal);
  if (cols === undefined && rows === undefined) return id;
  const json = { cols: cols ?? now.cols, rows: rows ?? now.rows };
  await callJson(pool, { ...common, method: 'POST', path: pathOf(id, '/resize'), json }, AgentAnything);
  return id;
};

const audited = async <T>(op: Op, core: Core, row: SandboxRow, action: string, work: () => Promise<T>): Promise<T> => {
  try {
    const done = await work();
    await auditSandbox(core.db.read, op, action, row);
    return done;
  } catch (error) {
    await auditSandbox(core.db.read, op, action, row, { errorCode: error instanceof Fault ? error.code : 'INTERNAL' });
    throw error;
  }
};

/** Opens a terminal, or finds an open one, and mints the ticket for one connection to it. */
export const createTerminal = (op: Op, core: Core, id: string, request: TerminalRequest) =>
  withAgent(op, core, id, 'activity', (pool, row) =>
    audited(op, core, row, 'sandboxes.terminal.create', async () => {
      const terminalId = await found(pool, request);
      const path = `/sandboxes/${row.id}/terminal/${terminalId}/connect`;
      const { ticket, expires_in } = await core.mintTicket(op, path);
      return {
        id: terminalId,
        ws_url: `${apiUrl(core.names).replace(/^http/, 'ws')}/api/v1${path}?ticket=${ticket}`,
        expires_at: new Date(core.now().getTime() + expires_in * 1000).toISOString(),
      };
    }),
  );

export const listTerminals = (op: Op, core: Core, id: string) =>
  withAgent(op, core, id, 'reading', async (pool) => {
    const call = { method: 'GET', path: '/terminals', timeoutMs: SHORT_MS, signal: op.signal } as const;
    const { terminals } = await callJson(pool, call, AgentTerminals);
    return (terminals ?? []).map(({ startedAt, usedAt, ...rest }) => ({ ...rest, created_at: startedAt, last_activity_at: usedAt }));
  });

/** Ends the shell and everything it started that is still in its session. */
export const deleteTerminal = (op: Op, core: Core, id: string, terminalId: string): Promise<void> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const call = { method: 'DELETE', path: pathOf(terminalId), timeoutMs: SHORT_MS } as const;
    await audited(op, core, row, 'sandboxes.terminal.delete', () => callJson(pool, call, AgentAnything));
  });

/** A connection to the agent under another protocol, which ends with the request. */
const upgraded = async (op: Op, pool: Pool, path: string, protocol: string) => {
  const { socket, early } = await callUpgrade(pool, { method: 'GET', path, timeoutMs: SHORT_MS, signal: op.signal }, protocol);
  const hangUp = (): void => void socket.destroy();
  op.signal.addEventListener('abort', hangUp);
  if (op.signal.aborted) hangUp();
  // From the handshake on its handlers end it, so that what was typed last still goes out.
  const release = (): void => op.signal.removeEventListener('abort', hangUp);
  return { socket, early, release };
};

interface Connection {
  readonly path: string;
  readonly protocol: string;
  readonly relay: typeof relayTerminal;
  /** What must exist; the connection itself asks for it when there is one to be. */
  readonly of?: string;
}

type Headers = RawRequest<unknown, unknown, unknown>['headers'];

const connect = (
  op: Op,
  core: Core,
  id: string,
  use: Use,
  headers: Headers,
  { path, protocol, relay, of }: Connection,
): Promise<WebSocketResponse> =>
  withAgent(op, core, id, use, async (pool, row) => {
    if (of !== undefined && headers.upgrade === undefined)
      await callJson(pool, { method: 'GET', path: of, timeoutMs: SHORT_MS }, AgentAnything);
    assertUpgrade(headers);
    const { socket, early, release } = await upgraded(op, pool, path, protocol);
    return websocket((peer) => {
      release();
      return relay(core, row.id, socket, early, peer);
    });
  });

/** Looking at a terminal keeps no sandbox from its deadline; typing does. */
export const connectTerminal = (op: Op, core: Core, id: string, terminalId: string, headers: Headers): Promise<WebSocketResponse> =>
  connect(op, core, id, 'reading', headers, {
    path: pathOf(terminalId, '/attach'),
    protocol: 'miosa-terminal',
    relay: relayTerminal,
    of: pathOf(terminalId),
  });

export const connectTunnel = (op: Op, core: Core, id: string, port: number, headers: Headers): Promise<WebSocketResponse> =>
  connect(op, core, id, 'activity', headers, { path: `/tunnel/${port}`, protocol: 'miosa-tunnel', relay: relayTunnel });
