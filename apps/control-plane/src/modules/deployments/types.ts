import type { Actor, SizeName } from '@miosa/kernel';
import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable } from 'kysely';

export const DEPLOYMENT_STATES = ['pending', 'building', 'running', 'stopped', 'failed'] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];
export const SOURCE_TYPES = ['sandbox', 'upload', 'repo'] as const;
export const SPA_MODES = ['auto', 'on', 'off'] as const;
export const KINDS = ['static', 'dynamic'] as const;
export type Kind = (typeof KINDS)[number];
export const VERSION_STATES = ['created', 'building', 'ready', 'failed', 'archived'] as const;
export const BUILD_STATES = ['queued', 'building', 'ready', 'failed', 'cancelled'] as const;
export const INSTANCE_STATES = ['pending', 'starting', 'healthy', 'unhealthy', 'stopping', 'stopped', 'failed'] as const;

type Json = ColumnType<Record<string, unknown>, string | undefined, string>;

export interface DeploymentTable {
  id: string;
  tenant_id: string;
  workspace_id: string;
  project_id: string;
  owner_user_id: string | null;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  name: string;
  slug: string;
  metadata: Json;
  state: DeploymentState;
  state_reason: string | null;
  source_type: (typeof SOURCE_TYPES)[number];
  repo_url: string | null;
  branch: string | null;
  auto_deploy: boolean;
  sealed_webhook_secret: Buffer | null;
  build_command: string | null;
  run_command: string | null;
  port: number | null;
  health_check_path: string | null;
  replicas: number;
  size: SizeName;
  spa: (typeof SPA_MODES)[number];
  env_revision: Generated<number>;
  next_version_number: Generated<number>;
  active_version_id: ColumnType<string | null, string | null | undefined, string | null>;
  active_env_revision: Generated<number>;
  previous_version_id: ColumnType<string | null, string | null | undefined, string | null>;
  deployed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** Instances from before are to be replaced. */
  restarted_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  test: boolean;
  created_by: string;
  deleted_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Date;
  updated_at: Date;
}

/** One file of an upload, by its content. */
export interface UploadedFile {
  readonly path: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly mode?: string | undefined;
}

/** What a version was made from; `redeploy` builds it again. */
export type Source =
  | { readonly type: 'sandbox'; readonly sandbox_id: string }
  | { readonly type: 'snapshot'; readonly snapshot_id: string }
  | { readonly type: 'upload'; readonly files: readonly UploadedFile[] }
  | { readonly type: 'repo'; readonly url: string; readonly branch: string | null; readonly commit?: string | undefined };

/** How a version is to be built, as asked; what is absent is the deployment's own setting, else found out. */
export interface BuildRequest {
  readonly kind?: 'auto' | Kind | undefined;
  readonly output_path?: string | undefined;
  readonly entrypoint?: string | undefined;
  readonly build_command?: string | undefined;
  readonly run_command?: string | undefined;
  readonly port?: number | undefined;
  readonly health_check_path?: string | undefined;
}

export interface VersionTable {
  id: string;
  deployment_id: string;
  tenant_id: string;
  version_number: number;
  kind: Kind | null;
  state: (typeof VERSION_STATES)[number];
  state_reason: string | null;
  source_type: Source['type'];
  source: JSONColumnType<Source, string, string>;
  source_sandbox_id: string | null;
  source_sha256: string | null;
  request: JSONColumnType<BuildRequest, string, string>;
  metadata: Json;
  artifact_sha256: string | null;
  files: number | null;
  total_bytes: string | number | null;
  entrypoint: string | null;
  run_command: string | null;
  port: number | null;
  health_check_path: string | null;
  env_revision: number;
  release_id: string | null;
  build_id: string | null;
  created_by: string;
  promoted_at: Date | null;
  /** When another version took its place. */
  replaced_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  archived_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface ReleaseTable {
  id: string;
  deployment_id: string;
  version_id: string;
  kind: 'static' | 'oci' | 'rootfs';
  sha256: string;
  size_bytes: string | number;
  snapshot_id: string | null;
  collected_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Date;
}

export interface DeploymentBuildTable {
  id: string;
  deployment_id: string;
  version_id: string;
  tenant_id: string;
  state: (typeof BUILD_STATES)[number];
  triggered_by: string;
  commit_sha: string | null;
  commit_message: string | null;
  error: string | null;
  error_code: string | null;
  promote: boolean;
  actor: JSONColumnType<Actor, string, string>;
  request_id: string;
  machine_id: string | null;
  lease_until: Date | null;
  cancel_requested_at: Date | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

export interface DeploymentBuildLineTable {
  build_id: string;
  seq: number;
  ts: Date;
  stream: 'stdout' | 'stderr' | 'system';
  step: string;
  line: string;
}

export interface InstanceTable {
  id: string;
  deployment_id: string;
  version_id: string;
  release_id: string;
  tenant_id: string;
  machine_id: string | null;
  env_revision: number;
  state: (typeof INSTANCE_STATES)[number];
  state_reason: string | null;
  port: number;
  restarts: Generated<number>;
  drain_until: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** Of `pending` and `starting`: the lease of the process that brings it up. */
  deadline: ColumnType<Date | null, Date | null | undefined, Date | null>;
  staged: Generated<boolean>;
  needed_until: ColumnType<Date | null, Date | null | undefined, Date | null>;
  checked_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  misses: Generated<number>;
  window_restarts: Generated<number>;
  window_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** Of an ended one: stream and text of its last lines. */
  last_lines: ColumnType<[string, string][] | null, string | null | undefined, string | null>;
  created_at: Date;
  started_at: Date | null;
  stopped_at: Date | null;
  updated_at: Date;
}

export interface EnvRevisionTable {
  deployment_id: string;
  revision: number;
  sealed_vars: Buffer;
  sha256: string;
  created_at: Date;
}

/** Compressed forms of a content, each a content of its own. */
export type Encodings = Partial<Record<'br' | 'gzip' | 'zstd', { readonly sha256: string; readonly size: number }>>;

export interface TenantBlobTable {
  tenant_id: string;
  sha256: string;
  size_bytes: string | number;
  encodings: JSONColumnType<Encodings, string, string>;
  last_used_at: Date;
  /** Nothing refers to it any more. */
  doomed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

export interface UploadTable {
  id: string;
  deployment_id: string;
  tenant_id: string;
  files: JSONColumnType<readonly UploadedFile[], string, string>;
  expires_at: Date;
  created_at: Date;
}

export interface HostRouteTable {
  space: 'managed' | 'exact' | 'base';
  name: string;
  tenant_id: string;
  resource_type: string;
  resource_id: string;
  retired_at: Date | null;
  created_at: Generated<Date>;
}

declare module '@miosa/db' {
  interface Schema {
    deployments: DeploymentTable;
    deployment_versions: VersionTable;
    deployment_releases: ReleaseTable;
    deployment_builds: DeploymentBuildTable;
    deployment_build_lines: DeploymentBuildLineTable;
    deployment_instances: InstanceTable;
    deployment_env: EnvRevisionTable;
    deployment_uploads: UploadTable;
    tenant_blobs: TenantBlobTable;
    host_routes: HostRouteTable;
  }
}

export type DeploymentRow = Selectable<DeploymentTable>;
export type NewDeployment = Insertable<DeploymentTable>;
export type VersionRow = Selectable<VersionTable>;
export type NewVersion = Insertable<VersionTable>;
export type ReleaseRow = Selectable<ReleaseTable>;
export type DeploymentBuildRow = Selectable<DeploymentBuildTable>;
export type InstanceRow = Selectable<InstanceTable>;
