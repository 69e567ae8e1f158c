/** A bounded memory of rows by key, kept right by `invalidate`. `null` is remembered too, but only briefly. */
export interface Mirror<V> {
  /** Reads memory; a miss or a stale entry reads the source once for all who ask. Rejects only when nothing is known and the source fails. */
  get(key: string): Promise<V | null>;
  /** Marks matching entries stale and returns their keys. Reads under way are repeated: they may have missed the change. */
  invalidate(matches: (value: V | null) => boolean): string[];
  readonly size: number;
}

export interface MirrorOptions<V> {
  readonly load: (key: string) => Promise<V | null>;
  readonly onLoadFailed: (error: unknown) => void;
  readonly now?: () => number;
  readonly maxEntries?: number;
}

interface Entry<V> {
  readonly value: V | null;
  readonly freshUntil: number;
}

interface Job<V> {
  dirty: boolean;
  result: Promise<V | null>;
}

/** A net under lost notifications: whatever happens, nothing older than this is believed while the source answers. */
const REFRESH_MS = 30_000;
const ABSENT_MS = 2_000;
/** While the source is down, known entries are served as they are and it is asked again at most this often per key. */
const RETRY_MS = 1_000;
const LOAD_TIMEOUT_MS = 2_000;
/** Distinct keys being read at once; a flood of made-up names stops here and not in the database. */
const MAX_LOADS = 64;
const MAX_REPEATS = 5;

const inTime = <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('route source did not answer in time')), LOAD_TIMEOUT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

export const createMirror = <V>(options: MirrorOptions<V>): Mirror<V> => {
  const { load, onLoadFailed, now = Date.now, maxEntries = 20_000 } = options;
  // Two maps, so that made-up names can only push out other made-up names.
  const present = new Map<string, Entry<V>>();
  const absent = new Map<string, Entry<V>>();
  const loads = new Map<string, Job<V>>();

  const remember = (key: string, value: V | null, lifeMs: number): void => {
    present.delete(key);
    absent.delete(key);
    const map = value === null ? absent : present;
    const oldest = map.size >= maxEntries ? map.keys().next().value : undefined;
    if (oldest !== undefined) map.delete(oldest);
    map.set(key, { value, freshUntil: now() + lifeMs });
  };

  const read = async (key: string, job: Job<V>): Promise<V | null> => {
    try {
      for (let repeat = 1; ; repeat++) {
        job.dirty = false;
        const value = await inTime(load(key));
        if (job.dirty && repeat < MAX_REPEATS) continue;
        const life = value === null ? ABSENT_MS : REFRESH_MS;
        remember(key, value, job.dirty ? 0 : life);
        return value;
      }
    } catch (error) {
      onLoadFailed(error);
      const known = present.get(key) ?? absent.get(key);
      if (known === undefined) throw error;
      remember(key, known.value, RETRY_MS);
      return known.value;
    } finally {
      loads.delete(key);
    }
  };

  const get = (key: string): Promise<V | null> => {
    const known = present.get(key) ?? absent.get(key);
    if (known !== undefined && now() < known.freshUntil) return Promise.resolve(known.value);
    const running = loads.get(key);
    if (running !== undefined) return running.result;
    if (known === undefined && loads.size >= MAX_LOADS) return Promise.reject(new Error('too many unknown names at once'));
    const job: Job<V> = { dirty: false, result: Promise.resolve(null) };
    loads.set(key, job);
    job.result = read(key, job);
    return job.result;
  };

  const invalidate = (matches: (value: V | null) => boolean): string[] => {
    for (const [key, job] of loads) {
      const known = present.get(key);
      if (known === undefined || matches(known.value)) job.dirty = true;
    }
    const keys: string[] = [];
    for (const map of [present, absent]) {
      for (const [key, { value }] of map) {
        if (!matches(value)) continue;
        map.set(key, { value, freshUntil: 0 });
        if (value !== null) keys.push(key);
      }
    }
    return keys;
  };

  return {
    get,
    invalidate,
    get size() {
      return present.size;
    },
  };
};
