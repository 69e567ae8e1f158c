import type { Static } from 'typebox';
import type { Event } from './schemas.ts';
import type { EventRow } from './store.ts';

export const presentEvent = (row: EventRow): Static<typeof Event> => ({
  id: row.id,
  type: row.type,
  created_at: row.created_at.toISOString(),
  tenant_id: row.tenant_id,
  workspace_id: row.workspace_id,
  project_id: row.project_id,
  external_workspace_id: row.external_workspace_id,
  external_user_id: row.external_user_id,
  external_project_id: row.external_project_id,
  actor: row.actor,
  resource: { type: row.resource_type, id: row.resource_id },
  data: row.data,
});
