import type { Db, Tx } from '@miosa/db';
import type { NetworkPolicyWire, TenantId } from '@miosa/kernel';

export interface SettingsRow {
  readonly allowed_origins: string[];
  readonly embed_origins: string[];
  readonly network_policy: NetworkPolicyWire | null;
}

const COLUMNS = ['allowed_origins', 'embed_origins', 'network_policy'] as const;

export const readSettings = (db: Db, tenantId: TenantId): Promise<SettingsRow | undefined> =>
  db.selectFrom('tenants').select(COLUMNS).where('id', '=', tenantId).where('deleted_at', 'is', null).executeTakeFirst();

export const updateSettings = (
  tx: Tx,
  tenantId: TenantId,
  { network_policy, ...rest }: Partial<SettingsRow>,
  now: Date,
): Promise<SettingsRow | undefined> =>
  tx
    .updateTable('tenants')
    .set({
      ...rest,
      ...(network_policy === undefined ? {} : { network_policy: network_policy === null ? null : JSON.stringify(network_policy) }),
      updated_at: now,
    })
    .where('id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .returning(COLUMNS)
    .executeTakeFirst();
