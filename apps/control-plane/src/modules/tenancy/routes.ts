import { defineRoute, type Page, type Route } from '@miosa/http';
import { type Actor, notFound, type Op, tenantOf } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from './core.ts';
import { Uuid } from './fields.ts';
import { setUp } from './identity.ts';
import { presentTenant, type TenantWire } from './present.ts';
import { projectRoutes } from './projects.routes.ts';
import { Tenant, TenantIdentity } from './schemas.ts';
import { tenantById, tenantsOfUser } from './store.ts';
import { workspaceRoutes } from './workspaces.routes.ts';

const roleOf = (actor: Actor): TenantWire['role'] => (actor.type === 'user' || actor.type === 'key' ? actor.role : null);

const current = async (op: Op, core: Core): Promise<TenantWire> => {
  const row = await tenantById(core.db.read, tenantOf(op));
  if (row === undefined) throw notFound();
  return presentTenant(row, roleOf(op.actor));
};

const mine = async (op: Op, core: Core): Promise<TenantWire[]> => {
  if (op.actor.type !== 'user') return [await current(op, core)];
  const rows = await tenantsOfUser(core.db.read, op.actor.id);
  return rows.map(({ role, ...row }) => presentTenant(row, role));
};

const identityRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'platform.tenants.current',
    method: 'GET',
    path: '/platform/tenants/current',
    summary: 'The organization of the credential, and whether it still needs its permanent identity',
    access: { scope: null },
    response: Tenant,
    handler: (op) => current(op, core),
  }),
  defineRoute({
    id: 'platform.tenants.list',
    method: 'GET',
    path: '/platform/tenants',
    summary: 'Organizations the caller belongs to; for a key, its one',
    access: { scope: null },
    response: Tenant,
    envelope: 'list',
    handler: async (op): Promise<Page<TenantWire>> => ({ items: await mine(op, core), nextCursor: null }),
  }),
  defineRoute({
    id: 'tenants.set',
    method: 'PUT',
    path: '/tenants/{id}',
    summary: 'Give the organization its permanent name and slug, once',
    access: { scope: 'tenant:write', minRole: 'admin', userKeys: false },
    params: Type.Object({ id: Uuid }),
    body: TenantIdentity,
    response: Tenant,
    errors: ['SLUG_TAKEN', 'IMMUTABLE_FIELD'],
    handler: async (op, { params, body }) => {
      // The credential says which organization; another id is unknown to it.
      if (params.id.toLowerCase() !== tenantOf(op)) throw notFound();
      return presentTenant(await setUp(op, core, body), roleOf(op.actor));
    },
  }),
];

export const allRoutes = (core: Core): Route[] => [...identityRoutes(core), ...workspaceRoutes(core), ...projectRoutes(core)];
