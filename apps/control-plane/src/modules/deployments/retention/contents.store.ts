import type { Db, Tx } from '@miosa/db';
import { sql } from 'kysely';

/** Organizations with contents that were not used since, in order of id. */
export const tenantsWithUnused = async (db: Db, before: Date, after: string | null, limit: number): Promise<string[]> => {
  const { rows } = await sql<{ tenant_id: string }>`
    select distinct tenant_id from tenant_blobs
     where last_used_at < ${before} and doomed_at is null and (${after}::uuid is null or tenant_id > ${after}::uuid)
     order by tenant_id limit ${limit}`.execute(db);
  return rows.map(({ tenant_id }) => tenant_id);
};

export interface Holder {
  readonly id: string;
  /** Of a static release. */
  readonly manifest_sha256: string | null;
  /** An upload is needed for as long as its version can be built, or built again. */
  readonly is_upload: boolean;
}

/** Versions whose contents must stay, in order of id. */
export const holdersAfter = async (db: Db, tenantId: string, after: string, limit: number): Promise<Holder[]> => {
  const { rows } = await sql<Holder>`
    select v.id, case when l.kind = 'static' and l.collected_at is null then l.sha256 end as manifest_sha256,
           v.source_type = 'upload' as is_upload
      from deployment_versions v left join deployment_releases l on l.id = v.release_id
     where v.tenant_id = ${tenantId}::uuid and v.id > ${after}
       and (l.id is not null and l.collected_at is null
            or v.state in ('created', 'building')
               and exists (select from deployment_builds b where b.version_id = v.id and b.state in ('queued', 'building')))
     order by v.id limit ${limit}`.execute(db);
  return rows;
};

/** Marks contents as used, where that was not done since `before`. */
export const touchBlobs = async (db: Db, tenantId: string, hashes: readonly string[], now: Date, before: Date): Promise<void> => {
  await sql`
    with held as materialized (
      select sha256 from tenant_blobs
       where tenant_id = ${tenantId}::uuid and sha256 = any(${[...hashes]}::text[]) and last_used_at < ${before} and doomed_at is null
       order by sha256 for update)
    update tenant_blobs b set last_used_at = ${now} from held where b.tenant_id = ${tenantId}::uuid and b.sha256 = held.sha256`.execute(db);
};

/** The same for all files of a version's upload, without reading their list, which may be long. */
export const touchUpload = async (db: Db, tenantId: string, versionId: string, now: Date, before: Date): Promise<void> => {
  await sql`
    with held as materialized (
      select sha256 from tenant_blobs
       where tenant_id = ${tenantId}::uuid and last_used_at < ${before} and doomed_at is null
         and sha256 in (select f.value ->> 'sha256' from deployment_versions v, jsonb_array_elements(v.source -> 'files') f
                         where v.id = ${versionId})
       order by sha256 for update)
    update tenant_blobs b set last_used_at = ${now} from held where b.tenant_id = ${tenantId}::uuid and b.sha256 = held.sha256`.execute(db);
};

export const doomUnused = async (db: Db, tenantId: string, before: Date, now: Date): Promise<number> => {
  const result = await sql`
    update tenant_blobs set doomed_at = ${now}
     where tenant_id = ${tenantId}::uuid and last_used_at < ${before} and doomed_at is null`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};

/** Contents in the store that no row names. They are doomed from now on. */
export const doomUnknown = async (
  db: Db,
  tenantId: string,
  blobs: readonly { sha256: string; sizeBytes: number }[],
  now: Date,
): Promise<void> => {
  await sql`
    insert into tenant_blobs (tenant_id, sha256, size_bytes, last_used_at, doomed_at)
    select t.id, b.sha256, b.size, ${now}, ${now}
      from tenants t, unnest(${blobs.map(({ sha256 }) => sha256)}::text[], ${blobs.map(({ sizeBytes }) => sizeBytes)}::bigint[]) as b(sha256, size)
     where t.id = ${tenantId}::uuid
    on conflict (tenant_id, sha256) do nothing`.execute(db);
};

/** Locked until the end of the transaction: nobody who wants one of them can go on before it is gone. */
export const lockDoomed = async (tx: Tx, before: Date, limit: number): Promise<{ tenant_id: string; sha256: string }[]> => {
  const { rows } = await sql<{ tenant_id: string; sha256: string }>`
    select tenant_id, sha256 from tenant_blobs where doomed_at < ${before} order by doomed_at, tenant_id, sha256 limit ${limit}
       for update skip locked`.execute(tx);
  return rows;
};

export const deleteBlobs = async (tx: Tx, blobs: readonly { tenant_id: string; sha256: string }[]): Promise<void> => {
  await sql`
    delete from tenant_blobs b
     using unnest(${blobs.map(({ tenant_id }) => tenant_id)}::uuid[], ${blobs.map(({ sha256 }) => sha256)}::text[]) as t(tenant_id, sha256)
     where b.tenant_id = t.tenant_id and b.sha256 = t.sha256`.execute(tx);
};

/** Lines of builds that ended before; says how many went. */
export const purgeBuildLines = async (db: Db, before: Date, limit: number): Promise<number> => {
  const result = await sql`
    delete from deployment_build_lines where ctid in (
      select l.ctid from deployment_build_lines l join deployment_builds b on b.id = l.build_id
       where b.finished_at < ${before} limit ${limit})`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};

export const purgeUploads = async (db: Db, before: Date, limit: number): Promise<number> => {
  const result = await sql`
    delete from deployment_uploads where id in (
      select id from deployment_uploads where expires_at < ${before} limit ${limit} for update skip locked)`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};
