import { atLeast, Fault, notFound, type Op, type WorkspaceId } from '@miosa/kernel';
import type { VisibleWorkspaces } from './types.ts';

const seesAll = ({ actor }: Op): boolean => {
  if (actor.type === 'system') return true;
  if (actor.type === 'user') return actor.isOperator || actor.role === 'admin' || actor.role === 'owner';
  if (actor.type === 'browser') return false;
  return actor.keyType !== 'user' || actor.role === 'admin' || actor.role === 'owner';
};

/** The workspace a key or browser token is bound to. */
export const boundWorkspace = ({ actor }: Op): WorkspaceId | null => {
  if (actor.type === 'browser') return actor.boundary.workspaceId;
  return actor.type === 'key' ? actor.workspaceId : null;
};

/**
 * The one answer to "which workspaces may this caller know of" (contract 2.2, 2.6): a bound key its own; viewers, members and their
 * keys those they belong to, the default one among them, as far as their role there is enough for the operation; everybody else all
 * of the organization. No query: memberships are known with the credential, and no older than it.
 */
export const visibleWorkspaces = (op: Op): VisibleWorkspaces => {
  const bound = boundWorkspace(op);
  const { actor, leastRole = 'viewer' } = op;
  if (actor.type === 'browser') return [actor.boundary.workspaceId];
  if (seesAll(op) || actor.type === 'system') return bound === null ? 'all' : [bound];
  const enough = (actor.workspaces ?? []).filter(({ id, role }) => atLeast(role, leastRole) && (bound === null || bound === id));
  return enough.map(({ id }) => id);
};

export const sees = (visible: VisibleWorkspaces, id: string): boolean => visible === 'all' || visible.some((known) => known === id);

/** The row when it is there and visible, else the answer that tells neither from the other. */
export const seenOr404 = <T>(row: T | undefined, workspaceId: (row: T) => string, visible: VisibleWorkspaces): T => {
  if (row === undefined || !sees(visible, workspaceId(row))) throw notFound();
  return row;
};

/** New workspaces are the organization's business: bound keys, viewers and members make none. */
export const assertMayCreateWorkspace = (op: Op, visible: VisibleWorkspaces): void => {
  if (visible === 'all') return;
  if (boundWorkspace(op) !== null) {
    throw new Fault('FORBIDDEN', 'This key is bound to one workspace and cannot create another. Use a key without a workspace.', {
      details: { reason: 'workspace_bound_key' },
    });
  }
  throw new Fault('FORBIDDEN', 'Creating a workspace needs the role admin.', { details: { required_role: 'admin' } });
};
