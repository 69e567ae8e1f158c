import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '@miosa/db';
import { sql } from 'kysely';

/** The platform's own books, read past its API: what no answer shows. */
export interface Books {
  /**
   * Rows in a transition, boots, snapshots, builds and instances under way, machines nobody wants, and metering that goes on without a running
   * sandbox; one line each.
   */
  unsettled(): Promise<string[]>;
  /** Snapshots that are the files of releases: they go by their retention. */
  releases(): Promise<string[]>;
  /** As if the deadlines of everything under way had come: what a reconciler does then must not depend on our waiting. */
  letTimePass(): Promise<void>;
  /** As if the sandbox had been paused for an hour. */
  pausedLongAgo(id: string): Promise<void>;
  close(): Promise<void>;
}

export const openBooks = (dataDir: string): Books => {
  const db: Database = openDatabase(`postgresql://miosa@localhost/miosa?host=${encodeURIComponent(join(dataDir, 'run', 'pg'))}`, {
    connections: 2,
    applicationName: 'fault-tests',
  });
  return {
    unsettled: async () => {
      const { rows } = await sql<{ what: string }>`
        select id || ' is ' || state || ' and ' || coalesce(transition, 'booting') as what from sandboxes
          where transition is not null or state = 'provisioning'
        union all select id || ' is ' || state from snapshots s where state = 'creating' or hidden and state = 'ready'
          and not exists (select 1 from deployment_releases l where l.snapshot_id = s.id)
        union all select id || ' is ' || state from deployment_builds where state in ('queued', 'building')
        union all select id || ' is ' || state from deployment_instances where state in ('pending', 'starting', 'stopping')
        union all select id || ' is left of ' || purpose from sandboxes s where state <> 'destroyed' and (purpose = 'build'
          or purpose = 'instance' and not exists (select 1 from deployment_instances i where i.machine_id = s.id and i.state not in ('stopped', 'failed')))
        union all select resource_id || ' is metered' from usage_intervals u where ended_at is null
          and not exists (select 1 from sandboxes s where s.id = u.resource_id and s.state = 'running')
        union all select s.id || ' runs unmetered' from sandboxes s where state = 'running'
          and not exists (select 1 from usage_intervals u where u.resource_id = s.id and u.ended_at is null)`.execute(db.read);
      return rows.map(({ what }) => what);
    },
    releases: async () => {
      const { rows } = await sql<{ id: string }>`select snapshot_id as id from deployment_releases where snapshot_id is not null`.execute(
        db.read,
      );
      return rows.map(({ id }) => id);
    },
    letTimePass: async () => {
      await sql`update sandboxes set transition_deadline = now() where transition_deadline is not null`.execute(db.read);
      await sql`update snapshots set deadline = now() where state = 'creating'`.execute(db.read);
      await sql`update snapshots s set expires_at = now() where hidden
                   and not exists (select 1 from deployment_releases l where l.snapshot_id = s.id)`.execute(db.read);
      await sql`update deployment_builds set lease_until = now() where state = 'building'`.execute(db.read);
      await sql`update deployment_instances set deadline = now() where deadline is not null`.execute(db.read);
      await sql`update idempotency_keys set locked_until = now() where status is null`.execute(db.read);
    },
    pausedLongAgo: async (id) => {
      await sql`update sandboxes set paused_at = paused_at - interval '1 hour' where id = ${id}`.execute(db.read);
    },
    close: () => db.close(),
  };
};

/** File descriptors that a process holds. */
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Resident memory of a process, bytes. */
export const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
