import type { AgentEndpoint } from '@miosa/runtime';
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';

export const STATES = ['provisioning', 'running', 'paused', 'error', 'destroyed'] as const;
export type State = (typeof STATES)[number];
/** As callers see it: what is under way with a sandbox that goes on being usable is a state of its own (contract 4.2). */
export const SHOWN_STATES = [...STATES, 'snapshotting'] as const;
/** Under way; always with a deadline after which a reconciler ends it. */
export type Transition = 'pausing' | 'resuming' | 'destroying' | 'snapshotting' | 'restoring' | 'resizing' | 'hibernating';
/** During these a sandbox goes on: nothing in it notices more than a freeze of milliseconds. */
export const GOES_ON: readonly (Transition | null)[] = [null, 'snapshotting', 'resizing'];

export const PAUSE_REASONS = ['user', 'idle', 'timeout', 'credits', 'operator'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];
export const ENDED_REASONS = [
  'user',
  'timeout',
  'idle',
  'quota',
  'credits',
  'operator',
  'workspace_deleted',
  'project_deleted',
  'organization_deleted',
  'error',
] as const;
export type EndedReason = (typeof ENDED_REASONS)[number];

/** A machine of a deployment; null = a sandbox. No operation on sandboxes shows one. */
export type Purpose = 'build' | 'instance' | null;

/** Read as objects, written as JSON text. */
type Json = ColumnType<Record<string, unknown>, string | undefined, string>;

/** How to find out that a service takes work: an HTTP answer below 400, an open port, or a command that exits with 0. */
export interface ReadinessProbe {
  readonly type: 'http' | 'tcp' | 'command';
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly command?: string | undefined;
  readonly timeout_sec?: number | undefined;
}

export interface SandboxTable {
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
  tags: Generated<string[]>;
  state: State;
  transition: Transition | null;
  transition_deadline: Date | null;
  state_reason: string | null;
  ended_reason: EndedReason | null;
  template_id: string;
  /** By which the template was asked for. */
  image: Generated<string | null>;
  size: string;
  cpu_count: number;
  memory_mb: number;
  disk_size_mb: number;
  persistent: boolean;
  always_on: boolean;
  timeout_sec: number;
  idle_timeout_sec: number;
  expires_at: Date | null;
  isolation: 'container' | 'gvisor' | 'microvm' | null;
  boot_path: 'cold' | 'warm' | 'snapshot' | 'fork' | null;
  boot_ms: number | null;
  resume_keeps: 'files' | 'memory' | null;
  preview_port: number | null;
  start_command: string | null;
  /** Of the service `start`, which runs that command. */
  readiness_probe: ColumnType<ReadinessProbe | null, string | null | undefined, string | null>;
  endpoint: ColumnType<AgentEndpoint | null, string | null, string | null>;
  /** What it was made from, where not from its template alone. */
  snapshot_id: Generated<string | null>;
  parent_sandbox_id: Generated<string | null>;
  /** Set while the transition is `restoring`. */
  restoring_from: Generated<string | null>;
  purpose: Generated<Purpose>;
  test: boolean;
  created_by: string;
  api_key_id: string | null;
  last_activity_at: Date | null;
  started_at: Date | null;
  paused_at: Date | null;
  destroyed_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
  updated_at: Date;
}

export type SandboxRow = Selectable<SandboxTable>;
export type NewSandbox = Insertable<SandboxTable>;

declare module '@miosa/db' {
  interface Schema {
    sandboxes: SandboxTable;
  }
}
