import type { Tx } from '@miosa/db';
import { sql } from 'kysely';

/** What a managed host name is called in the routing table: without the platform's domain, so that an operator may change that. */
export const managedName = (slug: string, organizationSlug: string): string => `${slug}.${organizationSlug}`;

interface NewRoute {
  readonly name: string;
  readonly tenantId: string;
  readonly deploymentId: string;
}

/** False: the name leads elsewhere, or is a tombstone of another organization. An own tombstone is taken up again. */
export const claimManagedRoute = async (tx: Tx, { name, tenantId, deploymentId }: NewRoute): Promise<boolean> => {
  const result = await sql`
    insert into host_routes (space, name, tenant_id, resource_type, resource_id)
    values ('managed', ${name}, ${tenantId}::uuid, 'deployment', ${deploymentId})
    on conflict (space, name) do update
       set resource_type = excluded.resource_type, resource_id = excluded.resource_id, retired_at = null
     where host_routes.tenant_id = excluded.tenant_id
       and (host_routes.retired_at is not null or host_routes.resource_id = excluded.resource_id)
    returning name`.execute(tx);
  return result.rows.length === 1;
};

/** Its names lead nowhere from now on, and nobody else may take them. */
export const retireRoutes = async (tx: Tx, deploymentId: string, now: Date, but: string | null): Promise<void> => {
  let query = tx
    .updateTable('host_routes')
    .set({ retired_at: now })
    .where('resource_type', '=', 'deployment')
    .where('resource_id', '=', deploymentId)
    .where('retired_at', 'is', null);
  if (but !== null) query = query.where((eb) => eb.or([eb('space', '<>', 'managed'), eb('name', '<>', but)]));
  await query.execute();
};
