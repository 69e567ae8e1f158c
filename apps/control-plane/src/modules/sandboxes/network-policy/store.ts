import type { Db, Tx } from '@miosa/db';
import type { NetworkPolicyWire } from '@miosa/kernel';
import { type ColumnType, type Generated, sql } from 'kysely';

interface NetworkPolicyTable {
  resource_id: string;
  tenant_id: string;
  policy: ColumnType<NetworkPolicyWire, string, string>;
  updated_at: Generated<Date>;
}

declare module '@miosa/db' {
  interface Schema {
    network_policies: NetworkPolicyTable;
  }
}

export const findPolicy = async (db: Db, resourceId: string): Promise<NetworkPolicyWire | undefined> =>
  (await db.selectFrom('network_policies').select('policy').where('resource_id', '=', resourceId).executeTakeFirst())?.policy;

export const putPolicy = async (
  tx: Tx,
  resource: { readonly id: string; readonly tenant_id: string },
  policy: NetworkPolicyWire,
  now: Date,
): Promise<void> => {
  const set = { policy: JSON.stringify(policy), updated_at: now };
  await tx
    .insertInto('network_policies')
    .values({ resource_id: resource.id, tenant_id: resource.tenant_id, ...set })
    .onConflict((conflict) => conflict.column('resource_id').doUpdateSet(set))
    .execute();
};

/** A copy of a sandbox must not reach what its original may not. */
export const copyPolicy = async (tx: Tx, fromId: string, toId: string, now: Date): Promise<void> => {
  await sql`
    insert into network_policies (resource_id, tenant_id, policy, updated_at)
    select ${toId}, tenant_id, policy, ${now} from network_policies where resource_id = ${fromId}`.execute(tx);
};

export const deletePolicy = async (tx: Tx, resourceId: string): Promise<boolean> =>
  (await tx.deleteFrom('network_policies').where('resource_id', '=', resourceId).executeTakeFirst()).numDeletedRows > 0n;

/** What is stored for living sandboxes, from the widest level to the sandbox's own; null where a level says nothing. */
export interface StoredLevels {
  readonly id: string;
  readonly organization: unknown;
  readonly workspace: unknown;
  readonly project: unknown;
  readonly resource: unknown;
}

export const storedLevels = async (db: Db, ids: readonly string[]): Promise<StoredLevels[]> => {
  const result = await sql<StoredLevels>`
    select s.id, t.network_policy as organization, w.settings -> 'network_policy' as workspace,
           p.settings -> 'network_policy' as project, n.policy as resource
      from sandboxes s
      join tenants t on t.id = s.tenant_id
      join workspaces w on w.id = s.workspace_id
      join projects p on p.id = s.project_id
      left join network_policies n on n.resource_id = s.id
     where s.id = any(${[...ids]}::text[]) and s.state <> 'destroyed'`.execute(db);
  return result.rows;
};
