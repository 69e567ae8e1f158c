import { defineRoute, type Route, sse } from '@miosa/http';
import type { Core } from '../deps.ts';
import { getSandbox } from '../lifecycle/service.ts';
import { gone } from '../lifecycle/states.ts';
import { Id } from '../schemas.ts';

/** Calls `release` when the stream ends, however it does. */
const afterwards = <T>(events: AsyncIterable<T>, release: () => void): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const values = events[Symbol.asyncIterator]();
    return {
      next: async () => {
        const next = await values.next().catch((error: unknown) => {
          release();
          throw error;
        });
        if (next.done === true) release();
        return next;
      },
      return: async () => {
        release();
        return (await values.return?.()) ?? { done: true, value: undefined };
      },
    };
  },
});

export const createEventRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.events',
    method: 'GET',
    path: '/sandboxes/{id}/events',
    summary: 'What happens to a sandbox, as it happens; ends with sandbox.destroyed',
    description: 'Resumable with `Last-Event-ID` for 24 hours. Its commands and ports show here and in no other stream.',
    access: { scope: 'sandboxes:read', browser: 'sandbox:read' },
    params: Id,
    response: 'sse',
    errors: ['GONE'],
    handler: async (op, { params, headers }) => {
      const lastEventId = headers['last-event-id'];
      await getSandbox(op, core, params.id);
      const release = await core.feeds.listen(params.id);
      op.signal.addEventListener('abort', release, { once: true }); // also when nobody has begun to read
      try {
        const events = await core.events.ofResource(op, params.id, lastEventId, 'sandbox.destroyed');
        // Again, now that the stream has its place: a destroy between the two is seen here, a later one comes in the stream.
        const row = await getSandbox(op, core, params.id);
        if (row.state === 'destroyed' && lastEventId === undefined) throw gone(row);
        return sse(afterwards(events, release));
      } catch (error) {
        release();
        throw error;
      }
    },
  }),
];
