import type { Database } from '@miosa/db';
import { newUuid } from '@miosa/kernel';
import { notify } from './signals.store.ts';

/** A pulse is sent this often while credentials are being used; an idle process sends none. */
const PULSE_MS = 250;
/** Revocation must be seen within 1 s; the rest is for the request that is just being answered. */
const FRESH_MS = 900;

const CHANNEL = 'miosa_pulse';

export interface Liveness {
  start(): Promise<void>;
  /** True when every change committed more than 0.9 s ago is known to have been delivered. */
  fresh(): boolean;
  close(): Promise<void>;
}

/**
 * Proves that notifications arrive. Postgres delivers them in the order of commits, so a pulse of our own that came back proves that
 * all changes committed before it was sent have been delivered. A listening connection that is lost, cut off or late shows by
 * itself, without waiting for the network to say so: no pulse comes back and the cache is not used.
 */
export const createLiveness = (db: Database, onGap: () => void, nowMs: () => number = () => performance.now()): Liveness => {
  const self = newUuid();
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let sentAt = Number.NEGATIVE_INFINITY;
  let stop: (() => Promise<void>) | undefined;

  const onPulse = (payload: string): void => {
    const [from, at] = payload.split(' ');
    if (from === self) confirmedAt = Math.max(confirmedAt, Number(at));
  };

  const send = (at: number): void => {
    sentAt = at;
    // A failure shows as a missing pulse.
    notify(db.read, CHANNEL, `${self} ${at}`).catch(() => {});
  };

  return {
    start: async () => {
      stop = await db.listen(CHANNEL, onPulse, () => {
        confirmedAt = Number.NEGATIVE_INFINITY;
        onGap();
      });
    },
    fresh: () => {
      const now = nowMs();
      if (stop !== undefined && now - sentAt >= PULSE_MS) send(now);
      return now - confirmedAt < FRESH_MS;
    },
    close: async () => {
      const end = stop;
      stop = undefined;
      await end?.();
    },
  };
};
