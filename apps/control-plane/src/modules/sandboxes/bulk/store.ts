import type { Db, Tx } from '@miosa/db';
import { type Insertable, type Selectable, sql } from 'kysely';
import { visible } from '../store.ts';
import type { Visibility } from '../visibility.ts';
import type { BulkItemTable, BulkOperationTable } from './types.ts';

export type OperationRow = Selectable<BulkOperationTable>;
export type ItemRow = Selectable<BulkItemTable>;

/** Of these, the ones the caller sees; destroyed ones too. */
export const visibleAmong = async (db: Db, who: Visibility, ids: readonly string[]): Promise<Set<string>> => {
  const rows = await visible(db.selectFrom('sandboxes').select('id'), who)
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .execute();
  return new Set(rows.map(({ id }) => id));
};

export const existingAmong = async (db: Db, tenantId: string, ids: readonly string[]): Promise<number> => {
  const query = db.selectFrom('sandboxes').select(sql<number>`count(*)::int`.as('n'));
  const sandboxes = query.where('tenant_id', '=', tenantId).where('purpose', 'is', null);
  return (await sandboxes.where(sql<boolean>`id = any(${[...ids]}::text[])`).executeTakeFirstOrThrow()).n;
};

export const insertOperation = async (
  tx: Tx,
  operation: Insertable<BulkOperationTable>,
  items: readonly Insertable<BulkItemTable>[],
): Promise<void> => {
  await tx.insertInto('bulk_operations').values(operation).execute();
  await tx
    .insertInto('bulk_items')
    .values([...items])
    .execute();
};

export const findOperation = async (db: Db, tenantId: string, id: string): Promise<OperationRow | undefined> =>
  db.selectFrom('bulk_operations').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst();

export const itemsOf = async (db: Db, id: string): Promise<ItemRow[]> =>
  db.selectFrom('bulk_items').selectAll().where('operation_id', '=', id).orderBy('position').execute();

export type Leased = Pick<ItemRow, 'operation_id' | 'position' | 'sandbox_id'> &
  Pick<OperationRow, 'tenant_id' | 'action' | 'actor' | 'request_id'>;

/** Takes items that nobody works on. `skip locked`: several control planes share the work. */
export const leaseItems = async (db: Db, leaseMs: number, limit: number): Promise<Leased[]> => {
  const result = await sql<Leased>`
    with picked as materialized (
      select operation_id, position from bulk_items
       where state = 'queued' and (leased_until is null or leased_until < now())
       order by operation_id, position limit ${limit} for update skip locked)
    update bulk_items i set leased_until = now() + make_interval(secs => ${leaseMs / 1000})
      from picked, bulk_operations o
     where i.operation_id = picked.operation_id and i.position = picked.position and o.id = i.operation_id
    returning i.operation_id, i.position, i.sandbox_id, o.tenant_id, o.action, o.actor, o.request_id`.execute(db);
  return result.rows;
};

type Key = Pick<ItemRow, 'operation_id' | 'position'>;

const setItem = async (db: Db, { operation_id, position }: Key, set: Partial<ItemRow>): Promise<void> => {
  const query = db.updateTable('bulk_items').set(set).where('operation_id', '=', operation_id).where('position', '=', position);
  await query.where('state', '=', 'queued').execute();
};

/** Null code: it is done. */
export const endItem = (db: Db, key: Key, code: string | null): Promise<void> =>
  setItem(db, key, { state: code === null ? 'completed' : 'failed', code, leased_until: null });

export const keepLease = (db: Db, key: Key, until: Date): Promise<void> => setItem(db, key, { leased_until: until });
export const releaseItem = (db: Db, key: Key): Promise<void> => setItem(db, key, { leased_until: null });

export const purgeOperations = async (db: Db, before: Date): Promise<void> => {
  await db.deleteFrom('bulk_operations').where('created_at', '<', before).execute();
};
