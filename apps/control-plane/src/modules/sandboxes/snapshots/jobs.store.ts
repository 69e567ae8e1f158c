import type { Db, Tx } from '@miosa/db';
import { sql } from 'kysely';
import type { SnapshotRow } from './store.ts';

/** Snapshots whose maker has died or hangs, taken over by moving the deadline. */
export const claimOverdueSnapshots = async (db: Db, now: Date, deadline: Date, limit: number): Promise<SnapshotRow[]> => {
  const result = await sql<SnapshotRow>`
    with picked as materialized (
      select id from snapshots where state = 'creating' and deadline <= ${now} order by deadline limit ${limit} for update skip locked)
    update snapshots s set deadline = ${deadline} from picked where s.id = picked.id returning s.*`.execute(db);
  return result.rows;
};

interface Due {
  readonly id: string;
  readonly tenant_id: string;
  readonly reason: 'expired' | 'project_deleted';
}

/** Past their end, or of a project that is gone; never one that is being read. Locked until the transaction that deletes them ends. */
export const lockDueSnapshots = async (tx: Tx, now: Date, limit: number): Promise<Due[]> => {
  const result = await sql<Due>`
    select s.id, s.tenant_id, case when s.expires_at <= ${now} then 'expired' else 'project_deleted' end as reason
      from snapshots s
     where s.state in ('ready', 'failed')
       and (s.expires_at <= ${now} or s.project_id in (select p.id from projects p where p.deleted_at is not null)
            or s.tenant_id in (select t.id from tenants t where t.deleted_at is not null))
       and not exists (select 1 from sandboxes x where x.snapshot_id = s.id and x.state = 'provisioning')
       and not exists (select 1 from sandboxes x where x.restoring_from = s.id and x.state <> 'destroyed')
     order by s.id limit ${limit} for update of s skip locked`.execute(tx);
  return result.rows;
};

/** Of these ids on the host, those that a row claims. */
export const claimedSnapshots = async (db: Db, ids: readonly string[]): Promise<Set<string>> => {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('snapshots')
    .select('id')
    .where('id', 'in', [...ids])
    .where('state', 'in', ['creating', 'ready'])
    .execute();
  return new Set(rows.map((row) => row.id));
};

/** Ready since before the host was asked, and not among what it has: `failed` from now on. */
export const failLostSnapshots = async (db: Db, onHost: readonly string[], before: Date, now: Date): Promise<string[]> => {
  const rows = await db
    .updateTable('snapshots')
    .set({ state: 'failed', state_reason: 'The host no longer has its files.', updated_at: now })
    .where('state', '=', 'ready')
    .where('updated_at', '<', before)
    .where(sql<boolean>`id <> all(${[...onHost]}::text[])`)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
};
