import type { Db, Tx } from '@miosa/db';
import { type Insertable, sql } from 'kysely';
import type { UploadedFile, UploadTable } from '../types.ts';

export interface UploadRow {
  readonly id: string;
  readonly files: readonly UploadedFile[];
  readonly expires_at: Date;
}

/** Takes the place of uploads of the deployment that have expired. */
export const insertUpload = async (tx: Tx, row: Insertable<UploadTable>, now: Date): Promise<void> => {
  await tx.deleteFrom('deployment_uploads').where('deployment_id', '=', row.deployment_id).where('expires_at', '<', now).execute();
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
