import type { Db } from '@miosa/db';
import { type Actor, type Op, tenantOf } from '@miosa/kernel';
import { insertEvents } from './store.ts';
import type { EventActor, NewEvent } from './types.ts';

/** Families that only the stream of the resource itself shows (contract 4.21): they come by the thousand. */
const NARROW = ['sandbox.exec.', 'sandbox.port.'];

const actorOf = (actor: Actor): EventActor => {
  const type = actor.type === 'user' && actor.isOperator ? 'operator' : actor.type;
  return { type, id: actor.id, name: actor.name };
};

/**
 * Writes events, in the caller's transaction and after the change they tell of: both commit or neither, and the row lock of the change keeps
 * the events of one resource in order. One insert for any number.
 */
export const emit = (db: Db, op: Op, ...events: readonly NewEvent[]): Promise<void> => {
  const actor = JSON.stringify(actorOf(op.actor));
  return insertEvents(
    db,
    events.map(({ type, resource, data, ownership = {} }) => ({
      tenant_id: tenantOf(op),
      type,
      workspace_id: ownership.workspaceId ?? null,
      project_id: ownership.projectId ?? null,
      owner_user_id: ownership.ownerUserId ?? null,
      external_workspace_id: ownership.externalWorkspaceId ?? null,
      external_user_id: ownership.externalUserId ?? null,
      external_project_id: ownership.externalProjectId ?? null,
      actor,
      resource_type: resource.type,
      resource_id: resource.id,
      narrow: NARROW.some((prefix) => type.startsWith(prefix)),
      data: JSON.stringify(data),
      created_at: op.now(),
    })),
  );
};
