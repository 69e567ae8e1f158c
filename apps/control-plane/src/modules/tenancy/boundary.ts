import { Fault, type Op, type ProjectId, tenantOf, type WorkspaceId } from '@miosa/kernel';
import type { Core } from './core.ts';
import { projectById, projectsByExternalAnywhere } from './projects.store.ts';
import { seenOr404, visibleWorkspaces } from './visibility.ts';
import { workspaceByExternal, workspaceById } from './workspaces.store.ts';

/** Selectors of an existing place; nothing is made for them. */
export interface PlaceRequest {
  readonly workspaceId: string | null;
  readonly projectId: string | null;
  readonly externalWorkspaceId: string | null;
  readonly externalProjectId: string | null;
}

export interface Place {
  readonly workspaceId: WorkspaceId;
  readonly projectId: ProjectId | null;
}

const conflict = (first: string, second: string): Fault => new Fault('OWNERSHIP_CONFLICT', `${first} and ${second} name different places.`);

/**
 * The workspace, and the project where one is named, that all given selectors agree on; null when none is given. An external id beside an
 * id may be unknown as long as its place has no link of its own: then it is attribution. Errors: NOT_FOUND, OWNERSHIP_CONFLICT.
 */
export const resolvePlace = async (op: Op, core: Core, request: PlaceRequest): Promise<Place | null> => {
  const [db, tenantId, visible] = [core.db.read, tenantOf(op), visibleWorkspaces(op)];
  const seenWorkspace = async (id: string) => seenOr404(await workspaceById(db, tenantId, id), (row) => row.id, visible);

  const project =
    request.projectId === null
      ? undefined
      : seenOr404(await projectById(db, tenantId, request.projectId), (row) => row.workspace_id, visible);
  const named = request.workspaceId === null ? undefined : await seenWorkspace(request.workspaceId);
  if (named !== undefined && project !== undefined && named.id !== project.workspace_id) throw conflict('workspace_id', 'project_id');
  let workspace = named ?? (project && (await seenWorkspace(project.workspace_id)));

  if (request.externalWorkspaceId !== null) {
    const linked = await workspaceByExternal(db, tenantId, request.externalWorkspaceId);
    if (workspace === undefined) workspace = seenOr404(linked, (row) => row.id, visible);
    // What it is linked to elsewhere, if anything, is not told.
    const disagrees = linked === undefined ? workspace.external_workspace_id !== null : linked.id !== workspace.id;
    if (disagrees) throw conflict('external_workspace_id', 'the selected workspace');
  }
  if (request.externalProjectId === null) return workspace ? { workspaceId: workspace.id, projectId: project?.id ?? null } : null;

  const among = workspace === undefined ? visible : [workspace.id];
  const matches = await projectsByExternalAnywhere(db, tenantId, request.externalProjectId, among);
  if (project === undefined) {
    if (matches.length > 1) throw new Fault('OWNERSHIP_CONFLICT', 'external_project_id is linked in several workspaces; name a workspace.');
    const found = seenOr404(matches[0], (row) => row.workspace_id, visible);
    return { workspaceId: found.workspace_id, projectId: found.id };
  }
  const [match] = matches;
  const disagrees = match === undefined ? project.external_project_id !== null : match.id !== project.id;
  if (disagrees) throw conflict('external_project_id', 'the selected project');
  return { workspaceId: project.workspace_id, projectId: project.id };
};
