import { type Op, tenantOf } from '@miosa/kernel';
import type { Core } from './deps.ts';

/**
 * Which sandboxes a caller sees: its organization's; of those, for a bound key and for a member, those of the workspaces it may know
 * of; of those, for a user key, its user's own; of those, for a browser token, what
 * lies within its boundary (contract 2.4 to 2.6).
 */
export interface Visibility {
  readonly tenantId: string;
  readonly workspaceIds: readonly string[] | null;
  readonly ownerUserId: string | null;
  /** Set by the boundary of a browser token. */
  readonly projectId?: string | null;
  readonly sandboxId?: string | null;
}

/** Without a query: it is on the path of every exec. */
export const visibilityOf = async (op: Op, core: Pick<Core, 'tenancy'>): Promise<Visibility> => {
  const { actor } = op;
  const tenantId = tenantOf(op);
  if (actor.type === 'browser') {
    const { workspaceId, projectId, sandboxId, ownerUserId } = actor.boundary;
    return { tenantId, workspaceIds: [workspaceId], ownerUserId, projectId, sandboxId };
  }
  const visible = await core.tenancy.visibleWorkspaces(op);
  return { tenantId, workspaceIds: visible === 'all' ? null : visible, ownerUserId: actor.type === 'key' ? actor.userId : null };
};

/** The user a new sandbox belongs to: a key without a user makes sandboxes of the organization. */
export const ownerOf = (op: Op): string | null => {
  if (op.actor.type === 'user') return op.actor.id;
  return op.actor.type === 'key' ? op.actor.userId : null;
};

/** The key that acts, or that minted the browser token that acts: what it makes dies with it. */
export const keyIdOf = ({ actor }: Op): string | null => {
  if (actor.type === 'browser') return actor.mintedBy.keyId;
  return actor.type === 'key' ? actor.id : null;
};
