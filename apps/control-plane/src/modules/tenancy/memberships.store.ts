import type { Db } from '@miosa/db';
import { type Role, type TenantId, type UserId, type WorkspaceRole, widerRole } from '@miosa/kernel';
import { type RawBuilder, sql } from 'kysely';

type Places = readonly WorkspaceRole[] | null;

/**
 * JSON of the workspaces a user belongs to, with the role in each: the default one, and those it was added to. References to the columns
 * of `members` come from the enclosing query. Null for admins and owners, who belong to all.
 */
export const workspacesOfMember = (): RawBuilder<Places> => sql<Places>`
  case when members.role in ('viewer', 'member') then (
    select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'role', coalesce(wm.role, members.role)) order by w.id), '[]')
      from workspaces w
      left join workspace_members wm on wm.workspace_id = w.id and wm.user_id = members.user_id
     where w.tenant_id = members.tenant_id and w.deleted_at is null and (w.is_default or wm.user_id is not null))
  end`;

export interface Membership {
  readonly role: Role;
  readonly workspaces: readonly WorkspaceRole[];
}

/** The wider of the two roles counts in each workspace (contract 2.2). */
export const membership = (role: Role, places: Places): Membership => ({
  role,
  workspaces: (places ?? []).map((place) => ({ id: place.id, role: widerRole(place.role, role) })),
});

/** One answer for each pair, null where the user is no member, suspended, or the organization is deleted. */
export const membershipsOf = async (
  db: Db,
  pairs: readonly { readonly tenantId: TenantId; readonly userId: UserId }[],
): Promise<(Membership | null)[]> => {
  if (pairs.length === 0) return [];
  const { rows } = await sql<{ n: number; role: Role; places: Places }>`
    select p.n::int as n, members.role, ${workspacesOfMember()} as places
      from unnest(${pairs.map((pair) => pair.tenantId)}::uuid[], ${pairs.map((pair) => pair.userId)}::uuid[])
           with ordinality as p(tenant_id, user_id, n)
      join members on members.tenant_id = p.tenant_id and members.user_id = p.user_id
      join users on users.id = members.user_id and users.suspended_at is null
      join tenants on tenants.id = members.tenant_id and tenants.deleted_at is null
  `.execute(db);
  const found = new Map(rows.map(({ n, role, places }) => [n, membership(role, places)]));
  return pairs.map((_, i) => found.get(i + 1) ?? null);
};
