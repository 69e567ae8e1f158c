import type { Db, Tx } from '@miosa/db';
import type { SizeName, TenantId } from '@miosa/kernel';
import { type SelectQueryBuilder, sql, type Updateable } from 'kysely';
import { type OwnedFilters, ownedWhere } from '../tenancy/index.ts';
import type { EndedReason, NewSandbox, SandboxRow, SandboxTable, State, Transition } from './types.ts';
import type { Visibility } from './visibility.ts';

/** A destroyed sandbox stays readable this long (contract 4.2); its row stays for ever, since slugs are never reused. */
const TOMBSTONE = sql`interval '30 days'`;

type Sandboxes<O> = SelectQueryBuilder<Pick<import('@miosa/db').Schema, 'sandboxes'>, 'sandboxes', O>;

/** Machines of deployments are none. */
const IS_SANDBOX = sql<boolean>`purpose is null`;

/** Of a query over sandboxes, what `who` sees. */
export const visible = <O>(query: Sandboxes<O>, who: Visibility): Sandboxes<O> => {
  let scoped = query.where('tenant_id', '=', who.tenantId).where(IS_SANDBOX);
  if (who.workspaceIds !== null) scoped = scoped.where(sql<boolean>`workspace_id = any(${[...who.workspaceIds]}::uuid[])`);
  if (who.ownerUserId !== null) scoped = scoped.where('owner_user_id', '=', who.ownerUserId);
  if (who.projectId != null) scoped = scoped.where('project_id', '=', who.projectId);
  if (who.sandboxId != null) scoped = scoped.where('id', '=', who.sandboxId);
  return scoped;
};

export const insertSandbox = async (tx: Tx, row: NewSandbox): Promise<SandboxRow> =>
  tx.insertInto('sandboxes').values(row).returningAll().executeTakeFirstOrThrow();

/** What runs or is on its way to it. */
const RUNS = sql<boolean>`(state in ('provisioning', 'running') or (state <> 'destroyed' and transition in ('resuming', 'restoring')))`;

/** Shapes of all that run, but this one. */
export const sumOfRunning = async (db: Db, but: string): Promise<{ vcpus: number; memoryMiB: number }> => {
  const row = await db
    .selectFrom('sandboxes')
    .select([sql<number>`coalesce(sum(cpu_count), 0)::int`.as('vcpus'), sql<number>`coalesce(sum(memory_mb), 0)::int`.as('memory')])
    .where(RUNS)
    .where('id', '<>', but)
    .executeTakeFirstOrThrow();
  return { vcpus: row.vcpus, memoryMiB: row.memory };
};

/** Sandboxes of an organization but this one; boots that failed are none. */
export const countIn = async (db: Db, tenantId: string, but: string): Promise<{ running: number; living: number }> =>
  db
    .selectFrom('sandboxes')
    .select([sql<number>`(count(*) filter (where ${RUNS}))::int`.as('running'), sql<number>`count(*)::int`.as('living')])
    .where('tenant_id', '=', tenantId)
    .where(IS_SANDBOX)
    .where('id', '<>', but)
    .where('state', '<>', 'destroyed')
    .where((eb) => eb.or([eb('state', '<>', 'error'), eb('started_at', 'is not', null)]))
    .executeTakeFirstOrThrow();

/** The oldest living one of that name; one that never started does not count. */
export const findByName = async (db: Db, who: Visibility, projectId: string, name: string): Promise<SandboxRow | undefined> =>
  visible(db.selectFrom('sandboxes').selectAll(), who)
    .where('project_id', '=', projectId)
    .where('name', '=', name)
    .where('state', '<>', 'destroyed')
    .where((eb) => eb.or([eb('state', '<>', 'error'), eb('started_at', 'is not', null)]))
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();

export interface CreateDefaults {
  /** Null where it was not asked for. */
  readonly plan: string | null;
  /** Of the project, else of its workspace. */
  readonly size: SizeName | null;
  readonly idleTimeoutSec: number | null;
}

/** What a new sandbox of the project has where its request does not say. */
export const createDefaults = async (db: Db, projectId: string): Promise<CreateDefaults> => {
  const setting = (name: string) => sql<string | null>`coalesce(p.settings ->> ${name}, w.settings ->> ${name})`;
  const row = await db
    .selectFrom('projects as p')
    .innerJoin('workspaces as w', 'w.id', 'p.workspace_id')
    .innerJoin('tenants as t', 't.id', 'p.tenant_id')
    .select(['t.plan', setting('default_sandbox_size').as('size'), setting('idle_timeout_sec').as('idle')])
    .where(sql<boolean>`p.id = ${projectId}::uuid`)
    .executeTakeFirstOrThrow();
  return { plan: row.plan, size: row.size as SizeName | null, idleTimeoutSec: row.idle === null ? null : Number(row.idle) };
};

/** Held until the transaction ends: of two changes at once the second sees the first. */
export const lockLiving = async (tx: Tx, id: string): Promise<SandboxRow | undefined> =>
  tx.selectFrom('sandboxes').selectAll().where('id', '=', id).where('state', '<>', 'destroyed').forUpdate().executeTakeFirst();

