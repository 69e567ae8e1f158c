import type { Database } from '@miosa/db';
import { Fault, notFound, type Op, type TenantId, tenantOf, type WorkspaceId } from '@miosa/kernel';
import type { Core } from './core.ts';
import { type OwnershipFields, validateOwnership } from './fields.ts';
import { assertSetupDone } from './identity.ts';
import { makeProject, makeWorkspace, takeProjectLink, takeWorkspaceLink } from './making.ts';
import {
  DEFAULT_SLUG,
  type ProjectRow,
  projectByExternal,
  projectById,
  projectBySlug,
  projectsByExternalAnywhere,
} from './projects.store.ts';
import type { Ownership, OwnershipRequest, VisibleWorkspaces } from './types.ts';
import { boundWorkspace, seenOr404, visibleWorkspaces } from './visibility.ts';
import { defaultWorkspace, type WorkspaceRow, workspaceByExternal, workspaceById, workspaceBySlug } from './workspaces.store.ts';

/** Each lost race means another caller made progress; more than a few in a row means something else is wrong. */
const MAX_ATTEMPTS = 10;

const tooManyRaces = (): Fault => new Fault('CONFLICT', 'The workspace or project is being changed by other requests; try again.');

const conflict = (message: string): Fault => new Fault('OWNERSHIP_CONFLICT', message);

/** One resolution under way. */
interface Context {
  readonly db: Database;
  readonly op: Op;
  readonly tenantId: TenantId;
  readonly fields: OwnershipFields;
  readonly visible: VisibleWorkspaces;
}

const contextOf = async (op: Op, core: Core, request: OwnershipRequest): Promise<Context> => {
  const fields = validateOwnership(request);
  await assertSetupDone(op, core);
  return { db: core.db, op, tenantId: tenantOf(op), fields, visible: visibleWorkspaces(op) };
};

/** Somebody else made it first, or deleted it meanwhile: resolution starts again. */
const RACED = Symbol('raced');
type Raced = typeof RACED;

/** Rules a and b: the ids, which must exist, be visible and agree. */
const byIds = async (c: Context): Promise<WorkspaceRow | undefined> => {
  const { workspaceId, projectId } = c.fields;
  const named = workspaceId === null ? undefined : await workspaceById(c.db.read, c.tenantId, workspaceId);
  if (workspaceId !== null) seenOr404(named, (row) => row.id, c.visible);
  if (projectId === null) return named;
  const project = seenOr404(await projectById(c.db.read, c.tenantId, projectId), (row) => row.workspace_id, c.visible);
  if (named !== undefined && named.id !== project.workspace_id)
    throw conflict('project_id belongs to another workspace than workspace_id.');
  return named ?? seenOr404(await workspaceById(c.db.read, c.tenantId, project.workspace_id), (row) => row.id, c.visible);
};

/** Rules c, d and e: the slug, then the link, then a new workspace. Undefined when neither was given. */
const bySelectors = async (c: Context): Promise<WorkspaceRow | Raced | undefined> => {
  const { workspaceSlug, externalWorkspaceId } = c.fields;
  if (workspaceSlug === null && externalWorkspaceId === null) return undefined;
  let found = workspaceSlug === null ? undefined : await workspaceBySlug(c.db.read, c.tenantId, workspaceSlug);
  if (found === undefined && externalWorkspaceId !== null) found = await workspaceByExternal(c.db.read, c.tenantId, externalWorkspaceId);
  // Who does not see the whole organization creates no workspace, so what it cannot see and what is absent look alike.
  if (found !== undefined || c.visible !== 'all') return seenOr404(found, (row) => row.id, c.visible);
  return (await makeWorkspace(c.db, c.op, c.fields)) ?? RACED;
};

/** No workspace selector: the one project linked to the external id anywhere, then rules f and g. */
const byFallback = async (c: Context): Promise<WorkspaceRow> => {
  if (c.fields.externalProjectId !== null) {
    const matches = await projectsByExternalAnywhere(c.db.read, c.tenantId, c.fields.externalProjectId, c.visible);
    if (matches.length > 1) throw conflict('external_project_id is linked in several workspaces; pass a workspace as well.');
    const [match] = matches;
    const workspace = match && (await workspaceById(c.db.read, c.tenantId, match.workspace_id));
    if (workspace) return workspace;
  }
  const bound = boundWorkspace(c.op);
  const row = bound === null ? await defaultWorkspace(c.db.read, c.tenantId) : await workspaceById(c.db.read, c.tenantId, bound);
  return seenOr404(row, (found) => found.id, c.visible);
};

