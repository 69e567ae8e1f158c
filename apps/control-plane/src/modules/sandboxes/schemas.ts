import { Type } from 'typebox';
import { Deleted } from '../tenancy/index.ts';
import { ENDED_REASONS, SHOWN_STATES, STATES } from './types.ts';

/** Wire schemas shared by the routes of this module. Titles become component names of the OpenAPI file. */
type Schemas = Parameters<typeof Type.Union>[0];
export const nullable = <T extends Schemas[number]>(schema: T) => Type.Union([schema, Type.Null()]);
const oneOf = <T extends string>(values: readonly T[], options: { readonly description?: string } = {}) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...options });

export { Deleted, oneOf };

const Ts = Type.String({ format: 'date-time' });
const Strings = Type.Array(Type.String());
const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });

/** Fields of every object that belongs to a project (contract: Owned). */
export const OWNED = {
  id: Type.String(),
  name: Type.String(),
  tenant_id: Type.String(),
  workspace_id: Type.String(),
  workspace_slug: Type.String(),
  workspace_name: Type.String(),
  project_id: Type.String(),
  project_slug: Type.String(),
  project_name: Type.String(),
  external_workspace_id: nullable(Type.String()),
  external_user_id: nullable(Type.String()),
  external_project_id: nullable(Type.String()),
  owner_user_id: nullable(Type.String()),
  metadata: AnyObject,
  tags: Strings,
  created_at: Ts,
  updated_at: Ts,
};

export const Sandbox = Type.Object(
  {
    ...OWNED,
    slug: Type.String({ description: 'part of preview host names' }),
    state: oneOf(SHOWN_STATES),
    state_reason: nullable(Type.String()),
    ended_reason: nullable(oneOf(ENDED_REASONS)),
    ready: Type.Boolean({ description: 'commands run now' }),
    template_id: Type.String(),
    image: nullable(Type.String()),
    size: Type.String(),
    cpu_count: Type.Integer({ description: 'share of the host, not a pin' }),
    memory_mb: Type.Integer(),
    disk_size_mb: Type.Integer(),
    persistent: Type.Boolean(),
    always_on: Type.Boolean(),
    timeout_sec: Type.Integer(),
    idle_timeout_sec: Type.Integer(),
    expires_at: nullable(Ts),
    timeout_remaining_ms: nullable(Type.Integer()),
    isolation: nullable(oneOf(['container', 'gvisor', 'microvm'])),
    boot_path: nullable(oneOf(['cold', 'warm', 'snapshot', 'fork'])),
    boot_ms: nullable(Type.Integer({ description: 'request accepted → command-ready' })),
    resume_keeps: nullable(oneOf(['files', 'memory'])),
    preview_url: Type.String(),
    preview_port: Type.Integer(),
    region: Type.String(),
    test: Type.Boolean(),
    snapshot_id: nullable(Type.String()),
    parent_sandbox_id: nullable(Type.String()),
    last_activity_at: nullable(Ts),
    started_at: nullable(Ts),
    paused_at: nullable(Ts),
    destroyed_at: nullable(Ts),
    total_runtime_sec: Type.Integer(),
  },
  { title: 'Sandbox' },
);

export const ExecResult = Type.Object(
  {
    stdout: Type.String(),
    stderr: Type.String(),
    exit_code: Type.Integer({ description: 'from wait(); 128 + signal when a signal ended it' }),
    signal: nullable(Type.String()),
    duration_ms: Type.Integer(),
    timed_out: Type.Boolean(),
    truncated: Type.Boolean({ description: 'more than 4 MiB on a stream; the rest was dropped' }),
    process_id: Type.String(),
  },
  { title: 'ExecResult' },
);

export const Process = Type.Object(
  {
    id: Type.String(),
    pid: Type.Integer(),
    name: nullable(Type.String()),
    command: Type.Union([Type.String(), Strings]),
    cwd: Type.String(),
    state: oneOf(['running', 'exited']),
    state_reason: nullable(
      Type.String({
        description: 'restarting: between two runs; machine_stopped: it ended with the machine, with no exit status; timeout',
      }),
    ),
    exit_code: nullable(Type.Integer()),
    signal: nullable(Type.String()),
    autostart: Type.Boolean(),
    restart: oneOf(['never', 'on_failure', 'always']),
    restarts: Type.Integer({ description: 'how often it was started again by that' }),
    started_at: Ts,
    exited_at: nullable(Ts),
    log_bytes: Type.Integer(),
    log_truncated: Type.Boolean(),
  },
  { title: 'Process' },
);

export const ProcessLogs = Type.Object(
  { stdout: Type.String(), stderr: Type.String(), truncated: Type.Boolean() },
  { title: 'ProcessLogs' },
);

export const LogLine = Type.Object(
  { ts: Ts, stream: oneOf(['stdout', 'stderr', 'system']), line: Type.String(), source: Type.Optional(Type.String()) },
  { title: 'LogLine' },
);

const FILE = {
  path: Type.String(),
  name: Type.String(),
  type: oneOf(['file', 'dir', 'symlink']),
  size_bytes: Type.Integer(),
  mode: Type.String({ description: 'octal, e.g. 0644' }),
  modified_at: Ts,
  symlink_target: Type.Optional(Type.String()),
};
export const File = Type.Object(FILE, { title: 'File' });
export const FileTree = Type.Object(
  { ...FILE, children: Type.Array(Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'FileTree' })) },
  { title: 'FileTree' },
);
export const WriteManyResult = Type.Object(
  {
    written: Type.Array(Type.Object({ path: Type.String(), size_bytes: Type.Integer() })),
    failed: Type.Array(Type.Object({ path: Type.String(), code: Type.String(), message: Type.String() })),
  },
  { title: 'WriteManyResult' },
);

