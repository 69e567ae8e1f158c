import type { Db, Tx } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';

export interface SettingsRow {
  readonly allowed_origins: string[];
  readonly embed_origins: string[];
}

const COLUMNS = ['allowed_origins', 'embed_origins'] as const;

export const readSettings = (db: Db, tenantId: TenantId): Promise<SettingsRow | undefined> =>
  db.selectFrom('tenants').select(COLUMNS).where('id', '=', tenantId).where('deleted_at', 'is', null).executeTakeFirst();

export const updateSettings = (tx: Tx, tenantId: TenantId, change: Partial<SettingsRow>, now: Date): Promise<SettingsRow | undefined> =>
  tx
    .updateTable('tenants')
    .set({ ...change, updated_at: now })
    .where('id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .returning(COLUMNS)
    .executeTakeFirst();
