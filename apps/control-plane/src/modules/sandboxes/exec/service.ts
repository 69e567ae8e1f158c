import type { Readable } from 'node:stream';
import type { SseEvent } from '@miosa/http';
import { invalid, isId, notFound, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import { callJson, callStream, fits } from '../agent/client.ts';
import { nonsense, unreachable } from '../agent/faults.ts';
import { linesOf } from '../agent/lines.ts';
import type { Pool } from '../agent/pool.ts';
import { AgentAnything, AgentExecResult, AgentLogs, AgentProcess, AgentProcesses, AgentStreamEvent } from '../agent/protocol.ts';
import { explain, type Use, withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import type { ExecResult, Process } from '../schemas.ts';
import type { SandboxRow } from '../types.ts';
import { execResultOf, processOf, streamEventOf } from './render.ts';

export interface ExecRequest {
  readonly command: string | string[];
  readonly cwd?: string | undefined;
  readonly env?: Record<string, string> | undefined;
  readonly stdin?: string | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly user?: 'sandbox' | 'root' | undefined;
}

const DEFAULT_TIMEOUT_SEC = 60;
/** TERM, five seconds, KILL, and the way back. */
const KILL_MARGIN_MS = 15_000;
const SHORT_MS = 15_000;

/** The body the agent takes, with what JSON Schema cannot say checked. */
export const agentExec = (request: ExecRequest, timeoutSec: number | undefined): Record<string, unknown> => {
  const words = typeof request.command === 'string' ? [request.command] : request.command;
  if (words.length === 0 || words[0] === '') throw invalid('command', 'must not be empty');
  if ([...words, request.cwd ?? ''].some((word) => word.includes('\0'))) throw invalid('command', 'must not hold NUL');
  const { command, cwd, env, stdin, user } = request;
  return { command, cwd, env, stdin, user, timeoutMs: timeoutSec === undefined ? undefined : timeoutSec * 1000 };
};

/**
 * Runs the audit insert beside the agent call, so that it costs no time. The entry says that the act was carried out; if the call fails,
 * a second entry says so.
 */
const audited = async <T>(op: Op, core: Core, row: SandboxRow, action: string, work: Promise<T>): Promise<T> => {
  const [result, entry] = await Promise.allSettled([work, auditSandbox(core.db.read, op, action, row)]);
  if (result.status === 'rejected') {
    await auditSandbox(core.db.read, op, action, row, { errorCode: 'UPSTREAM_UNREACHABLE' });
    throw result.reason;
  }
  if (entry.status === 'rejected') throw entry.reason;
  return result.value;
};

/** Runs a command to its end. A non-zero exit code is a result, not an error. The caller's hang-up does not end the command. */
export const exec = (op: Op, core: Core, id: string, request: ExecRequest): Promise<Static<typeof ExecResult>> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const timeoutSec = request.timeout ?? DEFAULT_TIMEOUT_SEC;
    const json = agentExec(request, timeoutSec);
    const call = { method: 'POST', path: '/exec', json, timeoutMs: timeoutSec * 1000 + KILL_MARGIN_MS, signal: op.signal } as const;
    return execResultOf(await audited(op, core, row, 'sandboxes.exec', callJson(pool, call, AgentExecResult)));
  });

/** Resolves when the agent has accepted the command, so that refusals come as a status and not as an event. */
export const execStream = async (op: Op, core: Core, id: string, request: ExecRequest): Promise<AsyncIterable<SseEvent>> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const json = agentExec(request, request.timeout ?? DEFAULT_TIMEOUT_SEC);
    const call = { method: 'POST', path: '/exec/stream', json, timeoutMs: SHORT_MS, signal: op.signal } as const;
    const accepted = callStream(pool, call);
    const stream = await audited(op, core, row, 'sandboxes.exec.stream', accepted).catch((error: unknown) => {
      accepted.then(
        (unused) => unused.destroy(),
        () => {},
      );
      throw error;
    });
    return events(op, core, id, stream, 'activity');
  });

/** The agent's lines as events of the API. */
async function* events(op: Op, core: Core, id: string, stream: Readable, use: Use): AsyncGenerator<SseEvent> {
  for await (const event of agentEvents(op, core, id, stream, use)) yield streamEventOf(event);
}

/** The agent's lines. Ends with `exit` or an error, never with a made-up exit code. */
export async function* agentEvents(op: Op, core: Core, id: string, stream: Readable, use: Use): AsyncGenerator<AgentStreamEvent> {
  const done = use === 'activity' ? core.activity.begin(id) : undefined;
  // A generator waiting for a silent process hears of a hang-up only through its stream.
  const hangUp = (): void => void stream.destroy();
  op.signal.addEventListener('abort', hangUp);
  if (op.signal.aborted) hangUp();
  try {
    for await (const line of linesOf(stream)) {
      const event = parse(line);
      yield event;
      if (event.type === 'exit') return;
    }
    throw unreachable(new Error('stream ended without an exit'));
  } catch (error) {
    throw await explain(core, id, error instanceof Error && error.name === 'Fault' ? error : unreachable(error));
  } finally {
    done?.();
    op.signal.removeEventListener('abort', hangUp);
    stream.destroy();
  }
}

