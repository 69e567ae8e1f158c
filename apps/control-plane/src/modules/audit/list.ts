import type { Database } from '@miosa/db';
import { isUuid, type Op, type TenantId, tenantOf } from '@miosa/kernel';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { Static } from 'typebox';
import type { AuditEntry, AuditQuery } from './schemas.ts';
import { type AuditRow, listEntries } from './store.ts';

export type Filters = Omit<Static<typeof AuditQuery>, 'limit' | 'cursor'>;
type Condition = Expression<SqlBool>;

const TEXT = ['resource_type', 'resource_id', 'outcome', 'external_workspace_id', 'external_user_id', 'external_project_id'] as const;
const UUID = ['workspace_id', 'project_id'] as const;

const equals = (column: string, value: string): Condition => sql<SqlBool>`${sql.ref(`audit_entries.${column}`)} = ${value}`;

/** An id that cannot be one matches nothing. */
const equalsUuid = (column: string, value: string): Condition =>
  isUuid(value) ? sql<SqlBool>`${sql.ref(`audit_entries.${column}`)} = ${value}::uuid` : sql<SqlBool>`false`;

/** `deployments.*` means every action that begins with `deployments.`. */
const actionMatches = (wanted: string): Condition =>
  wanted.endsWith('.*') ? sql<SqlBool>`starts_with(audit_entries.action, ${wanted.slice(0, -1)})` : equals('action', wanted);

const wanted = (filters: Filters): Condition[] => {
  const { api_key_id, actor_id, action, since, until } = filters;
  const conditions: Condition[] = [];
  if (api_key_id !== undefined) conditions.push(equalsUuid('api_key_id', api_key_id.replace(/^key_/, '')));
  if (actor_id !== undefined) conditions.push(equals('actor_id', actor_id));
  if (action !== undefined) conditions.push(actionMatches(action));
  for (const column of UUID) {
    const value = filters[column];
    if (value !== undefined) conditions.push(equalsUuid(column, value));
  }
  for (const column of TEXT) {
    const value = filters[column];
    if (value !== undefined) conditions.push(equals(column, value));
  }
  if (since !== undefined) conditions.push(sql<SqlBool>`audit_entries.created_at >= ${since}::timestamptz`);
  if (until !== undefined) conditions.push(sql<SqlBool>`audit_entries.created_at < ${until}::timestamptz`);
  return conditions;
};

/** Contract 2.6: viewers, members and user keys read their own entries; a bound key those of its workspace. */
const allowed = ({ actor }: Op): Condition[] => {
  const conditions: Condition[] = actor.type === 'browser' ? [equals('actor_id', actor.id)] : [];
  const limited = (actor.type === 'user' || actor.type === 'key') && (actor.role === 'viewer' || actor.role === 'member');
  if (actor.type === 'user' && limited && !actor.isOperator) conditions.push(equals('actor_id', actor.id));
  if (actor.type === 'key' && actor.keyType === 'user') {
    conditions.push(sql<SqlBool>`audit_entries.actor_id in (${actor.id}, ${actor.userId})`);
  }
  if (actor.type === 'key' && actor.workspaceId !== null) conditions.push(equalsUuid('workspace_id', actor.workspaceId));
  return conditions;
};

/** One page of what the caller may read, newest first; `beforeSeq` is where the previous one ended. */
export const pageOfEntries = (
  op: Op,
  db: Database,
  filters: Filters,
  page: { readonly beforeSeq: string | null; readonly limit: number },
): Promise<AuditRow[]> => listEntries(db.read, tenantOf(op), [...allowed(op), ...wanted(filters)], page);

/** The same over all organizations, for operators. */
export const pageOfAllEntries = (
  db: Database,
  tenantId: TenantId | null,
  filters: Filters,
  page: { readonly beforeSeq: string | null; readonly limit: number },
): Promise<AuditRow[]> => listEntries(db.read, tenantId, wanted(filters), page);

export const presentEntry = (row: AuditRow): Static<typeof AuditEntry> => ({
  id: row.id,
  tenant_id: row.tenant_id,
  api_key_id: row.api_key_id,
  actor: {
    type: row.actor_type as Static<typeof AuditEntry>['actor']['type'],
    id: row.actor_id,
    name: row.actor_name,
    organization: row.tenant_slug,
  },
  action: row.action,
  resource_type: row.resource_type,
  resource_id: row.resource_id,
  workspace_id: row.workspace_id,
  project_id: row.project_id,
  external_workspace_id: row.external_workspace_id,
  external_user_id: row.external_user_id,
  external_project_id: row.external_project_id,
  outcome: row.outcome,
  error_code: row.error_code,
  ip_address: row.ip_address,
  user_agent: row.user_agent,
  request_id: row.request_id,
  metadata: row.metadata,
  created_at: row.created_at.toISOString(),
  prev_hash: row.prev_hash,
  hash: row.hash,
});
