import type { Database } from '@miosa/db';

/** A waiter looks again this often even without a notification: one may be lost when the connection breaks. */
const RECHECK_MS = 1000;

/** "Something about this sandbox changed", across processes, by the database's notifications. */
export interface Signals {
  /** Resolves at the next change of the sandbox, after `RECHECK_MS`, or when `signal` aborts. */
  changed(id: string, timeoutMs: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export const createSignals = async (db: Database, onChange: (id: string) => void, onGap: () => void): Promise<Signals> => {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (id: string): void => {
    for (const resolve of waiting.get(id) ?? []) resolve();
  };
  const stop = await db.listen(
    'miosa_routes',
    (id) => {
      wake(id);
      onChange(id);
    },
    () => {
      for (const id of [...waiting.keys()]) wake(id);
      onGap();
    },
  );
  return {
    changed: (id, timeoutMs, signal) =>
      new Promise((resolve) => {
        const set = waiting.get(id) ?? new Set();
        waiting.set(id, set);
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          set.delete(done);
          if (set.size === 0 && waiting.get(id) === set) waiting.delete(id);
          resolve();
        };
        const timer = setTimeout(done, Math.max(0, Math.min(timeoutMs, RECHECK_MS)));
        set.add(done);
        if (signal?.aborted) done();
        else signal?.addEventListener('abort', done);
      }),
    close: stop,
  };
};
