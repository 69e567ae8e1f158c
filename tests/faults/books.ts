import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '@miosa/db';
import { sql } from 'kysely';

/** The platform's own books, read past its API: what no answer shows. */
export interface Books {
  /** Rows in a transition, boots and snapshots under way, and metering that goes on without a running sandbox; one line each. */
  unsettled(): Promise<string[]>;
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
        union all select id || ' is ' || state from snapshots where state = 'creating' or hidden and state = 'ready'
        union all select resource_id || ' is metered' from usage_intervals u where ended_at is null
          and not exists (select 1 from sandboxes s where s.id = u.resource_id and s.state = 'running')
        union all select s.id || ' runs unmetered' from sandboxes s where state = 'running'
          and not exists (select 1 from usage_intervals u where u.resource_id = s.id and u.ended_at is null)`.execute(db.read);
      return rows.map(({ what }) => what);
    },
    letTimePass: async () => {
      await sql`update sandboxes set transition_deadline = now() where transition_deadline is not null`.execute(db.read);
      await sql`update snapshots set deadline = now() where state = 'creating'`.execute(db.read);
      await sql`update snapshots set expires_at = now() where hidden`.execute(db.read);
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
