import { once, type Tx } from '@miosa/db';
import { Fault, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { announceProject } from './announce.ts';
import type { Core } from './core.ts';
import { deriveSlug, withSuffix } from './derive.ts';
import { checkMetadata, checkSlug, validateOwnership } from './fields.ts';
import { mergePatch } from './merge.ts';
import { resolveWorkspaceOf } from './ownership.ts';
import { checkPrimary } from './primary.ts';
import {
  insertProject,
  type ListedProject,
  listProjects,
  lockProject,
  type ProjectListFilters,
  type ProjectRow,
  projectByExternal,
  projectById,
  projectBySlug,
  updateProject,
} from './projects.store.ts';
import type { ProjectChange, ProjectCreate } from './schemas.ts';
import { onlySettings } from './settings.ts';
import { isUniqueViolation } from './store.ts';
import { seenOr404, visibleWorkspaces } from './visibility.ts';
import { type PageRequest, type WorkspaceRow, workspaceById } from './workspaces.store.ts';
import type { Made } from './workspaces.ts';

const MAX_ATTEMPTS = 10;

type CreateBody = Static<typeof ProjectCreate>;

const withWorkspace = async (op: Op, core: Core, row: ProjectRow): Promise<ListedProject> => {
  const workspace = await workspaceById(core.db.read, tenantOf(op), row.workspace_id);
  return { ...row, workspace_slug: workspace?.slug ?? '' };
};

export const getProject = async (op: Op, core: Core, id: string): Promise<ListedProject> => {
  const found = await projectById(core.db.read, tenantOf(op), id);
  return withWorkspace(
    op,
    core,
    seenOr404(found, (row) => row.workspace_id, visibleWorkspaces(op)),
  );
};

export const pageOfProjects = async (op: Op, core: Core, filters: ProjectListFilters, page: PageRequest): Promise<ListedProject[]> =>
  listProjects(core.db.read, tenantOf(op), visibleWorkspaces(op), filters, page);

interface Place {
  readonly workspace: WorkspaceRow;
  readonly slug: string;
}

type Keep = (tx: Tx, made: Made<ListedProject>) => Promise<Made<ListedProject>>;

const insert = (op: Op, core: Core, body: CreateBody, { workspace, slug }: Place, keep: Keep): Promise<Made<ListedProject> | undefined> =>
  core.db.tx(op, 'projects.create', async (tx) => {
    const row = await insertProject(tx, {
      tenantId: tenantOf(op),
      workspaceId: workspace.id,
      name: body.name,
      slug,
      description: body.description ?? null,
      externalProjectId: body.external_project_id ?? null,
      metadata: body.metadata ?? {},
      settings: onlySettings(body.settings ?? {}),
      now: op.now(),
    });
    if (row === undefined) return undefined;
    await record(tx, op, {
      action: 'projects.create',
      resourceType: 'project',
      resourceId: row.id,
      ownership: { workspaceId: workspace.id, projectId: row.id, externalProjectId: row.external_project_id },
      metadata: { slug },
    });
    await announceProject(tx, op, row, 'created');
    return keep(tx, { row: { ...row, workspace_slug: workspace.slug }, created: true });
  });

/** Its workspace is found, or made, as for every create. A known `external_project_id` of it gives the project that is there. */
export const createProject = (op: Op, core: Core, body: CreateBody): Promise<Made<ListedProject>> =>
  once<Made<ListedProject>>(op, 'projects.create', (keep) => findOrMake(op, core, body, keep));

const findOrMake = async (op: Op, core: Core, body: CreateBody, keep: Keep): Promise<Made<ListedProject>> => {
  const tenantId = tenantOf(op);
  const { read } = core.db;
  const { workspace_id, workspace_slug, external_workspace_id, external_project_id } = body;
  const external = external_project_id ?? null;
  validateOwnership({ workspace_id, workspace_slug, external_workspace_id, external_project_id });
  const chosen = body.slug == null ? null : checkSlug('slug', body.slug);
  checkMetadata('metadata', body.metadata ?? {});
  checkMetadata('settings', body.settings ?? {});
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const workspace = await resolveWorkspaceOf(op, core, { workspace_id, workspace_slug, external_workspace_id });
    const known = external === null ? undefined : await projectByExternal(read, tenantId, workspace.id, external);
    if (known !== undefined) return { row: { ...known, workspace_slug: workspace.slug }, created: false };
    const { base, usable } = chosen === null ? deriveSlug('project', [body.name, external]) : { base: chosen, usable: true };
    const taken = (await projectBySlug(read, tenantId, workspace.id, base)) !== undefined;
    if (taken && chosen !== null) throw new Fault('SLUG_TAKEN', `The workspace already has a project with the slug "${chosen}".`);
    const made = await insert(op, core, body, { workspace, slug: taken || !usable ? withSuffix(base) : base }, keep);
    if (made !== undefined) return made;
  }
  throw new Fault('CONFLICT', 'The project is being created by other requests; try again.');
};

export const changeProject = async (op: Op, core: Core, id: string, body: Static<typeof ProjectChange>): Promise<ListedProject> => {
  checkMetadata('metadata', body.metadata ?? {});
  checkMetadata('settings', body.settings ?? {});
  const { workspace_slug } = await getProject(op, core, id);
  try {
    return await core.db.tx(op, 'projects.update', async (tx) => {
      const row = seenOr404(await lockProject(tx, tenantOf(op), id), (found) => found.workspace_id, 'all');
      const after = {
        name: body.name ?? row.name,
        description: body.description === undefined ? row.description : body.description,
        externalProjectId: body.external_project_id === undefined ? row.external_project_id : body.external_project_id,
        primaryDeploymentId: body.primary_deployment_id === undefined ? row.primary_deployment_id : body.primary_deployment_id,
        metadata: body.metadata === null ? {} : mergePatch(row.metadata, body.metadata ?? {}),
        settings: body.settings === null ? {} : mergePatch(row.settings, onlySettings(body.settings ?? {})),
      };
      if (body.primary_deployment_id !== undefined)
        await checkPrimary(core, tx, { id: row.id, primary_deployment_id: after.primaryDeploymentId });
      checkMetadata('metadata', after.metadata);
      checkMetadata('settings', after.settings);
      const changed = await updateProject(tx, row.id, after, op.now());
      await record(tx, op, {
        action: 'projects.update',
        resourceType: 'project',
        resourceId: row.id,
        ownership: { workspaceId: row.workspace_id, projectId: row.id, externalProjectId: changed.external_project_id },
        metadata: { fields: Object.keys(body) },
      });
      await announceProject(tx, op, changed, 'updated');
      return { ...changed, workspace_slug };
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new Fault('CONFLICT', 'Another project of the workspace is linked to this external_project_id.');
    throw error;
  }
};
