import { defineRoute, type Route } from '@miosa/http';
import { tenantOf } from '@miosa/kernel';
import { LoginResult } from '../access/index.ts';
import { Deleted, presentTenant, Tenant } from '../tenancy/index.ts';
import { assertOwnTenant } from './authority.ts';
import type { Core } from './core.ts';
import { createOrganization, deleteOrganization, planOf, switchTo } from './organizations.ts';
import { register } from './register.ts';
import { ById, BySelector, Confirm, Plan, Register, Switched, TenantCreate } from './schemas.ts';

const session = { scope: null, credentials: 'jwt', minRole: 'viewer' } as const;

export const organizationRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'auth.register',
    method: 'POST',
    path: '/auth/register',
    summary: 'Make an account, with an organization or by an invite into one',
    description:
      'The operator decides whether registration is open, by invite only, or closed. With an invite, who has an account already comes in by its password.',
    access: 'public',
    bucket: 'auth',
    body: Register,
    response: LoginResult,
    envelope: 'bare',
    status: 201,
    errors: ['CONFLICT', 'FORBIDDEN', 'SLUG_TAKEN', 'GONE', 'ALREADY_ACCEPTED', 'EMAIL_MISMATCH'],
    handler: (op, { body }) => register(op, core, body),
  }),
  defineRoute({
    id: 'platform.tenants.create',
    method: 'POST',
    path: '/platform/tenants',
    summary: 'Make another organization; the caller owns it',
    access: session,
    body: TenantCreate,
    response: Tenant,
    status: 201,
    errors: ['SLUG_TAKEN', 'QUOTA_EXCEEDED'],
    handler: async (op, { body }) => presentTenant(await createOrganization(op, core, body.name), 'owner'),
  }),
  defineRoute({
    id: 'platform.tenants.switch',
    method: 'POST',
    path: '/platform/tenants/{id}/switch',
    summary: 'Tokens for another organization of the caller',
    access: session,
    params: BySelector,
    response: Switched,
    handler: (op, { params }) => switchTo(op, core, params.id),
  }),
  defineRoute({
    id: 'tenants.delete',
    method: 'DELETE',
    path: '/tenants/{id}',
    summary: 'Delete the organization and everything in it; its slug is never given again',
    access: { scope: null, credentials: 'jwt', minRole: 'owner' },
    params: ById,
    query: Confirm,
    response: Deleted,
    handler: async (op, { params, query }) => {
      assertOwnTenant(op, params.id);
      await deleteOrganization(op, core, query.confirm);
      return { id: tenantOf(op), deleted: true as const };
    },
  }),
  defineRoute({
    id: 'tenant.plan.get',
    method: 'GET',
    path: '/tenant/plan',
    summary: 'Plan of the organization: its limits, and what it uses',
    access: { scope: null },
    response: Plan,
    handler: (op) => planOf(op, core),
  }),
];
