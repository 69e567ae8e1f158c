import { Fault, notFound, type Op, type TenantId } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { TenantRow } from '../tenancy/index.ts';
import { type Core, inTenant, recordIn } from './core.ts';
import type { TenantUpdate } from './schemas.ts';
import { changeTenant, endSessionsIn, lockLivingTenant, type TenantChange, tenantEvenDeleted, workspacesOf } from './tenants.store.ts';

export const livingTenant = async (core: Core, id: string): Promise<TenantRow> => {
  const tenant = await tenantEvenDeleted(core.db.read, id);
  if (tenant === undefined || tenant.deleted_at !== null) throw notFound();
  return tenant;
};

export const getTenant = async (op: Op, core: Core, id: string): Promise<TenantRow> => {
  const tenant = await livingTenant(core, id);
  await recordIn(core.db.read, op, [tenant.id], { action: 'admin.tenants.get', resourceType: 'tenant', resourceId: tenant.id });
  return tenant;
};

const act = async (
  op: Op,
  core: Core,
  id: string,
  action: string,
  metadata: object,
  change: (row: TenantRow) => TenantChange,
): Promise<TenantRow> => {
  const after = await core.db.tx(op, action, async (tx) => {
    const tenant = await lockLivingTenant(tx, id);
    if (tenant === undefined) throw notFound();
    const changed = await changeTenant(tx, tenant.id, change(tenant), op.now());
    if (changed.deleted_at !== null) await endSessionsIn(tx, tenant.id, op.now());
    await recordIn(tx, op, [tenant.id], { action, resourceType: 'tenant', resourceId: tenant.id, metadata });
    return changed;
  });
  core.access.core.authenticator.forget();
  return after;
};

/** An operator who suspends the organization of its own credential would not get back in. */
const assertNotOwn = (op: Op, id: string): void => {
  if (op.actor.tenantId !== id) return;
  throw new Fault('CONFLICT', 'This is the organization you act in. Act in another one (X-MIOSA-Tenant) to suspend or delete it.', {
    details: { reason: 'own_organization' },
  });
};

/** Its credentials get 403 within a second; the reconcilers pause its sandboxes. Everything is kept. */
export const suspendTenant = async (op: Op, core: Core, id: string, reason: string | null): Promise<TenantRow> => {
  assertNotOwn(op, id);
  return act(op, core, id, 'admin.tenants.suspend', { reason }, ({ suspended_at }) => ({
    suspended_at: suspended_at ?? op.now(),
    suspend_reason: reason,
  }));
};

/** Its sandboxes stay paused until somebody uses them. */
export const unsuspendTenant = (op: Op, core: Core, id: string): Promise<TenantRow> =>
  act(op, core, id, 'admin.tenants.unsuspend', {}, () => ({ suspended_at: null, suspend_reason: null }));

export const setPlan = (op: Op, core: Core, id: string, plan: string): Promise<TenantRow> =>
  act(op, core, id, 'admin.tenants.plan', { plan }, () => ({ plan }));

export const updateTenant = async (op: Op, core: Core, id: string, { settings }: Static<typeof TenantUpdate>): Promise<TenantRow> => {
  const { id: tenantId } = await livingTenant(core, id);
  if (settings !== undefined) await core.browserTokens.changeSettings(inTenant(op, tenantId), settings);
  await recordIn(core.db.read, op, [tenantId], {
    action: 'admin.tenants.update',
    resourceType: 'tenant',
    resourceId: tenantId,
    metadata: { fields: Object.keys(settings ?? {}) },
  });
  return livingTenant(core, id);
};

/** Everything that lives in it, also what was just being created: nothing new can come once the organization is marked. */
const destroyResources = async (op: Op, core: Core, id: TenantId): Promise<void> => {
  const there = inTenant(op, id);
  for (const workspaceId of await workspacesOf(core.db.read, id)) {
    for (const dependents of core.tenancy.core.dependents) await dependents.destroyAll(there, { workspaceId }, 'workspace_deleted');
  }
};

/** Credentials end first, then its resources are destroyed. Repeating it finishes what was interrupted. The slug is never given again. */
export const deleteTenant = async (op: Op, core: Core, id: string): Promise<void> => {
  assertNotOwn(op, id);
  const known = await tenantEvenDeleted(core.db.read, id);
  if (known === undefined) throw notFound();
  if (known.deleted_at === null) await act(op, core, id, 'admin.tenants.delete', { slug: known.slug }, () => ({ deleted_at: op.now() }));
  await destroyResources(op, core, known.id);
};
