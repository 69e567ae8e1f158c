import type { Static } from 'typebox';
import type { Core } from './core.ts';
import { countsOfProjects, countsOfWorkspaces } from './counts.ts';
import { setupReason } from './identity.ts';
import { primariesOf } from './primary.ts';
import type { ListedProject } from './projects.store.ts';
import type { Project, Tenant, Workspace } from './schemas.ts';
import type { TenantRow } from './store.ts';
import type { WorkspaceRow } from './workspaces.store.ts';

export type TenantWire = Static<typeof Tenant>;
export type WorkspaceWire = Static<typeof Workspace>;
export type ProjectWire = Static<typeof Project>;

const NO_RESOURCES = { sandboxes: 0, computers: 0, deployments: 0, databases: 0 };

const common = (row: WorkspaceRow | ListedProject) => ({
  id: row.id,
  tenant_id: row.tenant_id,
  name: row.name,
  slug: row.slug,
  description: row.description,
  is_default: row.is_default,
  metadata: row.metadata,
  settings: row.settings,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const presentTenant = (row: TenantRow, role: TenantWire['role']): TenantWire => {
  const reason = setupReason(row);
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    setup_required: reason !== null,
    setup_reason: reason,
    plan: row.plan,
    owner_user_id: row.owner_user_id,
    role,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
};

export const presentWorkspaces = async (core: Core, rows: readonly WorkspaceRow[]): Promise<WorkspaceWire[]> => {
  const ids = rows.map((row) => row.id);
  const counts = await countsOfWorkspaces(core, ids);
  return rows.map((row) => ({
    ...common(row),
    external_workspace_id: row.external_workspace_id,
    counts: counts.get(row.id) ?? { projects: 0, ...NO_RESOURCES },
  }));
};

export const presentProjects = async (core: Core, rows: readonly ListedProject[]): Promise<ProjectWire[]> => {
  const ids = rows.map((row) => row.id);
  const [counts, primaries] = await Promise.all([countsOfProjects(core, ids), primariesOf(core, rows)]);
  return rows.map((row) => ({
    ...common(row),
    workspace_id: row.workspace_id,
    workspace_slug: row.workspace_slug,
    external_project_id: row.external_project_id,
    primary_deployment_id: primaries.get(row.id) ?? null,
    counts: counts.get(row.id) ?? NO_RESOURCES,
  }));
};

export const single = <T>([first]: readonly T[]): T => {
  if (first === undefined) throw new Error('one row gives one object');
  return first;
};
