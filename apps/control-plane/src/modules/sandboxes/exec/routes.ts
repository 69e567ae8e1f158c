import { defineRoute, type Route, sse } from '@miosa/http';
import { invalid } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { lookAhead } from '../lifecycle/settled.ts';
import { Deleted, ExecResult, Id, oneOf, Process, ProcessIds, ProcessLogs, Success } from '../schemas.ts';
import {
  deleteProcess,
  exec,
  execStream,
  getProcess,
  listProcesses,
  processLogs,
  processStream,
  signalProcess,
  startProcess,
  writeStdin,
} from './service.ts';

const RUN = { scope: 'sandboxes:write', browser: 'sandbox:exec' } as const;
const READ = { scope: 'sandboxes:read', browser: 'sandbox:read' } as const;
const ACTING = ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE', 'TIMEOUT'] as const;
const SIGNALS = ['TERM', 'KILL', 'INT', 'HUP', 'USR1', 'USR2', 'STOP', 'CONT'] as const;
const MAX_EXEC_SEC = 600;
const MAX_STREAM_SEC = 86_400;

/** Fields of every request that starts a command. */
export const EXEC = {
  command: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String(), { minItems: 1 })], {
    description: 'A string runs under /bin/sh -lc; an array is an argument vector.',
  }),
  cwd: Type.Optional(Type.String({ maxLength: 4096, description: 'default /workspace' })),
  env: Type.Optional(Type.Record(Type.String(), Type.String())),
  stdin: Type.Optional(Type.String()),
  user: Type.Optional(oneOf(['sandbox', 'root'])),
};
const seconds = (maximum: number) => Type.Optional(Type.Integer({ minimum: 1, maximum, description: 'seconds, default 60' }));
const ExecBody = Type.Object({ ...EXEC, timeout: seconds(MAX_EXEC_SEC) }, { title: 'ExecRequest' });
const StreamBody = Type.Object({ ...EXEC, timeout: seconds(MAX_STREAM_SEC) }, { title: 'ExecStreamRequest' });
const StartBody = Type.Object(
  {
    ...EXEC,
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_STREAM_SEC })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
    autostart: Type.Optional(Type.Boolean({ description: 'runs again, under its id, whenever the machine boots from its files' })),
    restart: Type.Optional(oneOf(['never', 'on_failure', 'always'])),
  },
  { title: 'ProcessStartRequest' },
);

const execRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.exec',
    method: 'POST',
    path: '/sandboxes/{id}/exec',
    summary: 'Run a command and wait for its end',
    access: RUN,
    params: Id,
    body: ExecBody,
    response: ExecResult,
    errors: ACTING,
    ahead: (op, { params }) => lookAhead(op, core, params.id),
    handler: (op, { params, body }) => exec(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.exec.stream',
    method: 'POST',
    path: '/sandboxes/{id}/exec/stream',
    summary: 'Run a command and stream its output',
    description: 'Events: started, stdout, stderr, exit, error. Closing the stream leaves the process running.',
    access: RUN,
    params: Id,
    body: StreamBody,
    response: 'sse',
    errors: ACTING,
    handler: async (op, { params, body }) => sse(await execStream(op, core, params.id, body)),
  }),
];

const processRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.processes.start',
    method: 'POST',
    path: '/sandboxes/{id}/processes',
    summary: 'Start a background process',
    description:
      'Its record and the last 1 MiB of its output outlive a stop of the sandbox. `restart` starts it again after its end, under the same id, with ' +
      'a back-off from 0.5 s to 30 s; TERM, INT and HUP are no failure.',
    access: RUN,
    params: Id,
    body: StartBody,
    response: Process,
    status: 201,
    errors: [...ACTING, 'STORAGE_FULL'],
    ahead: (op, { params }) => lookAhead(op, core, params.id),
    handler: (op, { params, body }) => startProcess(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.processes.list',
    method: 'GET',
    path: '/sandboxes/{id}/processes',
    summary: 'List processes',
    access: READ,
    params: Id,
    response: Process,
    envelope: 'list',
    errors: ACTING,
    handler: async (op, { params }) => ({ items: await listProcesses(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.processes.get',
    method: 'GET',
    path: '/sandboxes/{id}/processes/{pid}',
    summary: 'Get a process',
    access: READ,
    params: ProcessIds,
    response: Process,
    errors: ACTING,
    handler: (op, { params }) => getProcess(op, core, params.id, params.pid),
  }),
  defineRoute({
    id: 'sandboxes.processes.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/processes/{pid}',
    summary: 'End a process and remove its record',
    access: RUN,
    params: ProcessIds,
    response: Deleted,
    errors: ACTING,
    handler: async (op, { params }) => {
      await deleteProcess(op, core, params.id, params.pid);
      return { id: params.pid, deleted: true as const };
    },
  }),
];

const processOutputRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.processes.logs',
    method: 'GET',
    path: '/sandboxes/{id}/processes/{pid}/logs',
    summary: 'The last output of a process',
    access: READ,
    params: ProcessIds,
    query: Type.Object({ tail: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'lines, default 200' })) }),
    response: ProcessLogs,
    errors: ACTING,
    handler: (op, { params, query }) => processLogs(op, core, params.id, params.pid, query.tail ?? 200),
  }),
  defineRoute({
    id: 'sandboxes.processes.stream',
    method: 'GET',
    path: '/sandboxes/{id}/processes/{pid}/stream',
    summary: 'Follow the output of a process from a byte offset',
    access: READ,
    params: ProcessIds,
    query: Type.Object({ offset: Type.Optional(Type.Integer({ minimum: 0 })) }),
    response: 'sse',
    errors: ACTING,
    handler: async (op, { params, query }) => sse(await processStream(op, core, params.id, params.pid, query.offset)),
  }),
  defineRoute({
    id: 'sandboxes.processes.stdin',
    method: 'POST',
    path: '/sandboxes/{id}/processes/{pid}/stdin',
    summary: 'Write to the standard input of a process',
    access: RUN,
    params: ProcessIds,
    body: Type.Object(
      {
        data: Type.Optional(Type.String()),
        data_base64: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' })),
        eof: Type.Optional(Type.Boolean()),
      },
      { title: 'ProcessStdinRequest' },
    ),
    response: Success,
    errors: [...ACTING, 'CONFLICT'],
    handler: async (op, { params, body }) => {
      const given = [body.data, body.data_base64].filter((value) => value !== undefined).length;
      if (given !== 1 && !(given === 0 && body.eof === true)) throw invalid('data', 'give exactly one of data and data_base64');
      await writeStdin(op, core, params.id, params.pid, body);
      return { success: true as const };
    },
  }),
  defineRoute({
    id: 'sandboxes.processes.signal',
    method: 'POST',
    path: '/sandboxes/{id}/processes/{pid}/signal',
    summary: 'Send a signal to the process group',
    access: RUN,
    params: ProcessIds,
    body: Type.Object({ signal: oneOf(SIGNALS) }, { title: 'ProcessSignalRequest' }),
    response: Success,
    errors: [...ACTING, 'CONFLICT'],
    handler: async (op, { params, body }) => {
      await signalProcess(op, core, params.id, params.pid, body.signal);
      return { success: true as const };
    },
  }),
];

export const createExecRoutes = (core: Core): Route[] => [...execRoutes(core), ...processRoutes(core), ...processOutputRoutes(core)];
