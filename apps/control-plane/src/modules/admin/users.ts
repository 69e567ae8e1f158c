import type { Tx } from '@miosa/db';
import { Fault, notFound, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import { isUniqueViolation } from '../tenancy/index.ts';
import { type Core, recordIn } from './core.ts';
import type { BulkResult } from './schemas.ts';
import {
  changeUser,
  endSessionsOf,
  eraseUser,
  lockOperators,
  lockUser,
  membershipsOf,
  ownedAlone,
  type UserChange,
  type UserRow,
  userEvenDeleted,
} from './users.store.ts';

const lastOperator = (): Fault =>
  new Fault('CONFLICT', 'This is the last operator of the installation. Make somebody else operator first.', {
    details: { reason: 'last_operator' },
  });

const assertNotLastOperator = async (tx: Tx, user: UserRow): Promise<void> => {
  if (!user.is_operator || user.suspended_at !== null) return;
  const others = (await lockOperators(tx)).filter((id) => id !== user.id);
  if (others.length === 0) throw lastOperator();
};

interface Act {
  readonly action: string;
  readonly metadata?: object;
  /** Changes the locked user; undefined: nothing to do. */
  readonly change: (tx: Tx, user: UserRow) => Promise<UserRow | undefined>;
}

const act = async (op: Op, core: Core, id: string, { action, metadata = {}, change }: Act): Promise<UserRow> => {
  const after = await core.db.tx(op, action, async (tx) => {
    const user = await lockUser(tx, id);
    if (user === undefined) throw notFound();
    const tenantIds = (await membershipsOf(tx, [user.id])).map((membership) => membership.tenant_id);
    const changed = await change(tx, user);
    await recordIn(tx, op, tenantIds, { action, resourceType: 'user', resourceId: user.id, metadata });
    return changed ?? user;
  });
  core.access.core.authenticator.forget();
  return after;
};

export const getUser = async (op: Op, core: Core, id: string): Promise<UserRow> => {
  const user = await userEvenDeleted(core.db.read, id);
  if (user === undefined || user.deleted_at !== null) throw notFound();
  const tenantIds = (await membershipsOf(core.db.read, [user.id])).map((membership) => membership.tenant_id);
  await recordIn(core.db.read, op, tenantIds, { action: 'admin.users.get', resourceType: 'user', resourceId: user.id });
  return user;
};

export const updateUser = async (op: Op, core: Core, id: string, change: UserChange): Promise<UserRow> => {
  try {
    return await act(op, core, id, {
      action: 'admin.users.update',
      metadata: { fields: Object.keys(change) },
      change: (tx, user) => (Object.keys(change).length === 0 ? Promise.resolve(undefined) : changeUser(tx, user.id, change)),
    });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Fault('CONFLICT', 'Another account has this e-mail address.', { details: { reason: 'email_taken' } });
    throw error;
  }
};

export const setOperator = (op: Op, core: Core, id: string, isOperator: boolean): Promise<UserRow> =>
  act(op, core, id, {
    action: 'admin.users.role',
    metadata: { is_operator: isOperator },
    change: async (tx, user) => {
      if (!isOperator) await assertNotLastOperator(tx, user);
      return changeUser(tx, user.id, { is_operator: isOperator });
    },
  });

/** Sessions and keys stop within a second. */
export const suspendUser = (op: Op, core: Core, id: string, reason: string | null): Promise<UserRow> =>
  act(op, core, id, {
    action: 'admin.users.suspend',
    metadata: { reason },
    change: async (tx, user) => {
      await assertNotLastOperator(tx, user);
      await endSessionsOf(tx, user.id, op.now());
      return changeUser(tx, user.id, { suspended_at: user.suspended_at ?? op.now(), suspend_reason: reason });
    },
  });

export const unsuspendUser = (op: Op, core: Core, id: string): Promise<UserRow> =>
  act(op, core, id, {
    action: 'admin.users.unsuspend',
    change: (tx, user) => changeUser(tx, user.id, { suspended_at: null, suspend_reason: null }),
  });

/** Ends all sessions; keys go on. */
export const forceLogout = (op: Op, core: Core, id: string): Promise<UserRow> =>
  act(op, core, id, {
    action: 'admin.users.forceLogout',
    change: async (tx, user) => {
      await endSessionsOf(tx, user.id, op.now());
      return undefined;
    },
  });

/** Repeating it is fine. Whoever is the only owner of an organization cannot go. */
export const deleteUser = async (op: Op, core: Core, id: string): Promise<void> => {
  const known = await userEvenDeleted(core.db.read, id);
  if (known === undefined) throw notFound();
  if (known.deleted_at !== null) return;
  await act(op, core, id, {
    action: 'admin.users.delete',
    change: async (tx, user) => {
      await assertNotLastOperator(tx, user);
      const alone = await ownedAlone(tx, user.id);
      if (alone.length > 0) {
        throw new Fault('CONFLICT', 'This user is the only owner of an organization. Give it another owner, or delete it first.', {
          details: { reason: 'last_owner', tenant_ids: alone },
        });
      }
      await eraseUser(tx, user.id, op.now());
      return undefined;
    },
  });
};

const BULK: Readonly<Record<string, (op: Op, core: Core, id: string) => Promise<unknown>>> = {
  suspend: (op, core, id) => suspendUser(op, core, id, null),
  unsuspend: unsuspendUser,
  delete: deleteUser,
};

/** Each user by itself: what is refused for one does not keep the others. */
export const bulkUsers = async (op: Op, core: Core, ids: readonly string[], action: string): Promise<Static<typeof BulkResult>> => {
  const results = await inTurn(ids, (id) => BULK[action]?.(op, core, id) ?? Promise.resolve());
  return { results };
};

export const inTurn = async (
  ids: readonly string[],
  work: (id: string) => Promise<unknown>,
): Promise<Static<typeof BulkResult>['results']> => {
  const results: Static<typeof BulkResult>['results'] = [];
  for (const id of new Set(ids)) {
    try {
      await work(id);
      results.push({ id, success: true, error: null });
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'INTERNAL') throw error;
      results.push({ id, success: false, error: { code: error.code, message: error.message } });
    }
  }
  return results;
};
