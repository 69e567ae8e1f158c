import { type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { iso, isoOrNull } from '../render.ts';
import type { Snapshot } from '../schemas.ts';
import type { SnapshotRow } from './store.ts';

/** Rows as the API shows them, with the names of their workspace and project. */
export const renderSnapshots = async (op: Op, core: Core, rows: readonly SnapshotRow[]): Promise<Static<typeof Snapshot>[]> => {
  if (rows.length === 0) return [];
  const echoes = await core.tenancy.ownershipOf(core.db.read, tenantOf(op), [...new Set(rows.map((row) => row.project_id))]);
  return rows.map((row) => {
    const echo = echoes.get(row.project_id);
    return {
      id: row.id,
      name: row.name,
      tenant_id: row.tenant_id,
      workspace_id: row.workspace_id,
      workspace_slug: echo?.workspaceSlug ?? '',
      workspace_name: echo?.workspaceName ?? '',
      project_id: row.project_id,
      project_slug: echo?.projectSlug ?? '',
      project_name: echo?.projectName ?? '',
      external_workspace_id: row.external_workspace_id,
      external_user_id: row.external_user_id,
      external_project_id: row.external_project_id,
      owner_user_id: row.owner_user_id,
      metadata: {},
      tags: [],
      created_at: iso(row.created_at),
      updated_at: iso(row.updated_at),
      sandbox_id: row.sandbox_id,
      state: row.state,
      state_reason: row.state_reason,
      comment: row.comment,
      keep: row.keep,
      retention_seconds: row.retention_seconds,
      expires_at: isoOrNull(row.expires_at),
      size_bytes: Number(row.size_bytes),
      last_used_at: isoOrNull(row.last_used_at),
    };
  });
};
