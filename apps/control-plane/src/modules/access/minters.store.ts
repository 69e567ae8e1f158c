import type { Db } from '@miosa/db';
import type { KeyType, Role } from '@miosa/kernel';
import { sql } from 'kysely';

/** Who minted a browser token: a key (with its user, if it has one), or a user's session. */
export interface Minter {
  readonly keyId: string | null;
  readonly userId: string | null;
  /** The organization the token is for. */
  readonly tenantId: string;
}

/** What a minter may now. */
export interface MinterNow {
  /** Null for users. */
  readonly scopes: readonly string[] | null;
  readonly role: Role | null;
  readonly is_operator: boolean;
  /** Of the organization the token is for. */
  readonly plan: string;
}

interface Row extends MinterNow {
  readonly n: number;
  readonly key_tenant_id: string | null;
  readonly key_type: KeyType | null;
}

const actsIn = (row: Row, tenantId: string): boolean =>
  row.key_tenant_id === null || row.key_tenant_id === tenantId || row.key_type === 'admin' || row.key_type === 'platform';

/** One answer for each minter: what it may, or null when it is revoked, expired, gone, or its organization is. */
export const mintersNow = async (db: Db, minters: readonly Minter[]): Promise<(MinterNow | null)[]> => {
  const column = (name: keyof Minter) => minters.map((minter) => minter[name]);
  const { rows } = await sql<Row>`
    select w.n::int as n, k.scopes, k.tenant_id::text as key_tenant_id, k.key_type, m.role, coalesce(u.is_operator, false) as is_operator, t.plan
      from unnest(${column('keyId')}::uuid[], ${column('userId')}::uuid[], ${column('tenantId')}::uuid[])
           with ordinality as w(key_id, user_id, tenant_id, n)
      join tenants t on t.id = w.tenant_id and t.deleted_at is null and t.suspended_at is null
      left join api_keys k on k.id = w.key_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      left join users u on u.id = w.user_id and u.suspended_at is null
      left join members m on m.tenant_id = w.tenant_id and m.user_id = w.user_id
     where (w.key_id is null or k.id is not null)
       and (w.user_id is null or u.id is not null)
       and (w.user_id is null or m.role is not null or (w.key_id is null and u.is_operator))
  `.execute(db);
  const found = new Map(rows.map((row) => [row.n, row]));
  return minters.map(({ tenantId }, i) => {
    const row = found.get(i + 1);
    return row !== undefined && actsIn(row, tenantId) ? row : null;
  });
};
