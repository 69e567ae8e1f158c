import { type Actor, notFound, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { presentTenant, tenantById } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { actingKey } from './keys.store.ts';
import { presentKey, presentUser } from './present.ts';
import type { Me } from './schemas.ts';
import { userById } from './users.store.ts';

/** A session is limited by its role, not by scopes; a browser token has permissions in their place. */
const grantsOf = (actor: Actor): string[] => {
  if (actor.type === 'browser') return [...actor.permissions];
  return actor.type === 'key' ? [...actor.scopes] : ['*'];
};

/** Who the credential is, where it acts, and what it may. */
export const me = async (op: Op, core: Core): Promise<Static<typeof Me>> => {
  const { actor } = op;
  if (actor.type === 'system') throw notFound();
  const userId = actor.type === 'user' ? actor.id : actor.type === 'key' ? actor.userId : null;
  const [tenant, user, key] = await Promise.all([
    tenantById(core.db.read, tenantOf(op)),
    userId === null ? undefined : userById(core.db.read, userId),
    actor.type === 'key' ? actingKey(core.db.read, actor.id) : undefined,
  ]);
  if (tenant === undefined) throw notFound();
  const role = actor.type === 'browser' ? null : actor.role;
  return {
    credential: actor.type === 'user' ? 'jwt' : actor.type,
    user: user === undefined ? null : presentUser(user),
    tenant: presentTenant(tenant, role),
    role,
    key: key === undefined ? null : presentKey(key, op.now()),
    scopes: grantsOf(actor),
    permissions: actor.type === 'browser' ? [...actor.permissions] : null,
  };
};
