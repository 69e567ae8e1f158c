import type { Database } from '@miosa/db';
import { type Op, tenantOf, type WorkspaceId } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { announceProject, announceWorkspace } from './announce.ts';
import { deriveName, deriveSlug, withSuffix } from './derive.ts';
import type { OwnershipFields } from './fields.ts';
import { DEFAULT_SLUG, insertProject, linkProject, type ProjectRow, projectByExternal, projectBySlug } from './projects.store.ts';
import { isUniqueViolation } from './store.ts';
import { insertWorkspace, linkWorkspace, type WorkspaceRow, workspaceByExternal, workspaceBySlug } from './workspaces.store.ts';

const freeSlug = async (candidate: { base: string; usable: boolean }, taken: (slug: string) => Promise<boolean>): Promise<string> =>
  candidate.usable && !(await taken(candidate.base)) ? candidate.base : withSuffix(candidate.base);

/** Rule e of contract 3.2. Undefined when another caller took the slug or the link first. */
export const makeWorkspace = async (db: Database, op: Op, fields: OwnershipFields): Promise<WorkspaceRow | undefined> => {
  const tenantId = tenantOf(op);
  const { workspaceSlug, workspaceName, externalWorkspaceId } = fields;
  return db.tx(op, 'workspaces.create', async (tx) => {
    const taken = async (slug: string) => (await workspaceBySlug(tx, tenantId, slug)) !== undefined;
    const slug = workspaceSlug ?? (await freeSlug(deriveSlug('workspace', [workspaceName, externalWorkspaceId]), taken));
    const name = deriveName(workspaceName, workspaceSlug, externalWorkspaceId);
    const row = await insertWorkspace(tx, { tenantId, name, slug, externalWorkspaceId, now: op.now() });
    if (row === undefined) return undefined;
    await record(tx, op, {
      action: 'workspaces.create',
      resourceType: 'workspace',
      resourceId: row.id,
      ownership: { workspaceId: row.id, externalWorkspaceId, externalUserId: fields.externalUserId },
      metadata: { slug, automatic: true },
    });
    await announceWorkspace(tx, op, row, 'created');
    return row;
  });
};

/** The same for projects; without any selector it is the workspace's default project. */
export const makeProject = async (
  db: Database,
  op: Op,
  workspaceId: WorkspaceId,
  fields: OwnershipFields,
): Promise<ProjectRow | undefined> => {
  const tenantId = tenantOf(op);
  const { projectSlug, projectName, externalProjectId } = fields;
  const isDefault = projectSlug === null && externalProjectId === null;
  return db.tx(op, 'projects.create', async (tx) => {
    const taken = async (slug: string) => (await projectBySlug(tx, tenantId, workspaceId, slug)) !== undefined;
    const derived = async () => freeSlug(deriveSlug('project', [projectName, externalProjectId]), taken);
    const slug = isDefault ? DEFAULT_SLUG : (projectSlug ?? (await derived()));
    const name = isDefault ? 'Default' : deriveName(projectName, projectSlug, externalProjectId);
    const row = await insertProject(tx, { tenantId, workspaceId, name, slug, externalProjectId, now: op.now() });
    if (row === undefined) return undefined;
    await record(tx, op, {
      action: 'projects.create',
      resourceType: 'project',
      resourceId: row.id,
      ownership: {
        workspaceId,
        projectId: row.id,
        externalWorkspaceId: fields.externalWorkspaceId,
        externalUserId: fields.externalUserId,
        externalProjectId,
      },
      metadata: { slug, automatic: true },
    });
    await announceProject(tx, op, row, 'created');
    return row;
  });
};

/** Runs a link; one that is taken elsewhere is left there, which is no error (rule 5 of contract 3.2). */
const unlessTaken = async <T>(row: T, link: () => Promise<T | undefined>): Promise<T> => {
  try {
    return (await link()) ?? row;
  } catch (error) {
    if (isUniqueViolation(error)) return row;
    throw error;
  }
};

/** A workspace without an external id takes the first one passed together with its id or slug. */
export const takeWorkspaceLink = async (db: Database, op: Op, row: WorkspaceRow, externalId: string | null): Promise<WorkspaceRow> => {
  if (externalId === null || row.external_workspace_id !== null) return row;
  if (await workspaceByExternal(db.read, row.tenant_id, externalId)) return row;
  const link = () =>
    db.tx(op, 'workspaces.link', async (tx) => {
      const linked = await linkWorkspace(tx, row.id, externalId, op.now());
      if (linked !== undefined) {
        await record(tx, op, {
          action: 'workspaces.update',
          resourceType: 'workspace',
          resourceId: row.id,
          ownership: { workspaceId: row.id, externalWorkspaceId: externalId },
          metadata: { linked: true },
        });
        await announceWorkspace(tx, op, linked, 'updated');
      }
      return linked;
    });
  return unlessTaken(row, link);
};

export const takeProjectLink = async (db: Database, op: Op, row: ProjectRow, externalId: string | null): Promise<ProjectRow> => {
  if (externalId === null || row.external_project_id !== null) return row;
  if (await projectByExternal(db.read, row.tenant_id, row.workspace_id, externalId)) return row;
  const link = () =>
    db.tx(op, 'projects.link', async (tx) => {
      const linked = await linkProject(tx, row.id, externalId, op.now());
      if (linked !== undefined) {
        await record(tx, op, {
          action: 'projects.update',
          resourceType: 'project',
          resourceId: row.id,
          ownership: { workspaceId: row.workspace_id, projectId: row.id, externalProjectId: externalId },
          metadata: { linked: true },
        });
        await announceProject(tx, op, linked, 'updated');
      }
      return linked;
    });
  return unlessTaken(row, link);
};
