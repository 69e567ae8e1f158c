import type { Db } from '@miosa/db';
import { sql } from 'kysely';
import type { SandboxRow } from '../types.ts';

/**
 * A process may hold activity in memory for up to one second, the edge for one more; an idle deadline is judged this much later,
 * so a sandbox used at the last moment by way of another process is never ended early.
 */
export const IDLE_GRACE_MS = 3000;

const due = (now: Date) => sql`
  state = 'running' and transition is null and not always_on
  and (expires_at <= ${now}
       or (idle_timeout_sec > 0 and last_activity_at + make_interval(secs => idle_timeout_sec) <= ${new Date(now.getTime() - IDLE_GRACE_MS)}))`;

const reason = (now: Date) => sql`case when expires_at <= ${now} then 'timeout' else 'idle' end`;

/** Its organization is suspended: stopped whatever kind it is, and kept (contract 4.23). */
const SUSPENDED = sql`tenant_id in (select t.id from tenants t where t.suspended_at is not null)`;

/** Persistent sandboxes whose timer ended, and those of suspended organizations, claimed for pausing. `skip locked`: several control planes share the work. */
export const claimDuePauses = async (db: Db, now: Date, deadline: Date, limit: number): Promise<SandboxRow[]> => {
  const result = await sql<SandboxRow>`
    with picked as materialized (
      select id, ${SUSPENDED} as suspended from sandboxes
       where (persistent and ${due(now)}) or (state = 'running' and transition is null and ${SUSPENDED})
       order by id limit ${limit} for update skip locked)
    update sandboxes s
       set transition = 'pausing', transition_deadline = ${deadline}, updated_at = ${now},
           state_reason = case when picked.suspended then 'operator' else ${reason(now)} end
      from picked where s.id = picked.id
    returning s.*`.execute(db);
  return result.rows;
};

/** Paused ones that still hold memory, longest paused first, claimed for hibernation. */
export const claimLongestPaused = async (
  db: Db,
  how: { readonly now: Date; readonly deadline: Date; readonly pausedBefore: Date; readonly limit: number },
): Promise<SandboxRow[]> => {
  const result = await sql<SandboxRow>`
    with picked as materialized (
      select id from sandboxes
       where state = 'paused' and transition is null and resume_keeps = 'memory' and paused_at <= ${how.pausedBefore}
       order by paused_at limit ${how.limit} for update skip locked)
    update sandboxes s set transition = 'hibernating', transition_deadline = ${how.deadline}, updated_at = ${how.now}
      from picked where s.id = picked.id
    returning s.*`.execute(db);
  return result.rows;
};

/** The machine of a paused sandbox was found without processes. */
export const markHibernated = async (db: Db, row: SandboxRow, now: Date): Promise<void> => {
  await db
    .updateTable('sandboxes')
    .set({ resume_keeps: 'files', updated_at: now })
    .where('id', '=', row.id)
    .where('state', '=', 'paused')
    .where('transition', 'is', null)
    .where('updated_at', '=', row.updated_at)
    .execute();
};

type Due = { readonly id: string; readonly tenant_id: string; readonly reason: 'timeout' | 'idle' | 'organization_deleted' };

/** Its organization is deleted, and whoever deleted it did not come to the end. */
const ORPHANED = sql`state <> 'destroyed' and tenant_id in (select t.id from tenants t where t.deleted_at is not null)`;

/** Sandboxes that are not persistent and whose timer ended, and orphans; locked until the transaction that destroys them ends. */
export const lockDueEnds = async (db: Db, now: Date, limit: number): Promise<Due[]> => {
  const result = await sql<Due>`
    select id, tenant_id, case when ${ORPHANED} then 'organization_deleted' else ${reason(now)} end as reason from sandboxes
     where (not persistent and ${due(now)} and not (${SUSPENDED})) or (${ORPHANED}) order by id limit ${limit} for update skip locked`.execute(
    db,
  );
  return result.rows;
};

/** Transitions and boots past their deadline, taken over by moving the deadline. */
export const claimOverdue = async (db: Db, now: Date, deadline: Date, limit: number): Promise<SandboxRow[]> => {
  const result = await sql<SandboxRow>`
    with picked as materialized (
      select id from sandboxes where transition_deadline <= ${now} order by transition_deadline limit ${limit} for update skip locked)
    update sandboxes s set transition_deadline = ${deadline} from picked where s.id = picked.id
    returning s.*`.execute(db);
  return result.rows;
};

/** Failed boots are kept for reading for a day, then ended (contract 4.2). */
export const lockStaleFailures = async (db: Db, before: Date, limit: number): Promise<{ id: string; tenant_id: string }[]> =>
  db
    .selectFrom('sandboxes')
    .select(['id', 'tenant_id'])
    .where('state', '=', 'error')
    .where('started_at', 'is', null)
    .where('updated_at', '<', before)
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();

/** Rows at rest that claim a machine, unchanged since `before`. */
export const restingBefore = async (db: Db, before: Date): Promise<SandboxRow[]> =>
  db
    .selectFrom('sandboxes')
    .selectAll()
    .where('state', 'in', ['running', 'paused'])
    .where('transition', 'is', null)
    .where('updated_at', '<', before)
    .execute();

/** Boots under way that began before. */
export const bootingBefore = async (db: Db, before: Date): Promise<SandboxRow[]> =>
  db.selectFrom('sandboxes').selectAll().where('state', '=', 'provisioning').where('created_at', '<', before).execute();

/** Of these machine ids, those whose row says that a machine may exist, or was destroyed too recently to judge. */
export const idsWithClaim = async (db: Db, ids: readonly string[], destroyedAfter: Date): Promise<Set<string>> => {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('sandboxes')
    .select('id')
    .where('id', 'in', [...ids])
    .where((eb) =>
      eb.or([
        eb.and([eb('state', '<>', 'destroyed'), eb.or([eb('state', '<>', 'error'), eb('started_at', 'is not', null)])]),
        eb('destroyed_at', '>', destroyedAfter),
      ]),
    )
    .execute();
  return new Set(rows.map((row) => row.id));
};

/** Starts a transition iff the row is exactly as it was compared: guards corrections against everything that happened since. */
export const claimUnchanged = async (
  db: Db,
  row: SandboxRow,
  set: { readonly transition: 'pausing' | 'resuming'; readonly deadline: Date; readonly now: Date; readonly reason?: string | null },
): Promise<SandboxRow | undefined> =>
  db
    .updateTable('sandboxes')
    .set({
      transition: set.transition,
      transition_deadline: set.deadline,
      updated_at: set.now,
      ...(set.reason === undefined ? {} : { state_reason: set.reason }),
    })
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .where('transition', 'is', null)
    .where('updated_at', '=', row.updated_at)
    .returningAll()
    .executeTakeFirst();
