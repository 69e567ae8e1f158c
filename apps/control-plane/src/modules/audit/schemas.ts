import { PAGE_QUERY } from '@miosa/http';
import { Type } from 'typebox';

const text = () => Type.Union([Type.String(), Type.Null()]);
const filter = () => Type.Optional(Type.String({ maxLength: 255 }));
const time = () => Type.Optional(Type.String({ format: 'date-time' }));

export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    tenant_id: Type.String(),
    api_key_id: text(),
    actor: Type.Object({
      type: Type.Enum(['key', 'user', 'browser', 'operator', 'system']),
      id: Type.String(),
      name: Type.String(),
      organization: Type.String({ description: 'Slug of the organization acted in' }),
    }),
    action: Type.String(),
    resource_type: Type.String(),
    resource_id: text(),
    workspace_id: text(),
    project_id: text(),
    external_workspace_id: text(),
    external_user_id: text(),
    external_project_id: text(),
    outcome: Type.Enum(['success', 'denied', 'failure']),
    error_code: text(),
    ip_address: text(),
    user_agent: text(),
    request_id: Type.String(),
    metadata: Type.Unsafe<Record<string, unknown>>({ type: 'object' }),
    created_at: Type.String({ format: 'date-time' }),
    prev_hash: text(),
    hash: Type.Union([
      Type.String({ description: 'SHA-256 over prev_hash and the entry; null for about a second after it was written' }),
      Type.Null(),
    ]),
  },
  { $id: 'AuditEntry' },
);

export const AuditVerdict = Type.Object(
  {
    valid: Type.Boolean(),
    checked: Type.Integer({ description: 'Links that hold, from the oldest entry kept' }),
    sealed_until: Type.Union([Type.String({ format: 'date-time', description: 'Time of the last entry in the chain' }), Type.Null()]),
    defect: Type.Union([Type.Enum(['changed', 'missing', 'inserted', 'broken_link', 'wrong_end']), Type.Null()]),
    first_bad_id: text(),
  },
  { $id: 'AuditVerdict' },
);

export const AuditQuery = Type.Object({
  ...PAGE_QUERY,
  api_key_id: filter(),
  actor_id: filter(),
  action: filter(),
  resource_type: filter(),
  resource_id: filter(),
  outcome: filter(),
  workspace_id: filter(),
  project_id: filter(),
  external_workspace_id: filter(),
  external_user_id: filter(),
  external_project_id: filter(),
  since: time(),
  until: time(),
});
