import type { Db } from '@miosa/db';
import { sql } from 'kysely';

/** To every process that listens on the channel, in the order of commits. */
export const notify = async (db: Db, channel: string, payload: string): Promise<void> => {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db);
};

/** Of these keys and sessions, the ones that no longer hold. Whether their users still belong where they act is another question. */
export const endedCredentials = async (db: Db, keyIds: readonly string[], sessionIds: readonly string[]): Promise<Set<string>> => {
  const { rows } = await sql<{ id: string }>`
    select k.id::text from unnest(${keyIds}::uuid[]) as wanted(id) join api_keys k on k.id = wanted.id
     where k.revoked_at is not null or k.expires_at <= now()
        or exists (select from tenants t where t.id = k.tenant_id and (t.deleted_at is not null or t.suspended_at is not null))
    union all
    select s.id::text from unnest(${sessionIds}::uuid[]) as wanted(id) join sessions s on s.id = wanted.id
      join users u on u.id = s.user_id
     where s.ended_at is not null or u.suspended_at is not null
        or (not u.is_operator and exists (select from tenants t where t.id = s.tenant_id and t.suspended_at is not null))
  `.execute(db);
  return new Set(rows.map((row) => row.id));
};
