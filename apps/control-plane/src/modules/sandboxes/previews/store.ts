import type { Db, Tx } from '@miosa/db';
import type { ColumnType, Selectable } from 'kysely';

export interface PreviewTable {
  id: string;
  tenant_id: string;
  sandbox_id: string;
  port: number;
  name: string | null;
  visibility: 'public' | 'private';
  host_header: ColumnType<'localhost' | 'public', 'localhost' | 'public' | undefined, 'localhost' | 'public'>;
  deleted_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: ColumnType<Date, Date, never>;
  updated_at: Date;
}

export interface ShareTable {
  id: string;
  tenant_id: string;
  sandbox_id: string;
  port: number;
  name: string | null;
  token_hash: Buffer;
  token_prefix: string;
  api_key_id: string | null;
  expires_at: Date | null;
  revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  last_used_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: ColumnType<Date, Date, never>;
}

export type PreviewRow = Selectable<PreviewTable>;
export type ShareRow = Selectable<ShareTable>;

declare module '@miosa/db' {
  interface Schema {
    previews: PreviewTable;
    shares: ShareTable;
  }
}

const living = (db: Db, sandboxId: string) =>
  db.selectFrom('previews').selectAll().where('sandbox_id', '=', sandboxId).where('deleted_at', 'is', null);

/** Latest exposed first: the first one is the sandbox's preview port (contract 4.2). */
export const listPreviews = (db: Db, sandboxId: string): Promise<PreviewRow[]> =>
  living(db, sandboxId).orderBy('updated_at', 'desc').orderBy('id', 'desc').execute();

export const findPreview = (db: Db, sandboxId: string, id: string): Promise<PreviewRow | undefined> =>
  living(db, sandboxId).where('id', '=', id).executeTakeFirst();

/** A deleted preview is still known, so that a repeated DELETE can be answered. */
export const findPreviewEvenDeleted = (db: Db, sandboxId: string, id: string): Promise<PreviewRow | undefined> =>
  db.selectFrom('previews').selectAll().where('sandbox_id', '=', sandboxId).where('id', '=', id).executeTakeFirst();

type Exposed = Pick<PreviewRow, 'id' | 'tenant_id' | 'sandbox_id' | 'port' | 'name' | 'visibility'> & { readonly now: Date };

/** The same port again updates its preview. */
export const upsertPreview = (tx: Tx, { now, ...preview }: Exposed): Promise<PreviewRow> =>
  tx
    .insertInto('previews')
    .values({ ...preview, created_at: now, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['sandbox_id', 'port'])
        .where('deleted_at', 'is', null)
        .doUpdateSet((eb) => ({
          name: eb.fn.coalesce('excluded.name', 'previews.name'),
          visibility: eb.ref('excluded.visibility'),
          updated_at: now,
        })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();

export const updatePreview = (
  tx: Tx,
  id: string,
  set: {
    name?: string | null;
    visibility?: 'public' | 'private';
    host_header?: 'localhost' | 'public';
    deleted_at?: Date;
    updated_at: Date;
  },
): Promise<PreviewRow | undefined> =>
  tx.updateTable('previews').set(set).where('id', '=', id).where('deleted_at', 'is', null).returningAll().executeTakeFirst();

export const insertShare = async (tx: Tx, share: Omit<ShareRow, 'revoked_at' | 'last_used_at'>): Promise<void> => {
  await tx.insertInto('shares').values(share).execute();
};

export const listShares = (db: Db, sandboxId: string, now: Date): Promise<ShareRow[]> =>
  db
    .selectFrom('shares')
    .selectAll()
    .where('sandbox_id', '=', sandboxId)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();

export const findShare = (
  db: Db,
  sandboxId: string,
  by: { readonly id: string } | { readonly hash: Buffer },
): Promise<ShareRow | undefined> => {
  const query = db.selectFrom('shares').selectAll().where('sandbox_id', '=', sandboxId);
  return ('id' in by ? query.where('id', '=', by.id) : query.where('token_hash', '=', by.hash)).executeTakeFirst();
};

export const revokeShare = async (tx: Tx, id: string, now: Date): Promise<boolean> => {
  const result = await tx
    .updateTable('shares')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};