export const Port = Type.Object(
  {
    port: Type.Integer(),
    address: Type.String(),
    process_id: nullable(Type.String()),
    command: Type.String(),
    url: Type.String(),
    visibility: oneOf(['public', 'private']),
  },
  { title: 'Port' },
);

export const Preview = Type.Object(
  {
    ...OWNED,
    sandbox_id: Type.String(),
    port: Type.Integer(),
    visibility: oneOf(['public', 'private']),
    host_header: oneOf(['localhost', 'public']),
    state: oneOf(['active', 'deleted']),
    url: Type.String(),
  },
  { title: 'Preview' },
);

export const Snapshot = Type.Object(
  {
    ...OWNED,
    sandbox_id: Type.String(),
    state: oneOf(['creating', 'ready', 'failed', 'deleted']),
    state_reason: nullable(Type.String()),
    comment: nullable(Type.String()),
    keep: Type.Boolean({ description: 'never expires' }),
    retention_seconds: nullable(Type.Integer()),
    expires_at: nullable(Ts),
    size_bytes: Type.Integer({ description: 'all files it holds, shared with others or not' }),
    last_used_at: nullable(Ts),
  },
  { title: 'Snapshot' },
);

export const PreviewToken = Type.Object(
  {
    token: Type.String(),
    url: Type.String(),
    expires_at: Ts,
    sandbox_id: Type.String(),
    scope: oneOf(['read', 'interact']),
    port: Type.Union([Type.Integer(), Type.Literal('any')]),
  },
  { title: 'PreviewToken' },
);

export const Share = Type.Object(
  {
    id: Type.String(),
    token: Type.String({ description: 'whole at creation, afterwards only its beginning' }),
    url: Type.String(),
    expires_at: nullable(Ts),
    sandbox_id: Type.String(),
    port: Type.Integer(),
    name: nullable(Type.String()),
    created_at: Ts,
    last_used_at: nullable(Ts),
  },
  { title: 'Share' },
);

/** Of a brokered variable. */
export const SecretHosts = Type.Array(Type.String({ maxLength: 260 }), {
  maxItems: 50,
  description: 'hosts that the true value is sent to (`api.example.com`, `*.example.com`)',
});

export const EnvVar = Type.Object(
  {
    key: Type.String(),
    value: nullable(Type.String()),
    encrypted: Type.Boolean(),
    hosts: nullable(SecretHosts),
    updated_at: Ts,
  },
  { title: 'EnvVar' },
);

export const Success = Type.Object({ success: Type.Literal(true) }, { title: 'Success' });

export const Readiness = Type.Object(
  {
    ready: Type.Boolean(),
    state: oneOf(STATES),
    checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), message: Type.String() })),
  },
  { title: 'SandboxReadiness' },
);

const Measurement = oneOf(['measured', 'estimated', 'unavailable']);
export const SandboxUsage = Type.Object(
  {
    sandbox_id: Type.String(),
    state: oneOf(STATES),
    runtime_sec: Type.Integer(),
    provisioned_vcpu_ms: Type.Integer(),
    provisioned_memory_mb_ms: Type.Integer(),
    active_cpu_ms: nullable(Type.Integer()),
    network_ingress_bytes: nullable(Type.Integer()),
    network_egress_bytes: nullable(Type.Integer()),
    storage_bytes: nullable(Type.Integer()),
    measurement_status: Type.Object({ active_cpu: Measurement, network: Measurement, provisioned_resources: Measurement }),
    estimated_cost_usd: Type.Number(),
    timeout_sec: Type.Integer(),
    timeout_remaining_ms: nullable(Type.Integer()),
  },
  { title: 'SandboxUsage' },
);

/** [time of its step, value]. */
const Points = Type.Array(Type.Unsafe<[string, number]>({ type: 'array', prefixItems: [Ts, Type.Number()], minItems: 2, maxItems: 2 }));
export const Metrics = Type.Object(
  {
    window: Type.String(),
    step_sec: Type.Integer(),
    series: Type.Object({
      cpu_percent: Points,
      memory_bytes: Points,
      disk_bytes: Points,
      network_rx_bytes: Points,
      network_tx_bytes: Points,
    }),
  },
  { title: 'SandboxMetrics' },
);

export const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const ProcessIds = Type.Object({ id: Type.String({ maxLength: 64 }), pid: Type.String({ maxLength: 64 }) });
export const PreviewIds = Type.Object({ id: Type.String({ maxLength: 64 }), preview_id: Type.String({ maxLength: 64 }) });
export const SnapshotIds = Type.Object({ id: Type.String({ maxLength: 64 }), snapshot_id: Type.String({ maxLength: 64 }) });

export const PortNumber = Type.Integer({ minimum: 1, maximum: 65_535 });

export const Probe = Type.Object(
  {
    type: oneOf(['http', 'tcp', 'command']),
    port: Type.Optional(PortNumber),
    path: Type.Optional(Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: 2048, description: 'of http; default /' })),
    command: Type.Optional(Type.String({ minLength: 1, maxLength: 32_768 })),
    timeout_sec: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600, description: 'seconds; default 60' })),
  },
  { title: 'ReadinessProbe' },
);
