import type { Database } from '@miosa/db';
import { defineRoute, pageOf, positionOf, type Route, sse } from '@miosa/http';
import { tenantOf } from '@miosa/kernel';
import { sql } from 'kysely';
import type { Events } from './index.ts';
import { presentEvent } from './present.ts';
import { Event, EventQuery, EventStreamQuery } from './schemas.ts';
import { type Condition, listEvents } from './store.ts';
import { type Callers, conditionsFor } from './visible.ts';

export interface EventRoutesDeps extends Callers {
  readonly db: Database;
  readonly events: Events;
}

const between = (since: string | undefined, until: string | undefined): Condition[] => [
  ...(since === undefined ? [] : [sql<boolean>`created_at >= ${since}::timestamptz`]),
  ...(until === undefined ? [] : [sql<boolean>`created_at < ${until}::timestamptz`]),
];

export const eventRoutes = (deps: EventRoutesDeps): Route[] => [
  defineRoute({
    id: 'events.list',
    method: 'GET',
    path: '/events',
    summary: 'What happened in the last 30 days, newest first',
    description: 'A key sees events whose `:read` scope it has; asking for a type without it is refused.',
    access: { scope: null },
    query: EventQuery,
    response: Event,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, since, until, ...filters } }) => {
      const conditions = [...conditionsFor(op, filters, deps), ...between(since, until)];
      // Ids are sorted, so they are the whole position; `at` only has to be there.
      const page = { before: positionOf(cursor)?.id ?? null, limit: limit + 1 };
      const rows = await listEvents(deps.db.read, tenantOf(op), conditions, page);
      return pageOf(rows, limit, (row) => ({ at: '-', id: row.id }), presentEvent);
    },
  }),
  defineRoute({
    id: 'events.stream',
    method: 'GET',
    path: '/events/stream',
    summary: 'What happens, as it happens',
    description: 'Resumable with `Last-Event-ID` for 24 hours: nothing is missed and nothing repeated. An older id is answered 410.',
    access: { scope: null },
    query: EventStreamQuery,
    response: 'sse',
    errors: ['GONE'],
    handler: async (op, { query, headers }) => {
      const conditions = conditionsFor(op, query, deps);
      return sse(await deps.events.stream(op, { conditions, resourceId: null, lastEventId: headers['last-event-id'] }));
    },
  }),
];
