import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route, withStatus } from '@miosa/http';
import { invalid, SIZES, type SizeName } from '@miosa/kernel';
import { Type } from 'typebox';
import { Metadata, Name, NetworkPolicy, OWNED_FILTERS, OWNERSHIP_FIELDS, Tags } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { EXEC } from '../exec/routes.ts';
import { exec } from '../exec/service.ts';
import { renderSandbox, renderSandboxes, sandboxOf } from '../render.ts';
import {
  Deleted,
  ExecResult,
  Id,
  LogLine,
  nullable,
  oneOf,
  PortNumber,
  Probe,
  Readiness,
  Sandbox,
  SandboxUsage,
  SecretHosts,
} from '../schemas.ts';
import { createSandbox } from './create.ts';
import { logLines, readiness, usageOf } from './facts.ts';
import { runOnce } from './run.ts';
import { destroySandbox, extendSandbox, getSandbox, listSandboxes, pauseSandbox, resumeSandbox, updateSandbox } from './service.ts';

const READ = { scope: 'sandboxes:read', browser: 'sandbox:read' } as const;
const WRITE = { scope: 'sandboxes:write' } as const;

const Timeout = Type.Integer({ minimum: 60, maximum: 86_400, description: 'seconds' });
const IdleTimeout = Type.Integer({ minimum: 0, maximum: 86_400, description: 'seconds; 0 = off, else at least 60' });
/** Fields of capabilities that this installation does not have; refused by the service with a clear answer. */
const Later = Type.Optional(Type.Unknown({ description: 'not available on this installation yet' }));

const SHAPE = {
  size: Type.Optional(oneOf(Object.keys(SIZES) as SizeName[])),
  cpu_count: Type.Optional(Type.Integer()),
  memory_mb: Type.Optional(Type.Integer()),
  disk_size_mb: Type.Optional(Type.Integer()),
};

const CREATE = {
  template_id: Type.Optional(Type.String({ maxLength: 120 })),
  name: Type.Optional(Name),
  ...SHAPE,
  get_or_create: Type.Optional(
    Type.Boolean({ description: 'answers 200 with the sandbox of that name in the project where there is one; needs `name`' }),
  ),
  timeout_sec: Type.Optional(Timeout),
  idle_timeout_sec: Type.Optional(IdleTimeout),
  persistent: Type.Optional(Type.Boolean()),
  always_on: Type.Optional(Type.Boolean()),
  env: Type.Optional(Type.Record(Type.String(), Type.String())),
  secrets: Type.Optional(
    Type.Array(Type.Object({ key: Type.String(), value: Type.String(), hosts: SecretHosts }), {
      maxItems: 200,
      description: 'brokered variables: inside they are placeholders, whose true values are sent to their hosts only',
    }),
  ),
  tags: Type.Optional(Tags),
  metadata: Type.Optional(Metadata),
  preview_port: Type.Optional(PortNumber),
  start_command: Type.Optional(
    Type.String({ minLength: 1, maxLength: 32_768, description: 'runs as the service `start`: at each boot, and again when it fails' }),
  ),
  wait: Type.Optional(Type.Boolean()),
  wait_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 120 })),
  region: Type.Optional(nullable(Type.String())),
  image: Type.Optional(
    nullable(
      Type.String({ maxLength: 512, description: 'registry name of an OCI image that the operator has imported; instead of template_id' }),
    ),
  ),
  isolation: Type.Optional(
    oneOf(['container', 'gvisor', 'microvm'], { description: 'what lies between it and the host; as the operator’s policy when absent' }),
  ),
  snapshot_id: Type.Optional(nullable(Type.String({ maxLength: 64, description: 'its files are those of this snapshot' }))),
  git: Later,
  databases: Later,
  buckets: Later,
  volumes: Later,
  network_policy: Type.Optional(NetworkPolicy),
  readiness_probe: Type.Optional(nullable(Probe)),
  ...OWNERSHIP_FIELDS,
};
const CreateBody = Type.Object(CREATE, { title: 'SandboxCreateRequest' });
const RunBody = Type.Object(
  {
    ...CREATE,
    ...EXEC,
    env: CREATE.env,
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
    keep: Type.Optional(Type.Boolean()),
  },
  { title: 'SandboxRunRequest' },
);
const UpdateBody = Type.Object(
  {
    name: Type.Optional(Name),
    tags: Type.Optional(nullable(Tags)),
    metadata: Type.Optional(nullable(Metadata)),
    always_on: Type.Optional(Type.Boolean()),
    timeout_sec: Type.Optional(Timeout),
    idle_timeout_sec: Type.Optional(IdleTimeout),
    preview_port: Type.Optional(nullable(PortNumber)),
    ...SHAPE,
    external_workspace_id: OWNERSHIP_FIELDS.external_workspace_id,
    external_user_id: OWNERSHIP_FIELDS.external_user_id,
    external_project_id: OWNERSHIP_FIELDS.external_project_id,
  },
  { title: 'SandboxUpdateRequest' },
);
const CREATING = ['SETUP_REQUIRED', 'SNAPSHOT_NOT_READY', 'QUOTA_EXCEEDED', 'OWNERSHIP_CONFLICT', 'UPSTREAM_UNREACHABLE', 'GONE'] as const;

const createRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.create',
    method: 'POST',
    path: '/sandboxes',
    summary: 'Create a sandbox',
    description: 'Answers when commands run inside, or at once with `wait: false`.',
    access: WRITE,
    body: CreateBody,
    response: Sandbox,
    status: 201,
    errors: CREATING,
    handler: async (op, { body }) => {
      const { row, ownership, existed } = await createSandbox(op, core, body);
      return existed ? withStatus(200, await renderSandbox(op, core, row)) : sandboxOf(core, row, ownership, 0);
    },
  }),
  defineRoute({
    id: 'sandboxes.run',
    method: 'POST',
    path: '/sandboxes/run',
    summary: 'Create a sandbox and run a command in it',
    access: WRITE,
    body: RunBody,
    response: Type.Object({ sandbox: Sandbox, result: ExecResult }, { title: 'SandboxRun' }),
    status: 201,
    errors: [...CREATING, 'TIMEOUT'],
    handler: (op, { body }) => runOnce(op, core, body, (id, request) => exec(op, core, id, request)),
  }),
];

const parseTime = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

/** `{"plan":"pro"}`. */
const metadataFilter = (text: string | undefined): Record<string, unknown> | undefined => {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {}
  throw invalid('metadata', 'must be a JSON object');
};

const readRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.list',
    method: 'GET',
    path: '/sandboxes',
    summary: 'List sandboxes, newest first',
    description: 'Destroyed ones only with state=destroyed.',
    access: READ,
    query: Type.Object({
      ...PAGE_QUERY,
      ...OWNED_FILTERS,
      template_id: Type.Optional(Type.String({ maxLength: 255 })),
      metadata: Type.Optional(Type.String({ maxLength: 2048, description: 'JSON object: has these keys with these values' })),
      since: Type.Optional(Type.String({ format: 'date-time' })),
      until: Type.Optional(Type.String({ format: 'date-time' })),
    }),
    response: Sandbox,
    envelope: 'list',
    handler: async (op, { query }) => {
      const { limit, cursor, since, until, metadata, ...rest } = query;
      const filters = { ...rest, metadata: metadataFilter(metadata) };
      const page = { after: positionOf(cursor), limit: limit + 1 };
      const rows = await listSandboxes(op, core, { ...filters, since: parseTime(since), until: parseTime(until) }, page);
      const rendered = await renderSandboxes(op, core, rows.slice(0, limit));
      const { nextCursor } = pageOf(
        rows,
        limit,
        (row) => ({ at: row.created_at.toISOString(), id: row.id }),
        (row) => row,
      );
      return { items: rendered, nextCursor };
    },
  }),
  defineRoute({
    id: 'sandboxes.get',
    method: 'GET',
    path: '/sandboxes/{id}',
    summary: 'Get a sandbox; a destroyed one stays readable with its ended_reason',
    access: READ,
    params: Id,
    response: Sandbox,
    handler: async (op, { params }) => renderSandbox(op, core, await getSandbox(op, core, params.id)),
  }),
  defineRoute({
    id: 'sandboxes.readiness',
    method: 'GET',
    path: '/sandboxes/{id}/readiness',
    summary: 'Whether commands run now and the readiness probe has passed (long poll)',
    access: READ,
    params: Id,
    query: Type.Object({ wait_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 120 })) }),
    response: Readiness,
    handler: (op, { params, query }) => readiness(op, core, params.id, query.wait_seconds ?? 0),
  }),
  defineRoute({
    id: 'sandboxes.usage',
    method: 'GET',
    path: '/sandboxes/{id}/usage',
    summary: 'What the sandbox has used',
    access: READ,
    params: Id,
    response: SandboxUsage,
    handler: (op, { params }) => usageOf(op, core, params.id),
  }),
  defineRoute({
    id: 'sandboxes.logs',
    method: 'GET',
    path: '/sandboxes/{id}/logs',
    summary: 'The last lines of its processes',
    access: READ,
    params: Id,
    query: Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })) }),
    response: LogLine,
    envelope: 'list',
    errors: ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, query }) => ({ items: await logLines(op, core, params.id, query.lines ?? 200), nextCursor: null }),
  }),
];

const changeRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.update',
    method: 'PATCH',
    path: '/sandboxes/{id}',
    summary: 'Change a sandbox; its size also while it runs',
    description:
      'A changed timer counts from now. A size below what is in use is refused with CONFLICT, `details.reason` `memory` or `disk`, and changes nothing.',
    access: WRITE,
    params: Id,
    body: UpdateBody,
    response: Sandbox,
    errors: ['CONFLICT', 'GONE', 'QUOTA_EXCEEDED', 'SANDBOX_NOT_RUNNING', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, body }) => renderSandbox(op, core, await updateSandbox(op, core, params.id, body)),
  }),
  defineRoute({
    id: 'sandboxes.destroy',
    method: 'DELETE',
    path: '/sandboxes/{id}',
    summary: 'Destroy a sandbox, from any state',
    access: WRITE,
    params: Id,
    response: Deleted,
    handler: async (op, { params }) => {
      await destroySandbox(op, core, params.id);
      return { id: params.id, deleted: true as const };
    },
  }),
  defineRoute({
    id: 'sandboxes.extend',
    method: 'POST',
    path: '/sandboxes/{id}/extend',
    summary: 'Move the deadline of the running window',
    access: WRITE,
    params: Id,
    body: Type.Object({ timeout_sec: Type.Optional(Timeout) }, { title: 'SandboxExtendRequest' }),
    response: Sandbox,
    errors: ['SANDBOX_NOT_RUNNING', 'GONE'],
    handler: async (op, { params, body }) => renderSandbox(op, core, await extendSandbox(op, core, params.id, body.timeout_sec)),
  }),
  defineRoute({
    id: 'sandboxes.pause',
    method: 'POST',
    path: '/sandboxes/{id}/pause',
    summary: 'Pause a sandbox; its files are kept, its memory where `resume_keeps` says so',
    access: WRITE,
    params: Id,
    response: Sandbox,
    errors: ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params }) => renderSandbox(op, core, await pauseSandbox(op, core, params.id)),
  }),
  defineRoute({
    id: 'sandboxes.resume',
    method: 'POST',
    path: '/sandboxes/{id}/resume',
    summary: 'Resume a paused sandbox; no-op when running',
    access: WRITE,
    params: Id,
    body: Type.Object({ wait: Type.Optional(Type.Boolean()) }, { title: 'SandboxResumeRequest' }),
    response: Sandbox,
    errors: ['GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, body }) => {
      const wait = body.wait ?? true;
      const sandbox = await renderSandbox(op, core, await resumeSandbox(op, core, params.id, wait));
      return wait || sandbox.ready ? sandbox : withStatus(202, sandbox);
    },
  }),
];

export const createLifecycleRoutes = (core: Core): Route[] => [...createRoutes(core), ...readRoutes(core), ...changeRoutes(core)];
