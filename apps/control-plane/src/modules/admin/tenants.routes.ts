import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { Deleted, type TenantRow } from '../tenancy/index.ts';
import { type Core, recordIn } from './core.ts';
import { presentTenants } from './present.ts';
import { AdminTenant, ById, Suspend, TenantPlan, TenantQuery, TenantUpdate } from './schemas.ts';
import { listTenants } from './tenants.store.ts';
import { deleteTenant, getTenant, setPlan, suspendTenant, unsuspendTenant, updateTenant } from './tenants.ts';

const base = { access: { scope: null, operator: true }, params: ById, response: AdminTenant } as const;

export const tenantRoutes = (core: Core): Route[] => {
  const one = async (row: TenantRow) => (await presentTenants(core, [row]))(row);
  return [
    defineRoute({
      id: 'admin.tenants.list',
      method: 'GET',
      path: '/admin/tenants',
      summary: 'Organizations, newest first',
      access: base.access,
      query: TenantQuery,
      response: AdminTenant,
      envelope: 'list',
      handler: async (op, { query: { limit, cursor, q } }) => {
        await recordIn(core.db.read, op, [], { action: 'admin.tenants.list', resourceType: 'tenant', metadata: { q } });
        const rows = await listTenants(core.db.read, q, { after: positionOf(cursor), limit: limit + 1 });
        const presented = await presentTenants(core, rows);
        return pageOf(rows, limit, (row) => ({ at: row.at, id: row.id }), presented);
      },
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.get',
      method: 'GET',
      path: '/admin/tenants/{id}',
      summary: 'One organization',
      handler: async (op, { params }) => one(await getTenant(op, core, params.id)),
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.update',
      method: 'PATCH',
      path: '/admin/tenants/{id}',
      summary: 'Change settings of an organization',
      body: TenantUpdate,
      handler: async (op, { params, body }) => one(await updateTenant(op, core, params.id, body)),
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.delete',
      method: 'DELETE',
      path: '/admin/tenants/{id}',
      summary: 'Delete an organization and destroy everything in it',
      response: Deleted,
      errors: ['CONFLICT'],
      handler: async (op, { params }) => {
        await deleteTenant(op, core, params.id);
        return { id: params.id, deleted: true as const };
      },
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.suspend',
      method: 'POST',
      path: '/admin/tenants/{id}/suspend',
      summary: 'Suspend an organization: credentials get 403, sandboxes pause, data is kept',
      body: Suspend,
      errors: ['CONFLICT'],
      handler: async (op, { params, body }) => one(await suspendTenant(op, core, params.id, body.reason ?? null)),
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.unsuspend',
      method: 'POST',
      path: '/admin/tenants/{id}/unsuspend',
      summary: 'End the suspension of an organization',
      handler: async (op, { params }) => one(await unsuspendTenant(op, core, params.id)),
    }),
    defineRoute({
      ...base,
      id: 'admin.tenants.plan',
      method: 'POST',
      path: '/admin/tenants/{id}/plan',
      summary: 'Set the plan of an organization',
      body: TenantPlan,
      handler: async (op, { params, body }) => one(await setPlan(op, core, params.id, body.plan)),
    }),
  ];
};
