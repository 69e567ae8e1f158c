import type { Db } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from './core.ts';
import { livingProjectIds } from './projects.store.ts';
import type { WorkspaceStats } from './schemas.ts';
import type { Dependents } from './types.ts';
import { workspaceIdsOf } from './workspaces.store.ts';

export type Kind = Dependents['kind'];
export type Counts = Readonly<Record<Kind, number>>;

const NONE: Counts = { sandboxes: 0, computers: 0, deployments: 0, databases: 0 };

export const isEmpty = (counts: Counts): boolean => Object.values(counts).every((n) => n === 0);

const sum = (all: Iterable<Counts>): Counts => {
  const total: Record<Kind, number> = { ...NONE };
  for (const counts of all) for (const kind of Object.keys(NONE) as Kind[]) total[kind] += counts[kind];
  return total;
};

/** What lives in each project, asked of the modules that registered for it. */
export const countsOfProjects = async (
  core: Core,
  projectIds: readonly string[],
  from: Db = core.db.read,
): Promise<Map<string, Counts>> => {
  const counts = new Map<string, Record<Kind, number>>(projectIds.map((id) => [id, { ...NONE }]));
  if (projectIds.length === 0) return counts;
  for (const { kind, countByProject } of core.dependents) {
    for (const [id, n] of await countByProject(from, projectIds)) {
      const entry = counts.get(id);
      if (entry !== undefined) entry[kind] += n;
    }
  }
  return counts;
};

export type WorkspaceCounts = Counts & { readonly projects: number };

/** Each workspace's projects and all that lives in them. */
export const countsOfWorkspaces = async (
  core: Core,
  workspaceIds: readonly string[],
  from: Db = core.db.read,
): Promise<Map<string, WorkspaceCounts>> => {
  const projects = await livingProjectIds(from, workspaceIds);
  const ids = projects.map((project) => project.id);
  const byProject = await countsOfProjects(core, ids, from);
  const countsOf = (workspaceId: string): WorkspaceCounts => {
    const inside = projects.filter((project) => project.workspace_id === workspaceId);
    return { projects: inside.length, ...sum(inside.map((project) => byProject.get(project.id) ?? NONE)) };
  };
  return new Map(workspaceIds.map((id) => [id, countsOf(id)]));
};

export const workspaceStats = async (core: Core, workspaceId: string): Promise<Static<typeof WorkspaceStats>> => {
  const projects = (await livingProjectIds(core.db.read, [workspaceId])).map((project) => project.id);
  const totals = { running: 0, vcpus: 0, memory_mb: 0, storage_bytes: 0 };
  for (const dependents of core.dependents) {
    const part = await dependents.totals?.(core.db.read, projects);
    if (part === undefined) continue;
    totals.running += part.running;
    totals.vcpus += part.vcpus;
    totals.memory_mb += part.memoryMiB;
    totals.storage_bytes += part.storageBytes;
  }
  return { ...sum((await countsOfProjects(core, projects)).values()), ...totals };
};

/** Of a whole organization, by kind. */
export const countEverything = async (core: Core, tenantId: TenantId): Promise<Counts> => {
  const projects = await livingProjectIds(core.db.read, await workspaceIdsOf(core.db.read, tenantId));
  const ids = projects.map((project) => project.id);
  return sum((await countsOfProjects(core, ids)).values());
};
