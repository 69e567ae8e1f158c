import { type Op, tenantOf } from '@miosa/kernel';
import type { Core } from './deps.ts';

/**
 * Which sandboxes a caller sees: its organization's; of those, for a bound key and for a member, those of the workspaces it may know
 * of; of those, for a user key, its user's own (contract 2.4, 2.6).
 */
export interface Visibility {
  readonly tenantId: string;
  readonly workspaceIds: readonly string[] | null;
  readonly ownerUserId: string | null;
}

/** No query for keys: it is on the path of every exec. */
export const visibilityOf = async (op: Op, core: Pick<Core, 'tenancy'>): Promise<Visibility> => {
  const { actor } = op;
  const tenantId = tenantOf(op);
  if (actor.type === 'key')
    return { tenantId, workspaceIds: actor.workspaceId === null ? null : [actor.workspaceId], ownerUserId: actor.userId };
  const visible = await core.tenancy.visibleWorkspaces(op);
  return { tenantId, workspaceIds: visible === 'all' ? null : visible, ownerUserId: null };
};

/** The user a new sandbox belongs to: a key without a user makes sandboxes of the organization. */
export const ownerOf = (op: Op): string | null => {
  if (op.actor.type === 'user') return op.actor.id;
  return op.actor.type === 'key' ? op.actor.userId : null;
};

export const keyIdOf = (op: Op): string | null => (op.actor.type === 'key' ? op.actor.id : null);