const isEvent = fits(AgentStreamEvent);

const parse = (line: string): AgentStreamEvent => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  if (!isEvent(value)) throw nonsense(`line: ${line.slice(0, 200)}`);
  return value as AgentStreamEvent;
};

export interface StartRequest extends ExecRequest {
  readonly name?: string | undefined;
  readonly autostart?: boolean | undefined;
  readonly restart?: 'never' | 'on_failure' | 'always' | undefined;
}

/** Starts a background process, which outlives the connection. */
export const startProcess = (op: Op, core: Core, id: string, request: StartRequest): Promise<Static<typeof Process>> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const { name, autostart, restart } = request;
    const json = { ...agentExec(request, request.timeout), name, autostart, restart };
    const call = { method: 'POST', path: '/processes', json, timeoutMs: SHORT_MS } as const;
    return processOf(await audited(op, core, row, 'sandboxes.processes.start', callJson(pool, call, AgentProcess)));
  });

/** Path of one process. The id has been checked, so nothing of the caller's can change the path. */
const processPath = (processId: string, rest = ''): string => {
  if (!isId('prc', processId)) throw notFound();
  return `/processes/${processId}${rest}`;
};

const get = (path: string, op: Op, query?: Record<string, string | number | undefined>) =>
  ({ method: 'GET', path, timeoutMs: SHORT_MS, signal: op.signal, ...(query === undefined ? {} : { query }) }) as const;

export const fetchProcesses = async (op: Op, pool: Pool): Promise<readonly AgentProcess[]> =>
  (await callJson(pool, get('/processes', op), AgentProcesses)).processes ?? [];

export const listProcesses = (op: Op, core: Core, id: string): Promise<Static<typeof Process>[]> =>
  withAgent(op, core, id, 'reading', async (pool) => (await fetchProcesses(op, pool)).map(processOf));

export const getProcess = (op: Op, core: Core, id: string, processId: string): Promise<Static<typeof Process>> =>
  withAgent(op, core, id, 'reading', async (pool) => processOf(await callJson(pool, get(processPath(processId), op), AgentProcess)));

export const fetchLogs = (op: Op, pool: Pool, processId: string, tail: number): Promise<Static<typeof AgentLogs>> =>
  callJson(pool, get(processPath(processId, '/logs'), op, { tail }), AgentLogs);

export const processLogs = (op: Op, core: Core, id: string, processId: string, tail: number): Promise<Static<typeof AgentLogs>> =>
  withAgent(op, core, id, 'reading', (pool) => fetchLogs(op, pool, processId, tail));

/** Follows a process from a byte offset. Reading does not keep a sandbox from its idle deadline. */
export const processStream = (
  op: Op,
  core: Core,
  id: string,
  processId: string,
  offset: number | undefined,
): Promise<AsyncIterable<SseEvent>> =>
  withAgent(op, core, id, 'reading', async (pool) =>
    events(op, core, id, await callStream(pool, get(processPath(processId, '/stream'), op, { offset })), 'reading'),
  );

type Input = { readonly data?: string | undefined; readonly data_base64?: string | undefined; readonly eof?: boolean | undefined };

export const writeStdin = (op: Op, core: Core, id: string, processId: string, input: Input): Promise<unknown> =>
  withAgent(op, core, id, 'activity', (pool, row) => {
    const json = { data: input.data, dataBase64: input.data_base64, eof: input.eof ?? false };
    const call = { method: 'POST', path: processPath(processId, '/stdin'), json, timeoutMs: SHORT_MS } as const;
    return audited(op, core, row, 'sandboxes.processes.stdin', callJson(pool, call, AgentAnything));
  });

export const signalProcess = (op: Op, core: Core, id: string, processId: string, signal: string): Promise<unknown> =>
  withAgent(op, core, id, 'activity', (pool, row) => {
    const call = { method: 'POST', path: processPath(processId, '/signal'), json: { signal }, timeoutMs: SHORT_MS } as const;
    return audited(op, core, row, 'sandboxes.processes.signal', callJson(pool, call, AgentAnything));
  });

export const deleteProcess = (op: Op, core: Core, id: string, processId: string): Promise<unknown> =>
  withAgent(op, core, id, 'activity', (pool, row) => {
    const call = { method: 'DELETE', path: processPath(processId), timeoutMs: SHORT_MS } as const;
    return audited(op, core, row, 'sandboxes.processes.delete', callJson(pool, call, AgentAnything));
  });
