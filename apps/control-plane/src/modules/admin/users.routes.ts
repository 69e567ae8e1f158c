import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { Deleted } from '../tenancy/index.ts';
import { type Core, recordIn } from './core.ts';
import { presentUsers } from './present.ts';
import { AdminUser, BulkResult, ById, Suspend, UserBulk, UserQuery, UserRole, UserUpdate } from './schemas.ts';
import { listUsers, type UserRow } from './users.store.ts';
import { bulkUsers, deleteUser, forceLogout, getUser, setOperator, suspendUser, unsuspendUser, updateUser } from './users.ts';

const base = { access: { scope: null, operator: true }, params: ById, response: AdminUser } as const;

export const userRoutes = (core: Core): Route[] => {
  const one = async (row: UserRow) => (await presentUsers(core, [row]))(row);
  return [
    defineRoute({
      id: 'admin.users.list',
      method: 'GET',
      path: '/admin/users',
      summary: 'Users of all organizations, newest first',
      access: base.access,
      query: UserQuery,
      response: AdminUser,
      envelope: 'list',
      handler: async (op, { query: { limit, cursor, ...filters } }) => {
        await recordIn(core.db.read, op, [], { action: 'admin.users.list', resourceType: 'user', metadata: filters });
        const rows = await listUsers(core.db.read, filters, { after: positionOf(cursor), limit: limit + 1 });
        const presented = await presentUsers(core, rows);
        return pageOf(rows, limit, (row) => ({ at: row.at, id: row.id }), presented);
      },
    }),
    defineRoute({
      ...base,
      id: 'admin.users.get',
      method: 'GET',
      path: '/admin/users/{id}',
      summary: 'One user, with the organizations it belongs to',
      handler: async (op, { params }) => one(await getUser(op, core, params.id)),
    }),
    defineRoute({
      ...base,
      id: 'admin.users.update',
      method: 'PATCH',
      path: '/admin/users/{id}',
      summary: 'Change name or e-mail of a user',
      body: UserUpdate,
      errors: ['CONFLICT'],
      handler: async (op, { params, body }) => {
        const { name, email } = body;
        const change = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
        return one(await updateUser(op, core, params.id, change));
      },
    }),
    defineRoute({
      ...base,
      id: 'admin.users.delete',
      method: 'DELETE',
      path: '/admin/users/{id}',
      summary: 'Delete a user: memberships, sessions and keys end',
      response: Deleted,
      errors: ['CONFLICT'],
      handler: async (op, { params }) => {
        await deleteUser(op, core, params.id);
        return { id: params.id, deleted: true as const };
      },
    }),
    defineRoute({
      ...base,
      id: 'admin.users.role',
      method: 'POST',
      path: '/admin/users/{id}/role',
      summary: 'Make a user operator of the installation, or no longer',
      body: UserRole,
      errors: ['CONFLICT'],
      handler: async (op, { params, body }) => one(await setOperator(op, core, params.id, body.is_operator)),
    }),
    defineRoute({
      ...base,
      id: 'admin.users.suspend',
      method: 'POST',
      path: '/admin/users/{id}/suspend',
      summary: 'Suspend a user: sessions and keys stop within a second',
      body: Suspend,
      errors: ['CONFLICT'],
      handler: async (op, { params, body }) => one(await suspendUser(op, core, params.id, body.reason ?? null)),
    }),
    defineRoute({
      ...base,
      id: 'admin.users.unsuspend',
      method: 'POST',
      path: '/admin/users/{id}/unsuspend',
      summary: 'End the suspension of a user',
      handler: async (op, { params }) => one(await unsuspendUser(op, core, params.id)),
    }),
    defineRoute({
      ...base,
      id: 'admin.users.forceLogout',
      method: 'POST',
      path: '/admin/users/{id}/force-logout',
      summary: 'End all sessions of a user',
      handler: async (op, { params }) => one(await forceLogout(op, core, params.id)),
    }),
    defineRoute({
      id: 'admin.users.bulk',
      method: 'POST',
      path: '/admin/users/bulk',
      summary: 'Suspend, unsuspend or delete many users; each by itself',
      access: base.access,
      body: UserBulk,
      response: BulkResult,
      handler: (op, { body }) => bulkUsers(op, core, body.user_ids, body.action),
    }),
  ];
};
