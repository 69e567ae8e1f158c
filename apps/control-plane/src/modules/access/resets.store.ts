import type { Db, Tx } from '@miosa/db';
import type { UserId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { PasswordResetTable } from './types.ts';

export type PasswordResetRow = Selectable<PasswordResetTable>;

/** False when the user was sent as many as are allowed since `since`: then nothing is written. Callers take turns by the user's row. */
export const insertReset = async (
  tx: Tx,
  reset: { readonly tokenHash: Buffer; readonly userId: UserId; readonly expiresAt: Date; readonly now: Date },
  limit: { readonly atMost: number; readonly since: Date },
): Promise<boolean> => {
  await tx.selectFrom('users').select('id').where('id', '=', reset.userId).forNoKeyUpdate().execute();
  const { n } = await tx
    .selectFrom('password_resets')
    .select(sql<number>`count(*)`.as('n'))
    .where('user_id', '=', reset.userId)
    .where('created_at', '>', limit.since)
    .executeTakeFirstOrThrow();
  if (n >= limit.atMost) return false;
  const row = { token_hash: reset.tokenHash, user_id: reset.userId, expires_at: reset.expiresAt, created_at: reset.now };
  await tx.insertInto('password_resets').values(row).execute();
  return true;
};

/** Uses the token up: of two uses at once the second finds nothing. */
export const takeReset = (tx: Tx, tokenHash: Buffer, now: Date): Promise<PasswordResetRow | undefined> =>
  tx
    .updateTable('password_resets')
    .set({ used_at: now })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst();

export const dropResetsOf = async (tx: Tx, userId: UserId, now: Date): Promise<void> => {
  await tx.updateTable('password_resets').set({ used_at: now }).where('user_id', '=', userId).where('used_at', 'is', null).execute();
};

export const purgeResets = async (db: Db, before: Date): Promise<void> => {
  await db.deleteFrom('password_resets').where('expires_at', '<', before).execute();
};
