import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import type { UserId } from '@miosa/kernel';
import { Deleted, presentTenant, Tenant } from '../tenancy/index.ts';
import { assertOwnTenant } from './authority.ts';
import type { Core } from './core.ts';
import { addMember, changeRole, pageOfMembers, removeMember, transferOwnership } from './members.ts';
import { presentMember } from './present.ts';
import { ById, ByUser, Member, MemberChange, MemberCreate, OwnershipTransfer, PageQuery } from './schemas.ts';

const admin = { scope: null, credentials: 'jwt', minRole: 'admin' } as const;

/** Ids are compared as the database writes them. */
export const userId = (text: string): UserId => text.toLowerCase() as UserId;

export const memberRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'tenants.members.list',
    method: 'GET',
    path: '/tenants/{id}/members',
    summary: 'Members of the organization, newest first',
    access: admin,
    params: ById,
    query: PageQuery,
    response: Member,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }) => {
      assertOwnTenant(op, params.id);
      const rows = await pageOfMembers(op, core, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: row.at, id: row.user_id }), presentMember);
    },
  }),
  defineRoute({
    id: 'tenants.members.create',
    method: 'POST',
    path: '/tenants/{id}/members',
    summary: 'Add a user whom the caller knows from another organization; everybody else is invited',
    access: admin,
    params: ById,
    body: MemberCreate,
    response: Member,
    status: 201,
    errors: ['CONFLICT'],
    handler: async (op, { params, body }) => {
      assertOwnTenant(op, params.id);
      return presentMember(await addMember(op, core, userId(body.user_id), body.role));
    },
  }),
  defineRoute({
    id: 'tenants.members.update',
    method: 'PATCH',
    path: '/tenants/{id}/members/{user_id}',
    summary: 'Change the role of a member, at most to the own one',
    access: admin,
    params: ByUser,
    body: MemberChange,
    response: Member,
    errors: ['LAST_OWNER'],
    handler: async (op, { params, body }) => {
      assertOwnTenant(op, params.id);
      return presentMember(await changeRole(op, core, userId(params.user_id), body.role));
    },
  }),
  defineRoute({
    id: 'tenants.members.delete',
    method: 'DELETE',
    path: '/tenants/{id}/members/{user_id}',
    summary: 'Remove a member, or leave; keys and sessions of the user here end within a second',
    description: 'Removing somebody else needs the role admin.',
    access: { scope: null, credentials: 'jwt', minRole: 'viewer' },
    params: ByUser,
    response: Deleted,
    errors: ['LAST_OWNER'],
    handler: async (op, { params }) => {
      assertOwnTenant(op, params.id);
      await removeMember(op, core, userId(params.user_id));
      return { id: userId(params.user_id), deleted: true as const };
    },
  }),
  defineRoute({
    id: 'tenants.transferOwnership',
    method: 'POST',
    path: '/tenants/{id}/transfer-ownership',
    summary: 'Make another member the owner and step down to admin',
    access: { scope: null, credentials: 'jwt', minRole: 'owner' },
    params: ById,
    body: OwnershipTransfer,
    response: Tenant,
    errors: ['CONFLICT'],
    handler: async (op, { params, body }) => {
      assertOwnTenant(op, params.id);
      const heir = userId(body.user_id);
      const tenant = await transferOwnership(op, core, heir);
      return presentTenant(tenant, op.actor.id === heir ? 'owner' : 'admin');
    },
  }),
];
