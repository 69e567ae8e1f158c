import type { Tx } from '@miosa/db';
import { atLeast, Fault, notFound, type Op, type Role, tenantOf, widerRole } from '@miosa/kernel';
import { roleIn, type UserRow } from '../access/index.ts';
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

/** The wider of the roles in organization and workspace; operators are at least admins. */
const roleAt = async (tx: Tx, place: Place, { id, isOperator }: Pick<UserActor, 'id' | 'isOperator'>): Promise<Role> => {
  const organization = await roleIn(tx, place.tenantId, id);
  const workspace = organization === null || place.workspaceId === null ? null : await workspaceRoleOf(tx, place.workspaceId, id);
  return widerRole(widerRole(organization ?? 'viewer', workspace ?? 'viewer'), isOperator ? 'admin' : 'viewer');
};

/**
 * The caller's role in the place as it is now, behind the lock of the organization: the one the request was admitted with may be a second
 * old. Throws FORBIDDEN when it is less than `least`.
 */
export const authorityIn = async (tx: Tx, op: Op, place: Place, least: Role): Promise<Role> => {
  const role = await roleAt(tx, place, userOf(op));
  if (!atLeast(role, least)) throw needs(least);
  return role;
};

/** Could this user, as of now, let somebody in with that role? Behind the lock of the organization. */
export const mayGive = async (tx: Tx, place: Place, user: UserRow, role: Role): Promise<boolean> => {
  if (user.suspended_at !== null) return false;
  const authority = await roleAt(tx, place, { id: user.id, isOperator: user.is_operator });
  return atLeast(authority, 'admin') && atLeast(authority, role);
};

/** Nobody gives, or takes, more than the own role. */
export const assertWithin = (authority: Role, ...roles: readonly Role[]): void => {
  for (const role of roles) if (!atLeast(authority, role)) throw needs(role);
};
