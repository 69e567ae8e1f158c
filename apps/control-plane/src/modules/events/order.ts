import type { Database } from '@miosa/db';
import type { Log } from '@miosa/kernel';
import { orderEvents } from './store.ts';

/** Events one pass puts in order; more wait for the next, which follows at once. */
const BATCH = 500;
/** A lost notification delays an event by no more than this. */
const HEAL_MS = 1000;

/**
 * Puts committed events in their final order, woken by the database's notification. Any number of control planes may do so: they take turns.
 * Never twice at once in this process; what comes meanwhile is taken by the next pass, so that a burst costs few transactions.
 */
export const createOrderer = (db: Database, log: Log) => {
  let running: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let unlisten: (() => Promise<void>) | undefined;

  const pass = async (): Promise<void> => {
    do {
      again = false;
      for (let moved = BATCH; moved === BATCH; ) moved = await orderEvents(db.read, BATCH);
    } while (again);
  };

  const poke = (): Promise<void> => {
    again = true;
    running ??= pass()
      .catch((error: unknown) => log.warn({ err: error }, 'events not put in order; will be tried again'))
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  return {
    /** Resolves when everything committed before the call is in order, unless the database failed. */
    poke,
    start: async (): Promise<void> => {
      unlisten = await db.listen(
        'miosa_event_inbox',
        () => void poke(),
        () => void poke(),
      );
      timer = setInterval(() => void poke(), HEAL_MS).unref();
    },
    close: async (): Promise<void> => {
      clearInterval(timer);
      await unlisten?.();
      await running;
    },
  };
};
