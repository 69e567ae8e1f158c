import type { Db } from '@miosa/db';
import { type Actor, newId, type Op, tenantOf } from '@miosa/kernel';
import { currentAttestor } from './attestation.ts';
import { contentOf } from './chain.ts';
import { insertEntry } from './store.ts';
import type { AuditRecord, AuditTable } from './types.ts';

const actorType = (actor: Actor): string => {
  if (actor.type === 'user') return actor.isOperator ? 'operator' : 'user';
  return actor.type;
};

const keyBehind = (actor: Actor): string | null => {
  if (actor.type === 'browser') return actor.mintedBy.keyId;
  return actor.type === 'key' ? actor.id : null;
};

// A header is the caller's to choose; the entry keeps what identifies a client and no more.
const MAX_USER_AGENT = 256;

/**
 * Writes one entry, in the caller's transaction: what happened and its entry commit together or not at all (ARCHITECTURE invariant 4).
 * Needs an operation with an organization.
 */
export const record = async (db: Db, op: Op, entry: AuditRecord): Promise<void> => {
  const owner = entry.ownership ?? {};
  // What a visitor does is put down to the visitor, not to whoever made the resource (contract 2.5).
  const attributed = op.actor.type === 'browser' ? op.actor.external : undefined;
  const written = {
    id: newId('aud', op.now().getTime()),
    tenant_id: tenantOf(op),
    api_key_id: keyBehind(op.actor),
    actor_type: actorType(op.actor),
    actor_id: op.actor.id,
    actor_name: op.actor.name,
    action: entry.action,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId ?? null,
    workspace_id: owner.workspaceId ?? null,
    project_id: owner.projectId ?? null,
    external_workspace_id: attributed?.workspaceId ?? owner.externalWorkspaceId ?? null,
    external_user_id: attributed?.userId ?? owner.externalUserId ?? null,
    external_project_id: attributed?.projectId ?? owner.externalProjectId ?? null,
    outcome: entry.outcome ?? ('success' as AuditTable['outcome']),
    error_code: entry.errorCode ?? null,
    ip_address: op.ip,
    user_agent: op.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
    request_id: op.requestId,
    metadata: JSON.stringify(entry.metadata ?? {}),
    created_at: op.now(),
  };
  const content = (): string => contentOf({ ...written, metadata: JSON.parse(written.metadata) });
  await insertEntry(db, { ...written, attestation: currentAttestor()?.entry(content()) ?? null });
};
