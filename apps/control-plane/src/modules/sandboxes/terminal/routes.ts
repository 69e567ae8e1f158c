import { defineRoute, type Route } from '@miosa/http';
import { invalid, notFound } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { Deleted, Id } from '../schemas.ts';
import { connectTerminal, connectTunnel, createTerminal, deleteTerminal, listTerminals } from './service.ts';

/** A terminal shows what others type and may hold secrets: reading it is no less than writing (contract 2.2). */
const WRITE = { scope: 'sandboxes:write', minRole: 'member' } as const;
const OPEN = { ...WRITE, browser: 'terminal:open' } as const;
const ACTING = ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE', 'TIMEOUT'] as const;

const TerminalIds = Type.Object({ id: Type.String({ maxLength: 64 }), terminal_id: Type.String({ maxLength: 64 }) });
const PortIds = Type.Object({ id: Type.String({ maxLength: 64 }), port: Type.String({ pattern: '^[1-9][0-9]{0,4}$' }) });
const size = (standard: number) => Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: `default ${standard}` }));

const TerminalBody = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 64, description: 'of an open terminal: connects to it again and replays its scrollback' })),
    cols: size(80),
    rows: size(24),
    shell: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'default: the shell of the user' })),
    cwd: Type.Optional(Type.String({ maxLength: 4096, description: 'default /workspace' })),
    env: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { title: 'TerminalRequest' },
);

const OpenedTerminal = Type.Object(
  {
    id: Type.String(),
    ws_url: Type.String({ description: 'good for one connection, until expires_at' }),
    expires_at: Type.String({ format: 'date-time' }),
  },
  { title: 'OpenedTerminal' },
);

const Terminal = Type.Object(
  {
    id: Type.String(),
    shell: Type.String(),
    cwd: Type.String(),
    cols: Type.Integer(),
    rows: Type.Integer(),
    connections: Type.Integer({ description: 'who looks at it now' }),
    created_at: Type.String({ format: 'date-time' }),
    last_activity_at: Type.String({ format: 'date-time' }),
  },
  { title: 'Terminal' },
);

const checkNew = (body: {
  shell?: string | undefined;
  cwd?: string | undefined;
  env?: object | undefined;
  id?: string | undefined;
}): void => {
  for (const name of ['shell', 'cwd', 'env'] as const)
    if (body.id !== undefined && body[name] !== undefined) throw invalid(name, 'belongs to a new terminal, not to one that is open');
};

const terminalRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.terminal.create',
    method: 'POST',
    path: '/sandboxes/{id}/terminal',
    summary: 'Open a terminal, or connect to an open one',
    description:
      'Connect a WebSocket to `ws_url`. Binary frames are bytes both ways; text frames are JSON: {"type":"resize","cols","rows"} from the client, {"type":"exit","exit_code"} from the server, then close code 1000. The terminal lives on without connections until its shell ends, or 24 hours.',
    access: OPEN,
    params: Id,
    body: TerminalBody,
    response: OpenedTerminal,
    status: 201,
    errors: [...ACTING, 'CONFLICT'],
    handler: (op, { params, body }) => {
      checkNew(body);
      return createTerminal(op, core, params.id, body);
    },
  }),
  defineRoute({
    id: 'sandboxes.terminal.list',
    method: 'GET',
    path: '/sandboxes/{id}/terminal',
    summary: 'List open terminals',
    access: OPEN,
    params: Id,
    response: Terminal,
    envelope: 'list',
    errors: ACTING,
    handler: async (op, { params }) => ({ items: await listTerminals(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.terminal.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/terminal/{terminal_id}',
    summary: 'End a terminal and all that runs in it',
    access: OPEN,
    params: TerminalIds,
    response: Deleted,
    errors: ACTING,
    handler: async (op, { params }) => {
      await deleteTerminal(op, core, params.id, params.terminal_id);
      return { id: params.terminal_id, deleted: true as const };
    },
  }),
];

const socketRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.terminal.connect',
    method: 'GET',
    path: '/sandboxes/{id}/terminal/{terminal_id}/connect',
    summary: 'The WebSocket of a terminal',
    description: 'Use the `ws_url` of the call that opened it, or this path with an Authorization header. Replays up to 256 KiB.',
    access: OPEN,
    params: TerminalIds,
    response: 'websocket',
    errors: [...ACTING, 'CONFLICT'],
    handler: (op, { params, headers }) => connectTerminal(op, core, params.id, params.terminal_id, headers),
  }),
  defineRoute({
    id: 'sandboxes.tunnel',
    method: 'GET',
    path: '/sandboxes/{id}/tunnel/{port}',
    summary: 'A TCP connection to a port inside, over a WebSocket',
    description: 'Binary frames are bytes both ways. The text frame {"type":"end"} from the client ends its direction alone.',
    access: WRITE,
    params: PortIds,
    response: 'websocket',
    errors: ACTING,
    handler: (op, { params, headers }) => {
      const port = Number(params.port);
      if (port > 65_535) throw notFound();
      return connectTunnel(op, core, params.id, port, headers);
    },
  }),
];

export const createTerminalRoutes = (core: Core): Route[] => [...terminalRoutes(core), ...socketRoutes(core)];
