import type { Tx } from '@miosa/db';
import { atLeast, Fault, notFound, type Op, type Role, tenantOf, widerRole } from '@miosa/kernel';
import { roleIn } from '../access/index.ts';
import { lockTenant, type TenantRow } from '../tenancy/index.ts';
import type { Place } from './types.ts';
import { workspaceRoleOf } from './workspace-members.store.ts';

type UserActor = Extract<Op['actor'], { type: 'user' }>;

/** The routes take sessions only. */
export const userOf = ({ actor }: Op): UserActor => {
  if (actor.type !== 'user') throw notFound();
  return actor;
};

/** The credential says which organization; another id is unknown to it. */
export const assertOwnTenant = (op: Op, id: string): void => {
  if (id.toLowerCase() !== tenantOf(op)) throw notFound();
};

export const needs = (role: Role): Fault =>
  new Fault('FORBIDDEN', `This needs the role ${role} here.`, { details: { required_role: role } });

/** Changes of members of one organization take turns: what is read after this is true until commit. */
export const holdTenant = async (tx: Tx, op: Op): Promise<TenantRow> => {
  const tenant = await lockTenant(tx, tenantOf(op));
  if (tenant === undefined) throw notFound();
  return tenant;
};

/**
 * The caller's role in the place as it is now, behind the lock of the organization: the one the request was admitted with may be a second
 * old. Operators are at least admins. Throws FORBIDDEN when it is less than `least`.
 */
export const authorityIn = async (tx: Tx, op: Op, place: Place, least: Role): Promise<Role> => {
  const { id, isOperator } = userOf(op);
  const organization = (await roleIn(tx, place.tenantId, id)) ?? 'viewer';
  const workspace = place.workspaceId === null ? organization : ((await workspaceRoleOf(tx, place.workspaceId, id)) ?? organization);
  const role = widerRole(widerRole(organization, workspace), isOperator ? 'admin' : 'viewer');
  if (!atLeast(role, least)) throw needs(least);
  return role;
};

/** Nobody gives, or takes, more than the own role. */
export const assertWithin = (authority: Role, ...roles: readonly Role[]): void => {
  for (const role of roles) if (!atLeast(authority, role)) throw needs(role);
};
