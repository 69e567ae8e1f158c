import type { Tx } from '@miosa/db';
import { Fault, notFound, type Op, tenantOf } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import type { Core } from './core.ts';
import { lockTenant, markTenantDeleted } from './store.ts';
import { workspaceIdsOf } from './workspaces.store.ts';

/**
 * Deletes the organization of the operation, whose slug the caller must repeat. Marked first: from then on no credential of it is good and
 * nothing new comes into being in it (`holdProject`). Then all that lives in it is destroyed; should that be interrupted, the reconcilers of
 * the dependents finish it. The row stays, so the slug is never given again.
 */
export const deleteOrganization = async (op: Op, core: Core, confirm: string, endCredentials: (tx: Tx) => Promise<void>): Promise<void> => {
  const id = tenantOf(op);
  await core.db.tx(op, 'tenants.delete', async (tx) => {
    const tenant = await lockTenant(tx, id);
    if (tenant === undefined) throw notFound();
    if (confirm !== tenant.slug) {
      throw new Fault('VALIDATION_ERROR', `confirm: must be the slug of the organization, "${tenant.slug}".`, {
        details: { fields: [{ path: 'confirm', message: 'must be the slug of the organization' }] },
      });
    }
    await endCredentials(tx);
    await markTenantDeleted(tx, id, op.now());
    await record(tx, op, { action: 'tenants.delete', resourceType: 'tenant', resourceId: id, metadata: { slug: tenant.slug } });
  });
  for (const workspaceId of await workspaceIdsOf(core.db.read, id)) {
    for (const dependents of core.dependents) await dependents.destroyAll(op, { workspaceId }, 'organization_deleted');
  }
};
