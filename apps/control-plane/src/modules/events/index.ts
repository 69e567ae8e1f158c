import type { Database } from '@miosa/db';
import type { SseEvent, SsePosition } from '@miosa/http';
import { type Log, type Op, tenantOf } from '@miosa/kernel';
import { type Followed, follow, HEAL_MS } from './follow.ts';
import { createHub } from './hub.ts';
import { resumeFrom } from './ids.ts';
import { createOrderer } from './order.ts';
import { purgeRegularly } from './purge.ts';
import { lastId } from './store.ts';
import { conditionsOfResource } from './visible.ts';

export { emit } from './emit.ts';
export { eventRoutes } from './routes.ts';
export { Event } from './schemas.ts';
export { stoppable } from './stoppable.ts';
export type { EventOwnership, NewEvent } from './types.ts';

type Wanted = Pick<Followed, 'conditions' | 'resourceId' | 'isLast'> & { readonly lastEventId: string | undefined };

interface EventsDeps {
  readonly db: Database;
  readonly log: Log;
  /** After a lost notification a stream looks by itself. Default 10 s. */
  readonly healMs?: number;
}

/** What happened: kept 30 days, streamed as it happens, in an order that is the same for all readers (contract 1.9, 4.21). */
export const createEvents = ({ db, log, healMs = HEAL_MS }: EventsDeps) => {
  const orderer = createOrderer(db, log);
  const hub = createHub(db);
  let purging: NodeJS.Timeout | undefined;

  const stream = async (op: Op, { lastEventId, ...wanted }: Wanted): Promise<AsyncIterable<SseEvent | SsePosition>> => {
    const after = resumeFrom(lastEventId, await lastId(db.read), op.now().getTime());
    return follow(db, hub, { ...wanted, tenantId: tenantOf(op), after, healMs });
  };

  return {
    /** Resolves when everything committed before is in order. */
    settle: orderer.poke,
    /** Begins at `lastEventId`, else now. Throws GONE when that is older than 24 hours. */
    stream,
    /** All events of one resource, those that only its own stream shows included. The caller's right to see it has been judged. */
    ofResource: (op: Op, resourceId: string, lastEventId: string | undefined, lastType: string) =>
      stream(op, { conditions: conditionsOfResource(resourceId), resourceId, lastEventId, isLast: ({ type }) => type === lastType }),
    start: async (): Promise<void> => {
      await hub.start();
      await orderer.start();
      purging = purgeRegularly(db, log);
      void orderer.poke(); // what was committed when the last process died
    },
    close: async (): Promise<void> => {
      clearInterval(purging);
      await orderer.close();
      await hub.close();
    },
  };
};

export type Events = ReturnType<typeof createEvents>;
