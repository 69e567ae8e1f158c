import type { Db } from '@miosa/db';
import { type ColumnType, sql } from 'kysely';

/** bigint: the driver reads it as text. */
type Count = ColumnType<string, number, number>;

export interface CountersTable {
  sandbox_id: string;
  active_cpu_usec: Count;
  network_ingress_bytes: Count;
  network_egress_bytes: Count;
  storage_bytes: Count;
  measured_at: Date;
}

declare module '@miosa/db' {
  interface Schema {
    sandbox_counters: CountersTable;
  }
}

export interface Counted {
  readonly id: string;
  readonly cpuUsageUsec: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
  readonly diskBytes: number;
}

/** Counters only grow, whichever report comes last; rows of unknown sandboxes are left out, unchanged ones cost no write. */
export const recordCounters = async (db: Db, counted: readonly Counted[], at: Date): Promise<void> => {
  if (counted.length === 0) return;
  const column = (value: (one: Counted) => number): number[] => counted.map((one) => Math.round(value(one)));
  await sql`
    insert into sandbox_counters as c
    select n.* from (
      select *, ${at}::timestamptz from unnest(
        ${counted.map(({ id }) => id)}::text[], ${column((c) => c.cpuUsageUsec)}::bigint[], ${column((c) => c.networkRxBytes)}::bigint[],
        ${column((c) => c.networkTxBytes)}::bigint[], ${column((c) => c.diskBytes)}::bigint[]) as t(id, cpu, rx, tx, disk)) n
      join sandboxes s on s.id = n.id
     order by n.id
    on conflict (sandbox_id) do update
       set active_cpu_usec = greatest(c.active_cpu_usec, excluded.active_cpu_usec),
           network_ingress_bytes = greatest(c.network_ingress_bytes, excluded.network_ingress_bytes),
           network_egress_bytes = greatest(c.network_egress_bytes, excluded.network_egress_bytes),
           storage_bytes = excluded.storage_bytes, measured_at = excluded.measured_at
     where (c.active_cpu_usec, c.network_ingress_bytes, c.network_egress_bytes, c.storage_bytes)
           is distinct from (excluded.active_cpu_usec, excluded.network_ingress_bytes, excluded.network_egress_bytes, excluded.storage_bytes)`.execute(
    db,
  );
};

export const findCounters = async (db: Db, id: string): Promise<Omit<Counted, 'id'> | undefined> => {
  const row = await db.selectFrom('sandbox_counters').selectAll().where('sandbox_id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    cpuUsageUsec: Number(row.active_cpu_usec),
    networkRxBytes: Number(row.network_ingress_bytes),
    networkTxBytes: Number(row.network_egress_bytes),
    diskBytes: Number(row.storage_bytes),
  };
};
