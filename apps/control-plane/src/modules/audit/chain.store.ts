import type { Db, Tx } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import type { AuditTable, ChainTable, SealTable } from './types.ts';

export type ChainRow = Selectable<ChainTable>;
export type SealRow = Selectable<SealTable>;
export type EntryRow = Selectable<AuditTable>;

/** One sealer in the installation at a time; false: another is at work. Held until commit. */
export const lockSealer = async (tx: Tx): Promise<boolean> => {
  const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_xact_lock(hashtext('miosa audit sealer')) as held`.execute(tx);
  return rows[0]?.held === true;
};

/** Committed entries that no chain has yet, in the order in which they were begun. */
export const unsealedEntries = (tx: Tx, limit: number): Promise<EntryRow[]> =>
  tx
    .selectFrom('audit_unsealed')
    .innerJoin('audit_entries', 'audit_entries.seq', 'audit_unsealed.entry_seq')
    .selectAll('audit_entries')
    .orderBy('audit_unsealed.entry_seq')
    .limit(limit)
    .execute();

export const chainsOf = (db: Db, tenantIds: readonly TenantId[]): Promise<ChainRow[]> =>
  db
    .selectFrom('audit_chains')
    .selectAll()
    .where('tenant_id', 'in', [...tenantIds])
    .execute();

export const insertSeals = async (tx: Tx, seals: readonly SealRow[]): Promise<void> => {
  const column = <K extends keyof SealRow>(name: K): SealRow[K][] => seals.map((seal) => seal[name]);
  await sql`
    insert into audit_seals (tenant_id, position, entry_seq, entry_id, prev_hash, hash)
    select * from unnest(${column('tenant_id')}::uuid[], ${column('position')}::bigint[], ${column('entry_seq')}::bigint[],
                         ${column('entry_id')}::text[], ${column('prev_hash')}::text[], ${column('hash')}::text[])`.execute(tx);
  await sql`delete from audit_unsealed where entry_seq = any(${column('entry_seq')}::bigint[])`.execute(tx);
};

export const saveChains = async (tx: Tx, chains: readonly ChainRow[]): Promise<void> => {
  for (const { tenant_id, ...chain } of chains) {
    await tx
      .insertInto('audit_chains')
      .values({ tenant_id, ...chain })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(chain))
      .execute();
  }
};

/** A link and, if it is still there, its entry. */
export interface Link {
  readonly seal: SealRow;
  readonly entry: EntryRow | null;
}

/** Links after `position` up to `until`, in order. */
export const linksAfter = async (db: Db, tenantId: TenantId, position: number, until: number, limit: number): Promise<Link[]> => {
  const rows = await db
    .selectFrom('audit_seals')
    .leftJoin('audit_entries', 'audit_entries.seq', 'audit_seals.entry_seq')
    .selectAll('audit_entries')
    .select(['audit_seals.tenant_id as seal_tenant', 'position', 'entry_seq', 'entry_id', 'prev_hash', 'hash'])
    .where('audit_seals.tenant_id', '=', tenantId)
    .where('position', '>', position)
    .where('position', '<=', until)
    .orderBy('position')
    .limit(limit)
    .execute();
  return rows.map(({ seal_tenant, position: at, entry_seq, entry_id, prev_hash, hash, ...entry }) => ({
    seal: { tenant_id: seal_tenant, position: at, entry_seq, entry_id, prev_hash, hash },
    entry: entry.seq === null ? null : (entry as EntryRow),
  }));
};

/** The first entry of the organization that neither a chain nor the sealer's notes know, or a note whose entry is gone. */
export const strayEntry = async (db: Db, tenantId: TenantId): Promise<string | null> => {
  const { rows } = await sql<{ id: string }>`
    select e.id from audit_entries e
     where e.tenant_id = ${tenantId}
       and not exists (select from audit_seals s where s.entry_seq = e.seq)
       and not exists (select from audit_unsealed u where u.entry_seq = e.seq)
    union all
    select u.entry_id from audit_unsealed u
     where u.tenant_id = ${tenantId} and not exists (select from audit_entries e where e.seq = u.entry_seq)
    limit 1`.execute(db);
  return rows[0]?.id ?? null;
};

/** Could this process change or remove entries? Not with the role that the migrations make for it. */
export const mayChangeEntries = async (db: Db): Promise<boolean> => {
  const { rows } = await sql<{ may: boolean }>`
    select has_table_privilege('audit_entries', 'UPDATE') or has_table_privilege('audit_entries', 'DELETE') as may`.execute(db);
  return rows[0]?.may === true;
};

/** Entries up to this one are older than attestation. */
export const lastUnattested = async (db: Db): Promise<number> =>
  (await db.selectFrom('audit_origin').select('last_unattested_seq').executeTakeFirst())?.last_unattested_seq ?? 0;

/** Per organization, the end of the part of its chain that is older than `before`, at most `limit` links further; only where there is one. */
export const purgeable = async (tx: Tx, before: Date, limit: number): Promise<{ tenant_id: TenantId; until: number }[]> => {
  const { rows } = await sql<{ tenant_id: TenantId; until: number }>`
    select c.tenant_id, old.until from audit_chains c
      cross join lateral (
        select coalesce(min(f.position) filter (where f.created_at >= ${before}) - 1, max(f.position)) as until
          from (select s.position, e.created_at from audit_seals s left join audit_entries e on e.seq = s.entry_seq
                 where s.tenant_id = c.tenant_id and s.position > c.base_position order by s.position limit ${limit}) f
      ) old
     where old.until > c.base_position`.execute(tx);
  return rows;
};

export const purgeUntil = async (tx: Tx, tenantId: TenantId, until: number): Promise<void> => {
  await sql`select * from audit_purge(${tenantId}::uuid, ${until}::bigint)`.execute(tx);
};
