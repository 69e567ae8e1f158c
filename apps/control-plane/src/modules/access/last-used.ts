import type { Database } from '@miosa/db';
import type { ApiKeyId, Log } from '@miosa/kernel';
import { touchKeys } from './keys.store.ts';

/** Written together this long after the first use: a key used a thousand times a second costs one row update in five seconds. */
const FLUSH_MS = 5000;

export interface LastUsed {
  touch(id: ApiKeyId, at: number): void;
  flush(): Promise<void>;
}

/** `last_used_at`, off the hot path. What a crash loses is at most five seconds of it. */
export const createLastUsed = (db: Database, log: Log): LastUsed => {
  let used = new Map<string, Date>();
  let timer: NodeJS.Timeout | undefined;

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (used.size === 0) return;
    const batch = used;
    used = new Map();
    await touchKeys(db.read, batch).catch((error: unknown) => log.warn({ err: error, keys: batch.size }, 'last use of keys not written'));
  };

  return {
    touch: (id, at) => {
      used.set(id, new Date(at));
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
};
