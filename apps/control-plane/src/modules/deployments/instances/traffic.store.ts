import type { Db } from '@miosa/db';
import { sql } from 'kysely';

export interface Counted {
  readonly id: string;
  readonly requests: number;
  readonly errors: number;
  readonly egressBytes: number;
  /** Requests by duration; empty: unknown. */
  readonly durations: readonly number[];
}

export interface MinuteRow {
  readonly minute: Date;
  readonly requests: number;
  readonly errors: number;
  readonly egress_bytes: number;
  readonly latencies: number[];
}

/** Adds to a minute; unknown deployments are left out. */
export const addTraffic = async (db: Db, minute: Date, counted: readonly Counted[]): Promise<void> => {
  if (counted.length === 0) return;
  const rows = counted.map(({ id, requests, errors, egressBytes, durations }) => ({
    id,
    requests,
    errors,
    egress_bytes: egressBytes,
    durations,
  }));
  await sql`
    insert into deployment_traffic as t (deployment_id, minute, requests, errors, egress_bytes, latencies)
    select d.id, ${minute}, n.requests, n.errors, n.egress_bytes, array(select x::bigint from jsonb_array_elements_text(n.durations) x)
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(id text, requests bigint, errors bigint, egress_bytes bigint, durations jsonb)
      join deployments d on d.id = n.id
     order by d.id
    on conflict (deployment_id, minute) do update
       set requests = t.requests + excluded.requests, errors = t.errors + excluded.errors, egress_bytes = t.egress_bytes + excluded.egress_bytes,
           latencies = array(select coalesce(a, 0) + coalesce(b, 0)
                               from unnest(t.latencies, excluded.latencies) with ordinality as u(a, b, i) order by i)`.execute(db);
};

export const trafficSince = async (db: Db, deploymentId: string, since: Date): Promise<MinuteRow[]> => {
  const result = await sql<MinuteRow>`
    select minute, requests::float8 as requests, errors::float8 as errors, egress_bytes::float8 as egress_bytes, latencies::float8[] as latencies
      from deployment_traffic where deployment_id = ${deploymentId} and minute >= ${since} order by minute`.execute(db);
  return result.rows;
};

export const purgeTraffic = async (db: Db, before: Date): Promise<void> => {
  await sql`delete from deployment_traffic where minute < ${before}`.execute(db);
};
