import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { Deleted } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { userId } from './members.routes.ts';
import { presentMember } from './present.ts';
import { ById, ByUser, Member, MemberChange, MemberCreate, PageQuery } from './schemas.ts';
import { addWorkspaceMember, changeWorkspaceRole, pageOfWorkspaceMembers, removeWorkspaceMember } from './workspace-members.ts';

const admin = { scope: null, credentials: 'jwt', minRole: 'admin', roleIn: 'workspace' } as const;

export const workspaceMemberRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'workspaces.members.list',
    method: 'GET',
    path: '/workspaces/{id}/members',
    summary: 'Users who were added to the workspace, newest first',
    description: 'Admins and owners of the organization reach every workspace, and all members the default one, without being listed here.',
    access: admin,
    params: ById,
    query: PageQuery,
    response: Member,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }) => {
      const rows = await pageOfWorkspaceMembers(op, core, params.id, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: row.at, id: row.user_id }), presentMember);
    },
  }),
  defineRoute({
    id: 'workspaces.members.create',
    method: 'POST',
    path: '/workspaces/{id}/members',
    summary: 'Add a member of the organization to the workspace',
    access: admin,
    params: ById,
    body: MemberCreate,
    response: Member,
    status: 201,
    errors: ['CONFLICT'],
    handler: async (op, { params, body }) => presentMember(await addWorkspaceMember(op, core, params.id, userId(body.user_id), body.role)),
  }),
  defineRoute({
    id: 'workspaces.members.update',
    method: 'PATCH',
    path: '/workspaces/{id}/members/{user_id}',
    summary: 'Change the role in the workspace, at most to the own one',
    access: admin,
    params: ByUser,
    body: MemberChange,
    response: Member,
    handler: async (op, { params, body }) =>
      presentMember(await changeWorkspaceRole(op, core, params.id, userId(params.user_id), body.role)),
  }),
  defineRoute({
    id: 'workspaces.members.delete',
    method: 'DELETE',
    path: '/workspaces/{id}/members/{user_id}',
    summary: 'Remove somebody from the workspace, or leave it',
    description: 'Removing somebody else needs the role admin.',
    access: { scope: null, credentials: 'jwt', minRole: 'viewer' },
    params: ByUser,
    response: Deleted,
    handler: async (op, { params }) => {
      await removeWorkspaceMember(op, core, params.id, userId(params.user_id));
      return { id: userId(params.user_id), deleted: true as const };
    },
  }),
];
