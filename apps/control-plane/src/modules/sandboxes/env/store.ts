import type { Db, Tx } from '@miosa/db';
import type { Generated, Selectable } from 'kysely';

export interface SandboxEnvTable {
  sandbox_id: string;
  key: string;
  sealed_value: Buffer;
  encrypted: boolean;
  /** Brokered: inside it is a placeholder. Null = the value itself is inside. */
  hosts: string[] | null;
  updated_at: Generated<Date>;
}

declare module '@miosa/db' {
  interface Schema {
    sandbox_env: SandboxEnvTable;
  }
}

export type EnvRow = Selectable<SandboxEnvTable>;

export const listEnv = async (db: Db, sandboxId: string): Promise<EnvRow[]> =>
  db.selectFrom('sandbox_env').selectAll().where('sandbox_id', '=', sandboxId).orderBy('key').execute();

export const putEnv = async (tx: Tx, rows: readonly EnvRow[]): Promise<void> => {
  if (rows.length === 0) return;
  await tx
    .insertInto('sandbox_env')
    .values([...rows])
    .onConflict((conflict) =>
      conflict.columns(['sandbox_id', 'key']).doUpdateSet((eb) => ({
        sealed_value: eb.ref('excluded.sealed_value'),
        encrypted: eb.ref('excluded.encrypted'),
        hosts: eb.ref('excluded.hosts'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    )
    .execute();
};

/** Of these sandboxes, those that are brokered. */
export const listBrokered = async (db: Db, sandboxIds: readonly string[]): Promise<EnvRow[]> =>
  db
    .selectFrom('sandbox_env')
    .selectAll()
    .where('sandbox_id', 'in', sandboxIds.length === 0 ? [''] : [...sandboxIds])
    .where('hosts', 'is not', null)
    .orderBy('key')
    .execute();

export const deleteEnv = async (tx: Tx, sandboxId: string, key?: string): Promise<boolean> => {
  let query = tx.deleteFrom('sandbox_env').where('sandbox_id', '=', sandboxId);
  if (key !== undefined) query = query.where('key', '=', key);
  return (await query.executeTakeFirst()).numDeletedRows > 0n;
};

/** Orders concurrent writers of one sandbox's environment, so that the limit on their number holds. */
export const lockSandbox = async (tx: Tx, sandboxId: string): Promise<void> => {
  await tx.selectFrom('sandboxes').select('id').where('id', '=', sandboxId).forUpdate().execute();
};