const resolveWorkspace = async (c: Context): Promise<WorkspaceRow | Raced> => {
  const { fields } = c;
  const named = await byIds(c);
  if (named !== undefined && fields.workspaceSlug !== null && named.slug !== fields.workspaceSlug) {
    throw conflict(`workspace_slug "${fields.workspaceSlug}" is not the slug of the selected workspace.`);
  }
  const row = named ?? (await bySelectors(c)) ?? (await byFallback(c));
  if (row === RACED) return RACED;
  const chosen = fields.workspaceId !== null || fields.workspaceSlug === row.slug;
  return chosen ? takeWorkspaceLink(c.db, c.op, row, fields.externalWorkspaceId) : row;
};

const findProject = async (c: Context, workspaceId: WorkspaceId): Promise<ProjectRow | undefined> => {
  const { projectId, projectSlug, externalProjectId } = c.fields;
  if (projectId !== null) {
    const row = await projectById(c.db.read, c.tenantId, projectId);
    if (row === undefined || row.workspace_id !== workspaceId) throw notFound();
    if (projectSlug !== null && row.slug !== projectSlug) throw conflict(`project_slug "${projectSlug}" is not the slug of project_id.`);
    return row;
  }
  const bySlug = projectSlug === null ? undefined : await projectBySlug(c.db.read, c.tenantId, workspaceId, projectSlug);
  if (bySlug !== undefined) return bySlug;
  if (externalProjectId !== null) return projectByExternal(c.db.read, c.tenantId, workspaceId, externalProjectId);
  return projectSlug === null ? projectBySlug(c.db.read, c.tenantId, workspaceId, DEFAULT_SLUG) : undefined;
};

const resolveProject = async (c: Context, workspaceId: WorkspaceId, looking = findProject(c, workspaceId)): Promise<ProjectRow | Raced> => {
  const found = await looking;
  if (found === undefined) return (await makeProject(c.db, c.op, workspaceId, c.fields)) ?? RACED;
  const chosen = c.fields.projectId !== null || c.fields.projectSlug === found.slug;
  return chosen ? takeProjectLink(c.db, c.op, found, c.fields.externalProjectId) : found;
};

const toOwnership = (tenantId: TenantId, fields: OwnershipFields, workspace: WorkspaceRow, project: ProjectRow): Ownership => ({
  tenantId,
  workspaceId: workspace.id,
  workspaceSlug: workspace.slug,
  workspaceName: workspace.name,
  projectId: project.id,
  projectSlug: project.slug,
  projectName: project.name,
  externalWorkspaceId: fields.externalWorkspaceId ?? workspace.external_workspace_id,
  externalUserId: fields.externalUserId,
  externalProjectId: fields.externalProjectId ?? project.external_project_id,
  settings: { workspace: workspace.settings as object, project: project.settings as object },
});

/** More only cost memory: a forgotten guess costs a wait. */
const GUESSES_MAX = 10_000;

/**
 * The workspace that these selectors led to last time. Its project is looked for at once, beside the workspace itself, and counts only if the
 * rules lead to that workspace again.
 */
const guessing = ({ guesses }: Core, c: Context) => {
  const { externalUserId: _, workspaceName: __, projectName: ___, ...selectors } = c.fields;
  const key = JSON.stringify([c.tenantId, boundWorkspace(c.op), selectors]);
  return {
    guess: (): { workspaceId: WorkspaceId; looking: Promise<ProjectRow | undefined> } | undefined => {
      const workspaceId = guesses.get(key);
      if (workspaceId === undefined) return undefined;
      const looking = findProject(c, workspaceId);
      looking.catch(() => {}); // thrown to whoever takes it
      return { workspaceId, looking };
    },
    learn: (workspaceId: WorkspaceId): void => {
      if (guesses.size >= GUESSES_MAX) guesses.clear();
      guesses.set(key, workspaceId);
    },
  };
};

/**
 * Contract 3.2: the nine request fields → one workspace and one project, made when need be, in short transactions of their own before
 * the resource. Errors: VALIDATION_ERROR, NOT_FOUND, OWNERSHIP_CONFLICT, SETUP_REQUIRED.
 */
export const resolveOwnership = async (op: Op, core: Core, request: OwnershipRequest): Promise<Ownership> => {
  const context = await contextOf(op, core, request);
  const { guess, learn } = guessing(core, context);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const guessed = attempt === 1 ? guess() : undefined;
    const workspace = await resolveWorkspace(context);
    if (workspace === RACED) continue;
    learn(workspace.id);
    const project = await resolveProject(context, workspace.id, guessed?.workspaceId === workspace.id ? guessed.looking : undefined);
    if (project !== RACED) return toOwnership(context.tenantId, context.fields, workspace, project);
  }
  throw tooManyRaces();
};

/** Only the workspace of it, for creating a project. */
export const resolveWorkspaceOf = async (op: Op, core: Core, request: OwnershipRequest): Promise<WorkspaceRow> => {
  const context = await contextOf(op, core, request);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const workspace = await resolveWorkspace(context);
    if (workspace !== RACED) return workspace;
  }
  throw tooManyRaces();
};
