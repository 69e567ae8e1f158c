import type { Database } from '@miosa/db';
import type { Log } from '@miosa/kernel';
import { purgeEvents } from './store.ts';

/** Contract 6: events are kept 30 days. */
const KEPT_MS = 30 * 24 * 3600_000;
const EVERY_MS = 10 * 60_000;
/** A month of a busy installation must not be one transaction. */
const BATCH = 5000;

/** Removes what is older than the retention; answers how many. */
export const purge = async (db: Database, now: Date): Promise<number> => {
  const before = new Date(now.getTime() - KEPT_MS);
  let removed = 0;
  for (let n = BATCH; n === BATCH; removed += n) n = await purgeEvents(db.read, before, BATCH);
  return removed;
};

export const purgeRegularly = (db: Database, log: Log): NodeJS.Timeout =>
  setInterval(() => {
    purge(db, new Date()).catch((error: unknown) => log.warn({ err: error }, 'old events not removed; will be tried again'));
  }, EVERY_MS).unref();