export const findVisible = async (db: Db, who: Visibility, id: string): Promise<SandboxRow | undefined> =>
  visible(db.selectFrom('sandboxes').selectAll(), who)
    .where('id', '=', id)
    .where(sql<boolean>`(destroyed_at is null or destroyed_at > now() - ${TOMBSTONE})`)
    .executeTakeFirst();

/** Without a visibility check: for reconcilers and the internal socket. */
export const findAny = async (db: Db, id: string): Promise<SandboxRow | undefined> =>
  db.selectFrom('sandboxes').selectAll().where('id', '=', id).executeTakeFirst();

/** Machines of the organization among these ids, whatever their state. */
export const machinesAmong = async (db: Db, tenantId: string | null, ids: readonly string[]): Promise<SandboxRow[]> => {
  const query = db.selectFrom('sandboxes').selectAll().where('purpose', 'is not', null);
  const owned = tenantId === null ? query : query.where('tenant_id', '=', tenantId);
  return owned.where(sql<boolean>`id = any(${[...ids]}::text[])`).execute();
};

export interface ListFilters extends OwnedFilters {
  readonly template_id?: string | undefined;
  /** Has these keys with these values. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** One page, newest first, starting after `after`. Destroyed ones only when asked for by state. */
export const listVisible = async (
  db: Db,
  who: Visibility,
  filters: ListFilters,
  page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
): Promise<SandboxRow[]> => {
  const { state, ...others } = filters;
  const columns = state === 'snapshotting' ? others : filters;
  let query = visible(db.selectFrom('sandboxes').selectAll(), who).where(ownedWhere('sandboxes', columns));
  // As callers see it: while it is copied its state is `snapshotting`.
  if (state === 'snapshotting') query = query.where('transition', '=', 'snapshotting');
  else if (state !== undefined) query = query.where(sql<boolean>`transition is distinct from 'snapshotting'`);
  if (filters.metadata !== undefined) query = query.where(sql<boolean>`metadata @> ${JSON.stringify(filters.metadata)}::jsonb`);
  if (filters.state === undefined) query = query.where('state', '<>', 'destroyed');
  if (filters.state === 'destroyed') query = query.where(sql<boolean>`destroyed_at > now() - ${TOMBSTONE}`);
  if (filters.template_id !== undefined) query = query.where('template_id', '=', filters.template_id);
  if (filters.since !== undefined) query = query.where('created_at', '>=', filters.since);
  if (filters.until !== undefined) query = query.where('created_at', '<', filters.until);
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id})`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

/** A transition that was claimed; its deadline is the token that proves nobody ended it meanwhile. */
export interface Fence {
  readonly transition: Transition;
  readonly deadline: Date;
}

/** Starts a transition iff the sandbox rests in one of `from`. Undefined: somebody else was first, or the state moved on. */
export const claim = async (
  db: Db,
  id: string,
  from: readonly State[],
  fence: Fence,
  set: { readonly updated_at: Date; readonly state_reason?: string | null },
): Promise<SandboxRow | undefined> =>
  db
    .updateTable('sandboxes')
    .set({ ...set, transition: fence.transition, transition_deadline: fence.deadline })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .where('transition', 'is', null)
    .returningAll()
    .executeTakeFirst();

/** Ends a claimed transition. Undefined: it was ended by another (destroyed, or the deadline passed). */
export const settle = async (db: Db, id: string, fence: Fence, set: Updateable<SandboxTable>): Promise<SandboxRow | undefined> =>
  db
    .updateTable('sandboxes')
    .set({ ...set, transition: null, transition_deadline: null })
    .where('id', '=', id)
    .where('transition', '=', fence.transition)
    .where('transition_deadline', '=', fence.deadline)
    .where('state', '<>', 'destroyed')
    .returningAll()
    .executeTakeFirst();

/** Ends `provisioning`. Undefined: the sandbox was destroyed, or its boot was given up, while it started. */
export const endBoot = async (db: Db, id: string, set: Updateable<SandboxTable>): Promise<SandboxRow | undefined> =>
  db
    .updateTable('sandboxes')
    .set({ ...set, transition_deadline: null })
    .where('id', '=', id)
    .where('state', '=', 'provisioning')
    .returningAll()
    .executeTakeFirst();

/** Legal from every state. The row is final at once; `transition` stays set until the host is clean. Undefined: it was destroyed already. */
export const markDestroyed = async (tx: Tx, id: string, reason: EndedReason, now: Date, cleanBy: Date): Promise<SandboxRow | undefined> =>
  tx
    .updateTable('sandboxes')
    .set({
      state: 'destroyed',
      transition: 'destroying',
      transition_deadline: cleanBy,
      ended_reason: reason,
      destroyed_at: now,
      expires_at: null,
      endpoint: null,
      updated_at: now,
    })
    .where('id', '=', id)
    .where('state', '<>', 'destroyed')
    .returningAll()
    .executeTakeFirst();

export const markClean = async (db: Db, id: string): Promise<void> => {
  await db
    .updateTable('sandboxes')
    .set({ transition: null, transition_deadline: null })
    .where('id', '=', id)
    .where('state', '=', 'destroyed')
    .execute();
};

/** Changes fields of a living sandbox. Undefined: destroyed meanwhile. */
export const updateLiving = async (db: Db, id: string, set: Updateable<SandboxTable>): Promise<SandboxRow | undefined> =>
  db.updateTable('sandboxes').set(set).where('id', '=', id).where('state', '<>', 'destroyed').returningAll().executeTakeFirst();

export const extendRunning = async (db: Db, id: string, deadline: Date, now: Date): Promise<SandboxRow | undefined> =>
  db
    .updateTable('sandboxes')
    .set({ expires_at: sql<Date>`case when always_on then null else greatest(expires_at, ${deadline}) end`, updated_at: now })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .returningAll()
    .executeTakeFirst();

/** Moves last activity forward, never back. */
export const recordActivity = async (db: Db, seen: ReadonlyMap<string, number>): Promise<void> => {
  const ids = [...seen.keys()];
  const at = [...seen.values()].map((ms) => new Date(ms));
  await sql`
    update sandboxes s set last_activity_at = seen.at
      from (select * from unnest(${ids}::text[], ${at}::timestamptz[]) as t(id, at)) seen
     where s.id = seen.id and s.state <> 'destroyed' and (s.last_activity_at is null or s.last_activity_at < seen.at)`.execute(db);
};

export const countByProject = async (db: Db, projectIds: readonly string[]): Promise<Map<string, number>> => {
  if (projectIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('sandboxes')
    .select(['project_id', sql<number>`count(*)::int`.as('n')])
    .where('project_id', 'in', [...projectIds])
    .where(IS_SANDBOX)
    .where('state', '<>', 'destroyed')
    .groupBy('project_id')
    .execute();
  return new Map(rows.map((row) => [row.project_id, row.n]));
};

/** Machines too. */
export const livingIn = async (
  db: Db,
  tenantId: string,
  scope: { readonly workspaceId?: string; readonly projectId?: string },
): Promise<string[]> => {
  let query = db.selectFrom('sandboxes').select('id').where('tenant_id', '=', tenantId).where('state', '<>', 'destroyed');
  if (scope.workspaceId !== undefined) query = query.where('workspace_id', '=', scope.workspaceId);
  if (scope.projectId !== undefined) query = query.where('project_id', '=', scope.projectId);
  return (await query.execute()).map((row) => row.id);
};

/** Of these sandboxes, the ones that are not destroyed. */
export const livingAmong = async (db: Db, ids: readonly string[]): Promise<Set<string>> => {
  const rows = await db
    .selectFrom('sandboxes')
    .select('id')
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .where('state', '<>', 'destroyed')
    .execute();
  return new Set(rows.map((row) => row.id));
};

/** What living sandboxes of these projects hold; storage is what they may use. */
export const totalsByProjects = async (
  db: Db,
  projectIds: readonly string[],
): Promise<{ running: number; vcpus: number; memoryMiB: number; storageBytes: number }> => {
  const running = sql`filter (where state = 'running')`;
  const row = await db
    .selectFrom('sandboxes')
    .select([
      sql<number>`(count(*) ${running})::int`.as('running'),
      sql<number>`coalesce(sum(cpu_count) ${running}, 0)::int`.as('vcpus'),
      sql<number>`coalesce(sum(memory_mb) ${running}, 0)::int`.as('memory'),
      sql<number>`coalesce(sum(disk_size_mb), 0)::float8`.as('disk'),
    ])
    .where(sql<boolean>`project_id = any(${[...projectIds]}::uuid[])`)
    .where(IS_SANDBOX)
    .where('state', '<>', 'destroyed')
    .executeTakeFirstOrThrow();
  return { running: row.running, vcpus: row.vcpus, memoryMiB: row.memory, storageBytes: row.disk * 1024 * 1024 };
};

export const tenantSuspended = async (db: Db, tenantId: string): Promise<boolean> =>
  (await db
    .selectFrom('tenants')
    .select('id')
    .where('id', '=', tenantId as TenantId)
    .where('suspended_at', 'is not', null)
    .executeTakeFirst()) !== undefined;

/** Any number that nobody else locks. */
const CAPACITY_LOCK = 4_202_001;

/** One create at a time over all control planes: two that both find the last room must not both take it. Until the transaction ends. */
export const holdCapacity = async (tx: Tx): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${CAPACITY_LOCK})`.execute(tx);
};

/** Nobody else counts what the organization has until the transaction ends. */
export const holdOrganization = async (tx: Tx, tenantId: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`sandboxes of ${tenantId}`}, 0))`.execute(tx);
};

/** Nobody else makes a sandbox of that name in the project by `get_or_create` until the transaction ends. */
export const holdName = async (tx: Tx, projectId: string, name: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`sandbox ${projectId} ${name}`}, 0))`.execute(tx);
};
