import type { Database } from '@miosa/db';
import type { SseEvent, SsePosition } from '@miosa/http';
import type { Hub } from './hub.ts';
import { presentEvent } from './present.ts';
import { stoppable } from './stoppable.ts';
import { type Condition, type EventRow, eventsAfter, lastId } from './store.ts';

/** What a lost notification costs at most; also how often a quiet stream tells where it is. */
export const HEAL_MS = 10_000;
const BATCH = 100;

export interface Followed {
  readonly tenantId: string;
  /** Woken by events of this resource alone; null: of the organization. */
  readonly resourceId: string | null;
  readonly conditions: readonly Condition[];
  /** Id after which it begins. */
  readonly after: string;
  readonly healMs: number;
  /** After this event nothing can come. */
  readonly isLast?: (row: EventRow) => boolean;
}

const toSse = (row: EventRow): SseEvent => ({ type: row.type, id: row.id, data: presentEvent(row) });

/**
 * Events in order, each once, until `signal` aborts. A position comes first, and again while others' events pass by, so that whoever was cut
 * off before the first event, or after a quiet day, goes on without a gap.
 */
async function* read(db: Database, hub: Hub, followed: Followed, signal: AbortSignal): AsyncGenerator<SseEvent | SsePosition> {
  const { tenantId, resourceId, conditions, isLast, healMs } = followed;
  let after = followed.after;
  let told = after;
  yield { kind: 'position', id: after };
  for (let healing = false; !signal.aborted; ) {
    // Before reading: what is committed while we read wakes the next round.
    const woken = new AbortController();
    const next = hub.next({ tenantId, resourceId }, healMs, AbortSignal.any([signal, woken.signal]));
    try {
      const until = await lastId(db.read);
      while (!signal.aborted && after < until) {
        const rows: EventRow[] = await eventsAfter(db.read, tenantId, conditions, { after, until, limit: BATCH });
        for (const row of rows) {
          yield toSse(row);
          told = row.id;
          if (isLast?.(row) === true) return;
        }
        after = rows.length < BATCH ? until : (rows.at(-1)?.id ?? until);
      }
      if (healing && told !== after) {
        told = after;
        yield { kind: 'position', id: after };
      }
      healing = !(await next);
    } finally {
      woken.abort();
    }
  }
}

export const follow = (db: Database, hub: Hub, followed: Followed): AsyncIterable<SseEvent | SsePosition> =>
  stoppable((signal) => read(db, hub, followed, signal));
