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

export interface ExpectedBlob {
  readonly expires_at: Date;
  /** Null: no file of the upload has this content. */
  readonly file: UploadedFile | null;
}

/** The file of an upload that has a content, without reading all others. */
export const findExpected = async (db: Db, deploymentId: string, id: string, sha256: string): Promise<ExpectedBlob | undefined> => {
  const { rows } = await sql<ExpectedBlob>`
    select u.expires_at, (select f.value from jsonb_array_elements(u.files) f where f.value ->> 'sha256' = ${sha256} limit 1) as file
      from deployment_uploads u where u.deployment_id = ${deploymentId} and u.id = ${id}`.execute(db);
  return rows[0];
};
