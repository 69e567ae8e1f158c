import { notFound, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { presentTenant, tenantById } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { actingKey } from './keys.store.ts';
import { presentKey, presentUser } from './present.ts';
import type { Me } from './schemas.ts';
import { userById } from './users.store.ts';

/** Who the credential is, where it acts, and what it may. */
export const me = async (op: Op, core: Core): Promise<Static<typeof Me>> => {
  const { actor } = op;
  if (actor.type === 'system') throw notFound();
  const userId = actor.type === 'user' ? actor.id : actor.userId;
  const [tenant, user, key] = await Promise.all([
    tenantById(core.db.read, tenantOf(op)),
    userId === null ? undefined : userById(core.db.read, userId),
    actor.type === 'key' ? actingKey(core.db.read, actor.id) : undefined,
  ]);
  if (tenant === undefined) throw notFound();
  return {
    credential: actor.type === 'key' ? 'key' : 'jwt',
    user: user === undefined ? null : presentUser(user),
    tenant: presentTenant(tenant, actor.role),
    role: actor.role,
    key: key === undefined ? null : presentKey(key, op.now()),
    // A session is limited by its role, not by scopes.
    scopes: actor.type === 'key' ? [...actor.scopes] : ['*'],
  };
};
