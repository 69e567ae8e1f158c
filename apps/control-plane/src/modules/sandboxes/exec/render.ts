import type { SseEvent } from '@miosa/http';
import type { Static } from 'typebox';
import type { AgentExecResult, AgentProcess, AgentStreamEvent } from '../agent/protocol.ts';
import type { ExecResult, Process } from '../schemas.ts';

export const execResultOf = (result: AgentExecResult): Static<typeof ExecResult> => ({
  stdout: result.stdout,
  stderr: result.stderr,
  exit_code: result.exitCode,
  signal: result.signal ?? null,
  duration_ms: Math.round(result.durationMs),
  timed_out: result.timedOut,
  truncated: result.truncated,
  process_id: result.processId,
});

const instant = (text: string): string => {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
};

export const processOf = (process: AgentProcess): Static<typeof Process> => ({
  id: process.id,
  pid: process.pid,
  name: process.name || null,
  command: process.command,
  cwd: process.cwd,
  state: process.state,
  state_reason: process.stateReason?.slice(0, 100) ?? null,
  exit_code: process.exitCode ?? null,
  signal: process.signal ?? null,
  autostart: process.autostart ?? false,
  restart: process.restart ?? 'never',
  restarts: process.restarts ?? 0,
  started_at: instant(process.startedAt),
  exited_at: process.exitedAt ? instant(process.exitedAt) : null,
  log_bytes: process.logBytes,
  log_truncated: process.logTruncated,
});

/** One line of the agent's stream as an event of contract 4.2. */
export const streamEventOf = (event: AgentStreamEvent): SseEvent => {
  switch (event.type) {
    case 'started':
      return { type: 'started', data: { process_id: event.processId, pid: event.pid } };
    case 'stdout':
    case 'stderr':
      return { type: event.type, data: { data: event.data, offset: event.offset, encoding: event.encoding } };
    case 'exit':
      return {
        type: 'exit',
        data: {
          exit_code: event.exitCode,
          signal: event.signal ?? null,
          duration_ms: Math.round(event.durationMs),
          timed_out: event.timedOut,
        },
      };
    case 'error':
      return { type: 'error', data: { code: event.code, message: event.message.slice(0, 500) } };
  }
};
