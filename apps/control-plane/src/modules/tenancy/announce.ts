import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { emit } from '../events/index.ts';
import type { ProjectRow } from './projects.store.ts';
import type { WorkspaceRow } from './workspaces.store.ts';

type Happened = 'created' | 'updated' | 'deleted';

/** The object without its counts, which change with everything inside it. */
const dataOf = (row: WorkspaceRow | ProjectRow) => ({
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

/** In the transaction of the change and after it. */
export const announceWorkspace = (tx: Tx, op: Op, row: WorkspaceRow, happened: Happened): Promise<void> =>
  emit(tx, op, {
    type: `workspace.${happened}`,
    resource: { type: 'workspace', id: row.id },
    data: { ...dataOf(row), external_workspace_id: row.external_workspace_id },
    ownership: { workspaceId: row.id, externalWorkspaceId: row.external_workspace_id },
  });

export const announceProject = (tx: Tx, op: Op, row: ProjectRow, happened: Happened): Promise<void> =>
  emit(tx, op, {
    type: `project.${happened}`,
    resource: { type: 'project', id: row.id },
    data: { ...dataOf(row), workspace_id: row.workspace_id, external_project_id: row.external_project_id },
    ownership: { workspaceId: row.workspace_id, projectId: row.id, externalProjectId: row.external_project_id },
  });
