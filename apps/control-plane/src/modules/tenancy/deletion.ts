import type { Tx } from '@miosa/db';
import { Fault, notFound, type Op, tenantOf } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { announceProject, announceWorkspace } from './announce.ts';
import type { Core } from './core.ts';
import { countsOfProjects, countsOfWorkspaces, isEmpty } from './counts.ts';
import { livingProjects, lockProject, markProjectDeleted, projectEvenDeleted } from './projects.store.ts';
import type { Within } from './types.ts';
import { seenOr404, visibleWorkspaces } from './visibility.ts';
import { lockWorkspace, markWorkspaceDeleted, workspaceEvenDeleted } from './workspaces.store.ts';

/** New content may arrive while a forced deletion empties the place; it is emptied again this often. */
const MAX_ROUNDS = 5;

const notEmpty = (noun: string, counts: object): Fault =>
  new Fault('NOT_EMPTY', `The ${noun} still has content. Remove it first, or delete with force=true, which destroys everything inside.`, {
    details: { counts },
  });

interface Deletion {
  readonly force: boolean;
  readonly within: Within;
  readonly reason: 'workspace_deleted' | 'project_deleted';
  /** Throws NOT_EMPTY. */
  readonly attempt: () => Promise<void>;
}

/** Runs `attempt` until it finds the place empty; with force, everything inside is destroyed before each attempt. */
const untilEmpty = async (op: Op, core: Core, { force, within, reason, attempt }: Deletion): Promise<void> => {
  for (let round = 1; ; round++) {
    if (force) for (const dependents of core.dependents) await dependents.destroyAll(op, within, reason);
    try {
      return await attempt();
    } catch (error) {
      if (!(force && round < MAX_ROUNDS && error instanceof Fault && error.code === 'NOT_EMPTY')) throw error;
    }
  }
};

const dropWorkspace = async (tx: Tx, op: Op, core: Core, id: string, force: boolean): Promise<void> => {
  const row = await lockWorkspace(tx, tenantOf(op), id);
  if (row === undefined) return; // another DELETE was first
  const projects = await livingProjects(tx, row.id);
  // Every project is locked: a resource being created inside holds its project, so it is either counted below or refused afterwards.
  for (const project of projects) await lockProject(tx, row.tenant_id, project.id);
  const counts = (await countsOfWorkspaces(core, [row.id], tx)).get(row.id);
  if (counts !== undefined) {
    const { projects: _, ...resources } = counts;
    // An empty default project comes into being by itself; nobody would think of it as content.
    const onlyDefault = projects.every((project) => project.is_default);
    if (!isEmpty(resources) || !(force || onlyDefault)) throw notEmpty('workspace', counts);
  }
  await markWorkspaceDeleted(tx, row.id, op.now());
  await record(tx, op, {
    action: 'workspaces.delete',
    resourceType: 'workspace',
    resourceId: row.id,
    ownership: { workspaceId: row.id, externalWorkspaceId: row.external_workspace_id },
    metadata: { slug: row.slug, force },
  });
  await announceWorkspace(tx, op, row, 'deleted');
};

/** The default workspace stays (CONFLICT). Repeating it is answered the same for 30 days. */
export const deleteWorkspace = async (op: Op, core: Core, id: string, force: boolean): Promise<void> => {
  const found = await workspaceEvenDeleted(core.db.read, tenantOf(op), id);
  const row = seenOr404(found, (workspace) => workspace.id, visibleWorkspaces(op));
  if (row.deleted_at !== null) return;
  if (row.is_default) throw new Fault('CONFLICT', 'The default workspace cannot be deleted.', { details: { reason: 'default_workspace' } });
  await untilEmpty(op, core, {
    force,
    within: { workspaceId: row.id },
    reason: 'workspace_deleted',
    attempt: () => core.db.tx(op, 'workspaces.delete', (tx) => dropWorkspace(tx, op, core, id, force)),
  });
};

const dropProject = async (tx: Tx, op: Op, core: Core, id: string, force: boolean): Promise<void> => {
  const row = await lockProject(tx, tenantOf(op), id);
  if (row === undefined) return;
  const counts = (await countsOfProjects(core, [row.id], tx)).get(row.id);
  if (counts !== undefined && !isEmpty(counts)) throw notEmpty('project', counts);
  await markProjectDeleted(tx, row.id, op.now());
  await record(tx, op, {
    action: 'projects.delete',
    resourceType: 'project',
    resourceId: row.id,
    ownership: { workspaceId: row.workspace_id, projectId: row.id, externalProjectId: row.external_project_id },
    metadata: { slug: row.slug, force },
  });
  await announceProject(tx, op, row, 'deleted');
};

export const deleteProject = async (op: Op, core: Core, id: string, force: boolean): Promise<void> => {
  const row = await projectEvenDeleted(core.db.read, tenantOf(op), id);
  if (row === undefined) throw notFound();
  seenOr404(row, (project) => project.workspace_id, visibleWorkspaces(op));
  if (row.deleted_at !== null) return;
  await untilEmpty(op, core, {
    force,
    within: { projectId: row.id },
    reason: 'project_deleted',
    attempt: () => core.db.tx(op, 'projects.delete', (tx) => dropProject(tx, op, core, id, force)),
  });
};
