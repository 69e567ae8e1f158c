import type { Db, Tx } from '@miosa/db';
import { sql } from 'kysely';
import type { SandboxRow } from '../types.ts';

/** Longer than two control planes can lie apart in telling the same. */
const SAME = sql`interval '10 minutes'`;

export interface Told {
  readonly type: string;
  readonly run: string | null;
  readonly port: string | null;
}

/** What was told of it lately, oldest first. */
export const toldLately = async (db: Db, row: SandboxRow, now: Date): Promise<Told[]> => {
  const of = sql`narrow and tenant_id = ${row.tenant_id} and resource_id = ${row.id} and created_at > ${now}::timestamptz - ${SAME}`;
  const said = sql`type, (data ->> 'id') || ' ' || (data ->> 'started_at') as run, data ->> 'port' as port`;
  const { rows } = await sql<Told>`
    select type, run, port from (select ${said}, 1 as part, id as at, 0::bigint as seq from events where ${of}
      union all select ${said}, 2, '', seq from event_inbox where ${of}) all_of order by part, at, seq`.execute(db);
  return rows;
};

/** Nobody else tells of this sandbox until the transaction ends. */
export const holdFeed = async (tx: Tx, id: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`feed of ${id}`}, 0))`.execute(tx);
};
