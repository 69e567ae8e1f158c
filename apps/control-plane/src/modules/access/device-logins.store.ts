import type { Db, Tx } from '@miosa/db';
import type { TenantId, UserId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { DeviceLoginTable } from './types.ts';

export type DeviceLoginRow = Selectable<DeviceLoginTable>;

/** False when another login that is still open has the same user code. */
export const insertDeviceLogin = async (
  db: Db,
  row: Pick<DeviceLoginRow, 'id' | 'device_hash' | 'user_hash' | 'client_name' | 'expires_at' | 'created_at'>,
): Promise<boolean> => {
  const inserted = await db
    .insertInto('device_logins')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
};

/** Undefined when the code is unknown, expired, or approved before. */
export const approveDeviceLogin = (
  tx: Tx,
  userHash: Buffer,
  by: { readonly userId: UserId; readonly tenantId: TenantId },
  now: Date,
): Promise<DeviceLoginRow | undefined> =>
  tx
    .updateTable('device_logins')
    .set({ approved_by: by.userId, tenant_id: by.tenantId })
    .where('user_hash', '=', userHash)
    .where('approved_by', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst();

/** Holds the row: of two polls at once the second sees what the first took. */
export const lockDeviceLogin = (tx: Tx, deviceHash: Buffer): Promise<DeviceLoginRow | undefined> =>
  tx.selectFrom('device_logins').selectAll().where('device_hash', '=', deviceHash).forUpdate().executeTakeFirst();

export const markDelivered = async (tx: Tx, id: string, now: Date): Promise<void> => {
  await tx.updateTable('device_logins').set({ delivered_at: now }).where('id', '=', id).execute();
};

/** Expired ones, so that their user codes are free again. */
export const purgeDeviceLogins = async (db: Db, before: Date): Promise<void> => {
  await db.deleteFrom('device_logins').where(sql<boolean>`expires_at < ${before}`).execute();
};
