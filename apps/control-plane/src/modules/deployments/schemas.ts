import { SIZES, type SizeName } from '@miosa/kernel';
import { Type } from 'typebox';
import { nullable, OWNED, oneOf } from '../sandboxes/index.ts';
import { BUILD_STATES, DEPLOYMENT_STATES, INSTANCE_STATES, KINDS, SOURCE_TYPES, SPA_MODES, VERSION_STATES } from './types.ts';

const Ts = Type.String({ format: 'date-time' });
const Text = nullable(Type.String());
const Count = nullable(Type.Integer());
export const SIZE_NAMES = Object.keys(SIZES) as SizeName[];

/** Contract 4.5. */
export const Deployment = Type.Object(
  {
    ...OWNED,
    slug: Type.String(),
    state: oneOf(DEPLOYMENT_STATES, { description: 'what visitors get; a later publish that fails leaves `running` as it is' }),
    state_reason: Text,
    source_type: oneOf(SOURCE_TYPES),
    public_url: Type.String({ description: 'the first of `urls`; show this one' }),
    urls: Type.Array(Type.String()),
    fallback_url: Type.String({ description: 'always works' }),
    active_version_id: Text,
    previous_version_id: Text,
    current_build_id: Text,
    repo_url: Text,
    branch: Text,
    auto_deploy: Type.Boolean(),
    build_command: Text,
    run_command: Text,
    port: Count,
    health_check_path: Text,
    replicas: Type.Integer(),
    size: oneOf(SIZE_NAMES),
    env_revision: Type.Integer(),
    databases: Type.Array(Type.String()),
    buckets: Type.Array(Type.String()),
    spa: oneOf(SPA_MODES),
    test: Type.Boolean(),
    deployed_at: nullable(Ts),
    webhook_secret: Type.Optional(Type.String({ description: 'only in the answer of create, of a deployment from a repository' })),
  },
  { title: 'Deployment' },
);

export const Version = Type.Object(
  {
    ...OWNED,
    deployment_id: Type.String(),
    version_number: Type.Integer(),
    kind: nullable(oneOf(KINDS)),
    state: oneOf(VERSION_STATES),
    state_reason: Text,
    release_id: Text,
    build_id: Text,
    source_sandbox_id: Text,
    source_sha256: Text,
    artifact_sha256: Text,
    artifact_manifest: nullable(Type.Object({ files: Type.Integer(), total_bytes: Type.Integer(), entrypoint: Text })),
    run_command: Text,
    port: Count,
    health_check_path: Text,
    env_revision: Type.Integer(),
    url: Type.String({ description: 'staged address: this version, live or not' }),
    created_by: Type.String(),
    promoted_at: nullable(Ts),
    archived_at: nullable(Ts),
  },
  { title: 'DeploymentVersion' },
);

export const Release = Type.Object(
  {
    id: Type.String(),
    deployment_id: Type.String(),
    version_id: Type.String(),
    kind: oneOf(['static', 'oci', 'rootfs']),
    sha256: Type.String(),
    size_bytes: Type.Integer(),
    collected_at: nullable(Ts),
    created_at: Ts,
  },
  { title: 'DeploymentRelease' },
);

export const DeploymentBuild = Type.Object(
  {
    id: Type.String(),
    deployment_id: Type.String(),
    version_id: Type.String(),
    state: oneOf(BUILD_STATES),
    triggered_by: Type.String(),
    commit_sha: Text,
    commit_message: Text,
    error: nullable(Type.String({ description: 'what ended it' })),
    created_at: Ts,
    started_at: nullable(Ts),
    finished_at: nullable(Ts),
    duration_ms: Count,
  },
  { title: 'DeploymentBuild' },
);

export const AppLogLine = Type.Object(
  {
    ts: Type.String({
      format: 'date-time',
      description: 'when a followed line was read; of earlier ones, when their instance started or ended',
    }),
    ...{ stream: oneOf(['stdout', 'stderr']), line: Type.String(), instance_id: Type.String(), version_id: Type.String() },
  },
  { title: 'DeploymentLogLine' },
);

/** [time of its step, value]. */
const Points = Type.Array(Type.Unsafe<[string, number]>({ type: 'array', prefixItems: [Ts, Type.Number()], minItems: 2, maxItems: 2 }));
export const DeploymentMetrics = Type.Object(
  {
    window: Type.String(),
    step_sec: Type.Integer(),
    series: Type.Object({
      requests: Points,
      errors: Points,
      p50_ms: Points,
      p95_ms: Points,
      egress_bytes: Points,
      cpu_percent: Points,
      memory_bytes: Points,
    }),
  },
  { title: 'DeploymentMetrics' },
);

export const Instance = Type.Object(
  {
    id: Type.String(),
    deployment_id: Type.String(),
    version_id: Type.String(),
    release_id: Type.String(),
    state: oneOf(INSTANCE_STATES),
    state_reason: Text,
    port: Type.Integer(),
    restarts: Type.Integer(),
    created_at: Ts,
    started_at: nullable(Ts),
    stopped_at: nullable(Ts),
  },
  { title: 'DeploymentInstance' },
);

export const PublishResult = Type.Object(
  {
    deployment: Deployment,
    version: Version,
    release: nullable(Release),
    build: nullable(DeploymentBuild),
    services: Type.Array(Type.Object({ type: oneOf(['static_web', 'web']), state: oneOf(['pending', 'healthy', 'unhealthy', 'staged']) })),
    promoted: Type.Boolean(),
  },
  { title: 'PublishResult' },
);

export const Id = Type.Object({ id: Type.String({ maxLength: 64, description: 'id or slug' }) });
export const VersionIds = Type.Object({ id: Type.String({ maxLength: 64 }), version_id: Type.String({ maxLength: 64 }) });
export const InstanceIds = Type.Object({ id: Type.String({ maxLength: 64 }), instance_id: Type.String({ maxLength: 64 }) });
export const ReleaseIds = Type.Object({ id: Type.String({ maxLength: 64 }), release_id: Type.String({ maxLength: 64 }) });

const Command = Type.String({ minLength: 1, maxLength: 32_768 });
export const BUILD_SETTINGS = {
  build_command: Type.Optional(nullable(Command)),
  run_command: Type.Optional(nullable(Command)),
  port: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 65_535 }))),
  health_check_path: Type.Optional(nullable(Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: 2048 }))),
};

/** How a version is built; what is absent is the deployment's own, else found out from the files. */
export const PUBLISH_FIELDS = {
  kind: Type.Optional(oneOf(['auto', ...KINDS])),
  environment: Type.Optional(Type.Literal('production')),
  output_path: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4096, description: 'folder with the finished site; relative to /workspace or absolute' }),
  ),
  entrypoint: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description: 'file that must be there; default index.html' })),
  build_command: Type.Optional(Command),
  run_command: Type.Optional(Command),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  health_check_path: Type.Optional(Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: 2048 })),
  promote: Type.Optional(Type.Boolean({ description: 'default true; false leaves it at its staged address' })),
  metadata: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
  wait: Type.Optional(Type.Boolean({ description: 'default true' })),
  wait_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 120 })),
};
