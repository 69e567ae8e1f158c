import type { Db } from '@miosa/db';
import { sql } from 'kysely';
import type { Encodings } from '../types.ts';

export interface KnownBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly encodings: Encodings;
}

interface Held {
  readonly sha256: string;
  readonly size_bytes: string | number;
  readonly encodings: Encodings;
  readonly doomed_at: Date | null;
}

/**
 * Of these contents, those the organization has, with all their compressed forms; each is marked as used now, so that it is not collected before
 * the release that wants it is written. One that is about to be collected is unknown from here on: its row goes, and who wants it stores it
 * again. To be called before contents are put into the store, too (`retention/contents.ts` says why).
 */
export const useBlobs = async (db: Db, tenantId: string, hashes: readonly string[], now: Date): Promise<Map<string, KnownBlob>> => {
  if (hashes.length === 0) return new Map();
  const { rows } = await sql<Held>`
    with wanted as (
      select b.sha256 from tenant_blobs b where b.tenant_id = ${tenantId}::uuid and b.sha256 = any(${[...hashes]}::text[])
      union
      select e.value ->> 'sha256' from tenant_blobs b, jsonb_each(b.encodings) e
       where b.tenant_id = ${tenantId}::uuid and b.sha256 = any(${[...hashes]}::text[])),
    held as materialized (
      select b.sha256, b.size_bytes, b.encodings, b.doomed_at from tenant_blobs b
       where b.tenant_id = ${tenantId}::uuid and b.sha256 in (select sha256 from wanted)
       order by b.sha256 for update),
    freed as (
      delete from tenant_blobs b using held
       where b.tenant_id = ${tenantId}::uuid and b.sha256 = held.sha256 and held.doomed_at is not null),
    used as (
      update tenant_blobs b set last_used_at = greatest(last_used_at, ${now}) from held
       where b.tenant_id = ${tenantId}::uuid and b.sha256 = held.sha256 and held.doomed_at is null)
    select * from held`.execute(db);
  const kept = new Map(rows.filter(({ doomed_at }) => doomed_at === null).map((row) => [row.sha256, row]));
  const isWhole = ({ encodings }: Held): boolean => Object.values(encodings).every(({ sha256 }) => kept.has(sha256));
  return new Map(
    hashes
      .map((sha256) => kept.get(sha256))
      .filter((row) => row !== undefined && isWhole(row))
      .map((row) => row as Held)
      .map(({ sha256, size_bytes, encodings }) => [sha256, { sha256, sizeBytes: Number(size_bytes), encodings }]),
  );
};

/** What is in the blob store by now. */
export const keepBlobs = async (db: Db, tenantId: string, blobs: readonly KnownBlob[], now: Date): Promise<void> => {
  if (blobs.length === 0) return;
  const sorted = blobs.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)); // one order for all: no deadlocks
  await sql`
    insert into tenant_blobs (tenant_id, sha256, size_bytes, encodings, last_used_at)
    select ${tenantId}::uuid, t.sha256, t.size, t.encodings, ${now}
      from unnest(${sorted.map(({ sha256 }) => sha256)}::text[], ${sorted.map(({ sizeBytes }) => sizeBytes)}::bigint[],
                  ${sorted.map(({ encodings }) => JSON.stringify(encodings))}::jsonb[]) as t(sha256, size, encodings)
    on conflict (tenant_id, sha256) do update
       set last_used_at = excluded.last_used_at, doomed_at = null,
           encodings = case when excluded.encodings = '{}' then tenant_blobs.encodings else excluded.encodings end`.execute(db);
};
