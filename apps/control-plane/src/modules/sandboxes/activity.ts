import type { Log } from '@miosa/kernel';

/** How long activity may stay in memory; the edge's reports use the same bound. */
export const FLUSH_MS = 1000;

/**
 * When each sandbox was last used. Kept in memory and written in batches, since a row update on every exec would cost more than the exec.
 * Work that lasts (a running command, an upload) counts as activity for as long as it lasts.
 */
export interface Activity {
  touch(id: string, atMs?: number): void;
  /** Marks the sandbox as used from now until the returned function is called. */
  begin(id: string): () => void;
  /** Writes what is known. Must be awaited before an idle deadline is judged. */
  flush(): Promise<void>;
  /** Writes the rest and stops. */
  close(): Promise<void>;
}

export const createActivity = (options: {
  readonly write: (seen: ReadonlyMap<string, number>) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
}): Activity => {
  let seen = new Map<string, number>();
  const inside = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();

  const touch = (id: string, atMs = options.now().getTime()): void => {
    if ((seen.get(id) ?? 0) < atMs) seen.set(id, atMs);
  };

  const writeBatch = async (): Promise<void> => {
    for (const id of inside.keys()) touch(id);
    if (seen.size === 0) return;
    const batch = seen;
    seen = new Map();
    try {
      await options.write(batch);
    } catch (error) {
      for (const [id, at] of batch) touch(id, at); // kept for the next try: losing it could end a sandbox early
      throw error;
    }
  };

  const flush = (): Promise<void> => {
    const next = writing.then(writeBatch);
    writing = next.catch(() => {});
    return next;
  };

  const timer = setInterval(() => {
    flush().catch((error: unknown) => options.log.warn({ err: error }, 'activity could not be written; kept for the next try'));
  }, FLUSH_MS);
  timer.unref();

  return {
    touch,
    begin: (id) => {
      touch(id);
      inside.set(id, (inside.get(id) ?? 0) + 1);
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        touch(id);
        const left = (inside.get(id) ?? 1) - 1;
        if (left === 0) inside.delete(id);
        else inside.set(id, left);
      };
    },
    flush,
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
};
