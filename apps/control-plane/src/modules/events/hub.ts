import type { Database } from '@miosa/db';

/** What a stream waits for: events of an organization, or of one resource in it. */
export interface Topic {
  readonly tenantId: string;
  readonly resourceId: string | null;
}

export interface Hub {
  /** Resolves true at the next event of the topic, false after `ms` or when `signal` aborts. Listening begins with the call. */
  next(topic: Topic, ms: number, signal: AbortSignal): Promise<boolean>;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Waiter {
  readonly resourceId: string | null;
  readonly wake: () => void;
}

/** One subscription to the database's notifications for all streams of this process. */
export const createHub = (db: Database): Hub => {
  const waiting = new Map<string, Set<Waiter>>();
  let unlisten: (() => Promise<void>) | undefined;
  const wake = (tenantId: string, resourceId: string): void => {
    for (const waiter of [...(waiting.get(tenantId) ?? [])]) {
      if (waiter.resourceId === null || waiter.resourceId === resourceId) waiter.wake();
    }
  };
  const wakeAll = (): void => {
    for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.wake();
  };
  return {
    next: ({ tenantId, resourceId }, ms, signal) =>
      new Promise((resolve) => {
        const waiters = waiting.get(tenantId) ?? new Set();
        waiting.set(tenantId, waiters);
        const end = (woken: boolean): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', stop);
          waiters.delete(waiter);
          if (waiters.size === 0 && waiting.get(tenantId) === waiters) waiting.delete(tenantId);
          resolve(woken);
        };
        const stop = (): void => end(false);
        const waiter = { resourceId, wake: () => end(true) };
        const timer = setTimeout(stop, ms);
        waiters.add(waiter);
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop);
      }),
    start: async () => {
      unlisten = await db.listen(
        'miosa_events',
        (payload) => {
          const [tenantId = '', resourceId = ''] = payload.split(' ');
          wake(tenantId, resourceId);
        },
        wakeAll,
      );
    },
    close: async () => {
      await unlisten?.();
      wakeAll();
    },
  };
};
