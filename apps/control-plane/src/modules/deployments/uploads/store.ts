import type { Db, Tx } from '@miosa/db';
import { type Insertable, sql } from 'kysely';
import type { UploadedFile, UploadTable } from '../types.ts';

export interface UploadRow {
  readonly id: string;
  readonly files: readonly UploadedFile[];
  readonly expires_at: Date;
}

/** Some of those that have expired go on the occasion, so that they are never many. */
const PURGED_AT_ONCE = 100;

export const insertUpload = async (tx: Tx, row: Insertable<UploadTable>, now: Date): Promise<void> => {
  await sql`
    delete from deployment_uploads where id in (
      select id from deployment_uploads where expires_at < ${now} limit ${PURGED_AT_ONCE} for update skip locked)`.execute(tx);
  await tx.insertInto('deployment_uploads').values(row).execute();
};

export const findUpload = (db: Db, deploymentId: string, id: string): Promise<UploadRow | undefined> =>
  db
    .selectFrom('deployment_uploads')
    .select(['id', 'files', 'expires_at'])
    .where('deployment_id', '=', deploymentId)
    .where('id', '=', id)
    .executeTakeFirst();
