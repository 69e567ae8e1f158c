import { previewUrl } from '@miosa/hostnames';
import { type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { OwnershipEcho } from '../tenancy/index.ts';
import { totals } from '../usage/index.ts';
import type { Core } from './deps.ts';
import type { Sandbox } from './schemas.ts';
import { GOES_ON, type SandboxRow } from './types.ts';

/** Where dev servers of the base template listen (Vite's default): the last resort of the contract's preview-port rule. */
export const FALLBACK_PORT = 5173;

export const iso = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => (date === null ? null : date.toISOString());

export const remainingMs = (row: SandboxRow, now: Date): number | null =>
  row.state === 'running' && row.expires_at !== null ? Math.max(0, row.expires_at.getTime() - now.getTime()) : null;

export const isReady = (row: SandboxRow): boolean => row.state === 'running' && GOES_ON.includes(row.transition);

/** The Owned fields of a sandbox, or of a child that inherits them. */
export const ownedOf = (row: SandboxRow, echo: Pick<OwnershipEcho, 'workspaceSlug' | 'workspaceName' | 'projectSlug' | 'projectName'>) => ({
  tenant_id: row.tenant_id,
  workspace_id: row.workspace_id,
  workspace_slug: echo.workspaceSlug,
  workspace_name: echo.workspaceName,
  project_id: row.project_id,
  project_slug: echo.projectSlug,
  project_name: echo.projectName,
  external_workspace_id: row.external_workspace_id,
  external_user_id: row.external_user_id,
  external_project_id: row.external_project_id,
  owner_user_id: row.owner_user_id,
});

type Echo = Parameters<typeof ownedOf>[1];
const UNKNOWN: Echo = { workspaceSlug: '', workspaceName: '', projectSlug: '', projectName: '' };

/** The names of a row's workspace and project. */
export const echoOf = async (op: Op, core: Core, row: SandboxRow): Promise<Echo> =>
  (await core.tenancy.ownershipOf(core.db.read, tenantOf(op), [row.project_id])).get(row.project_id) ?? UNKNOWN;

export const sandboxOf = (core: Core, row: SandboxRow, echo: Echo, runtimeMs: number): Static<typeof Sandbox> => {
  const previewPort = row.preview_port ?? FALLBACK_PORT;
  return {
    id: row.id,
    name: row.name,
    ...ownedOf(row, echo),
    metadata: row.metadata,
    tags: row.tags,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    slug: row.slug,
    state: row.transition === 'snapshotting' ? 'snapshotting' : row.state,
    state_reason: row.state === 'running' ? null : row.state_reason, // a pause under way has its reason already
    ended_reason: row.ended_reason,
    ready: isReady(row),
    template_id: row.template_id,
    image: row.image,
    size: row.size,
    cpu_count: row.cpu_count,
    memory_mb: row.memory_mb,
    disk_size_mb: row.disk_size_mb,
    persistent: row.persistent,
    always_on: row.always_on,
    timeout_sec: row.timeout_sec,
    idle_timeout_sec: row.idle_timeout_sec,
    expires_at: isoOrNull(row.expires_at),
    timeout_remaining_ms: remainingMs(row, core.now()),
    isolation: row.isolation,
    boot_path: row.boot_path,
    boot_ms: row.boot_ms,
    resume_keeps: row.resume_keeps,
    preview_url: previewUrl(core.names, { port: previewPort, slug: row.slug }),
    preview_port: previewPort,
    region: 'local',
    test: row.test,
    snapshot_id: row.snapshot_id,
    parent_sandbox_id: row.parent_sandbox_id,
    last_activity_at: isoOrNull(row.last_activity_at),
    started_at: isoOrNull(row.started_at),
    paused_at: isoOrNull(row.paused_at),
    destroyed_at: isoOrNull(row.destroyed_at),
    total_runtime_sec: Math.floor(runtimeMs / 1000),
  };
};

/** Rows as the API shows them; two queries for any number of rows. */
export const renderSandboxes = async (op: Op, core: Core, rows: readonly SandboxRow[]): Promise<Static<typeof Sandbox>[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const projects = [...new Set(rows.map((row) => row.project_id))];
  const [echoes, sums] = await Promise.all([
    core.tenancy.ownershipOf(core.db.read, tenantOf(op), projects),
    totals(core.db.read, 'sandbox', ids, core.now()),
  ]);
  return rows.map((row) => sandboxOf(core, row, echoes.get(row.project_id) ?? UNKNOWN, sums.get(row.id)?.runtimeMs ?? 0));
};

export const renderSandbox = async (op: Op, core: Core, row: SandboxRow): Promise<Static<typeof Sandbox>> => {
  const [echo, sums] = await Promise.all([echoOf(op, core, row), totals(core.db.read, 'sandbox', [row.id], core.now())]);
  return sandboxOf(core, row, echo, sums.get(row.id)?.runtimeMs ?? 0);
};
