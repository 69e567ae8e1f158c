import type { Database } from '@miosa/db';
import { sql } from 'kysely';

/** Organizations the keys belong to: the bucket of one alone (30,000 a minute on the largest plan) would be empty within seconds. */
export const ORGANIZATIONS = 100;

/** Plaintext of key number `index`; it belongs to organization `index % ORGANIZATIONS`. */
export const keyAt = (index: number): string => `msk_live_${String(index).padStart(32, '0')}`;
/** Its id, and that of an organization: the number as the last digits. */
export const keyIdAt = (index: number): string => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;
export const organizationIdAt = (index: number): string => `00000000-0000-7000-9000-${String(index).padStart(12, '0')}`;

export const addOrganizations = async (db: Database): Promise<void> => {
  await sql`
    insert into tenants (id, name, slug, plan, setup_done)
    select ('00000000-0000-7000-9000-' || lpad(i::text, 12, '0'))::uuid, 'Bench ' || i, 'bench-org-' || i, 'scale', true
      from generate_series(0, ${ORGANIZATIONS - 1}::int) i`.execute(db.read);
};

/** Keys `from` to `to` (exclusive), each with a limit of its own that the measurement does not reach. */
export const addKeys = async (db: Database, from: number, to: number): Promise<void> => {
  await sql`
    insert into api_keys (id, tenant_id, name, key_type, key_hash, key_prefix, scopes, rate_limit_rpm, created_by, created_at)
    select ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid,
           ('00000000-0000-7000-9000-' || lpad((i % ${ORGANIZATIONS}::int)::text, 12, '0'))::uuid,
           'bench ' || i, 'live', sha256(convert_to('msk_live_' || lpad(i::text, 32, '0'), 'UTF8')), 'msk_live_000', '{*}', 100000000,
           'bench', now() - make_interval(secs => i)
      from generate_series(${from}::int, ${to - 1}::int) i`.execute(db.read);
};

/** Audit entries, half of them in the first organization. No control plane wrote them, so they are marked as older than attestation. */
export const addAuditRows = async (db: Database, from: number, to: number): Promise<void> => {
  await sql`
    insert into audit_entries (id, tenant_id, api_key_id, actor_type, actor_id, actor_name, action, resource_type, resource_id, outcome,
                               ip_address, user_agent, request_id, metadata, created_at)
    select 'aud_bench' || i, tenant, key, 'key', key::text, 'bench ' || k, (array['sandboxes.create', 'sandboxes.exec', 'files.write', 'previews.token', 'sandboxes.destroy'])[1 + i % 5], 'sandbox',
           'sbx_bench' || (i % 5000), case when i % 100 = 1 then 'denied' else 'success' end, '203.0.113.7', 'miosa-sdk', 'req_bench' || i, '{"exit_code":0}', now() - make_interval(secs => (${to}::int - i) / 100.0)
      from generate_series(${from}::int, ${to - 1}::int) i
           cross join lateral (select case when i % 2 = 0 then 0 else (i / 2) % ${ORGANIZATIONS}::int end as o) owner
           cross join lateral (select ((i / 7) % 10) * ${ORGANIZATIONS}::int + o as k) one
           cross join lateral (select ('00000000-0000-7000-9000-' || lpad(o::text, 12, '0'))::uuid as tenant,
                                      ('00000000-0000-7000-8000-' || lpad(k::text, 12, '0'))::uuid as key) ids`.execute(db.read);
  await sql`update audit_origin set last_unattested_seq = (select max(seq) from audit_entries)`.execute(db.read);
};

export const unsealed = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ n: string }>`select count(*) n from audit_unsealed`.execute(db.read);
  return Number(rows[0]?.n);
};

/** What autovacuum does on a running installation within a minute. */
export const settle = async (db: Database): Promise<void> => {
  for (const table of ['api_keys', 'audit_entries', 'audit_seals', 'audit_unsealed', 'tenants'])
    await sql`vacuum (analyze) ${sql.table(table)}`.execute(db.read);
  await sql`checkpoint`.execute(db.read);
};
