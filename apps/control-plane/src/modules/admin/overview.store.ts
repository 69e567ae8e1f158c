import type { Db } from '@miosa/db';
import { sql } from 'kysely';

export interface Totals {
  readonly tenants: number;
  readonly tenants_suspended: number;
  readonly users: number;
  readonly users_suspended: number;
  readonly operators: number;
  readonly keys_active: number;
  readonly entries_24h: number;
  readonly denied_24h: number;
}

const first = <T>([row]: readonly T[]): T => {
  if (row === undefined) throw new Error('an aggregate gives one row');
  return row;
};

export const totals = async (db: Db): Promise<Totals> => {
  const { rows } = await sql<Totals>`
    select (select count(*) from tenants where deleted_at is null) as tenants,
           (select count(*) from tenants where deleted_at is null and suspended_at is not null) as tenants_suspended,
           (select count(*) from users where deleted_at is null) as users,
           (select count(*) from users where deleted_at is null and suspended_at is not null) as users_suspended,
           (select count(*) from users where deleted_at is null and is_operator) as operators,
           (select count(*) from api_keys where revoked_at is null and (expires_at is null or expires_at > now())) as keys_active,
           recent.entries as entries_24h, recent.denied as denied_24h
      from (select count(*) as entries, count(*) filter (where outcome = 'denied') as denied
              from audit_entries where created_at > now() - interval '24 hours') recent`.execute(db);
  return first(rows);
};

export const sandboxesByState = async (db: Db): Promise<Record<string, number>> => {
  const { rows } = await sql<{ state: string; n: number }>`
    select state, count(*) as n from sandboxes where state <> 'destroyed' and purpose is null group by state order by state`.execute(db);
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};

export interface KeyTotals {
  readonly total: number;
  readonly active: number;
  readonly revoked: number;
  readonly expired: number;
  readonly used_24h: number;
}

export const keyTotals = async (db: Db): Promise<KeyTotals & { readonly by_type: Record<string, number> }> => {
  const { rows } = await sql<KeyTotals>`
    select count(*) as total,
           count(*) filter (where revoked_at is null and (expires_at is null or expires_at > now())) as active,
           count(*) filter (where revoked_at is not null) as revoked,
           count(*) filter (where revoked_at is null and expires_at <= now()) as expired,
           count(*) filter (where last_used_at > now() - interval '24 hours') as used_24h
      from api_keys`.execute(db);
  const types = await sql<{ key_type: string; n: number }>`select key_type, count(*) as n from api_keys group by key_type`.execute(db);
  return { ...first(rows), by_type: Object.fromEntries(types.rows.map(({ key_type, n }) => [key_type, n])) };
};

export const databaseFacts = async (
  db: Db,
): Promise<{ readonly connections: number; readonly size: number; readonly unsealed: number }> => {
  const { rows } = await sql<{ connections: number; size: number; unsealed: number }>`
    select (select count(*) from pg_stat_activity where datname = current_database()) as connections,
           pg_database_size(current_database()) as size, (select count(*) from audit_unsealed) as unsealed`.execute(db);
  return first(rows);
};
