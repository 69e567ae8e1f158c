import type { Static } from 'typebox';
import type { TenantRow } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import type { AdminTenant, AdminUser } from './schemas.ts';
import { countsOfTenants } from './tenants.store.ts';
import { membershipsOf, type UserRow } from './users.store.ts';

const suspension = (row: Pick<UserRow, 'suspended_at' | 'suspend_reason'>) => ({
  status: row.suspended_at === null ? ('active' as const) : ('suspended' as const),
  suspend_reason: row.suspend_reason,
  suspended_at: row.suspended_at?.toISOString() ?? null,
});

type Present<Row, Wire> = (row: Row) => Wire;

/** Reads what all `rows` need at once; the answer renders each. */
export const presentUsers = async (core: Core, rows: readonly UserRow[]): Promise<Present<UserRow, Static<typeof AdminUser>>> => {
  const memberships = Map.groupBy(
    await membershipsOf(
      core.db.read,
      rows.map((row) => row.id),
    ),
    (membership) => membership.user_id,
  );
  return (row) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    is_operator: row.is_operator,
    ...suspension(row),
    tenants: (memberships.get(row.id) ?? []).map(({ tenant_id, tenant_slug, role }) => ({ tenant_id, slug: tenant_slug, role })),
    created_at: row.created_at.toISOString(),
  });
};

/** As `presentUsers`. */
export const presentTenants = async (core: Core, rows: readonly TenantRow[]): Promise<Present<TenantRow, Static<typeof AdminTenant>>> => {
  const counts = await countsOfTenants(
    core.db.read,
    rows.map((row) => row.id),
  );
  return (row) => {
    const { members = 0, api_keys = 0, sandboxes = 0 } = counts.get(row.id) ?? {};
    return {
      id: row.id,
      name: row.name,
      slug: row.slug,
      plan: row.plan,
      owner_user_id: row.owner_user_id,
      ...suspension(row),
      settings: { allowed_origins: row.allowed_origins, embed_origins: row.embed_origins },
      counts: { members, api_keys, sandboxes },
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
    };
  };
};
