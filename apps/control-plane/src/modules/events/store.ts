import type { Db } from '@miosa/db';
import { type Expression, type Insertable, type Selectable, type SqlBool, sql } from 'kysely';
import type { EventInboxTable, EventTable } from './types.ts';

export type EventRow = Selectable<EventTable>;
export type Condition = Expression<SqlBool>;

export const insertEvents = async (db: Db, events: readonly Insertable<EventInboxTable>[]): Promise<void> => {
  if (events.length > 0)
    await db
      .insertInto('event_inbox')
      .values([...events])
      .execute();
};

/** Puts committed events in order; answers how many. Waits for another process that does the same. */
export const orderEvents = async (db: Db, most: number): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select order_events(${most}) as n`.execute(db);
  return rows[0]?.n ?? 0;
};

/** The newest id of all. An event ordered later has a greater one. */
export const lastId = async (db: Db): Promise<string> =>
  (await db.selectFrom('event_order').select('last_id').executeTakeFirstOrThrow()).last_id;

/** Events of an organization that meet all conditions, oldest first, after `after` and not beyond `until`. */
export const eventsAfter = (
  db: Db,
  tenantId: string,
  conditions: readonly Condition[],
  { after, until, limit }: { readonly after: string; readonly until: string; readonly limit: number },
): Promise<EventRow[]> => {
  let query = db.selectFrom('events').selectAll().where('tenant_id', '=', tenantId);
  for (const condition of conditions) query = query.where(condition);
  return query.where('id', '>', after).where('id', '<=', until).orderBy('id').limit(limit).execute();
};

/** One page, newest first. */
export const listEvents = (
  db: Db,
  tenantId: string,
  conditions: readonly Condition[],
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<EventRow[]> => {
  let query = db.selectFrom('events').selectAll().where('tenant_id', '=', tenantId);
  for (const condition of conditions) query = query.where(condition);
  if (before !== null) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute();
};

/** Removes events older than `before`, at most `limit`; answers how many. */
export const purgeEvents = async (db: Db, before: Date, limit: number): Promise<number> => {
  const result = await sql`
    delete from events where (tenant_id, id) in (select tenant_id, id from events where created_at < ${before} limit ${limit})`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};
