import type { Db, Tx } from '@miosa/db';
import type { Insertable, Selectable } from 'kysely';
import type { EnvRevisionTable } from '../types.ts';

export const findRevision = (db: Db, deploymentId: string, revision: number): Promise<Selectable<EnvRevisionTable> | undefined> =>
  db.selectFrom('deployment_env').selectAll().where('deployment_id', '=', deploymentId).where('revision', '=', revision).executeTakeFirst();

export const insertRevision = async (tx: Tx, row: Insertable<EnvRevisionTable>): Promise<void> => {
  await tx.insertInto('deployment_env').values(row).execute();
};
