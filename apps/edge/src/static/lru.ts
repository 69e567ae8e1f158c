/** Something kept while there is room. Whoever holds the entry may go on using it: `value` becomes null when it had to go. */
export interface Kept<V> {
  value: V | null;
  bytes: number;
  /** Set by whoever uses it, and cleared as the hand passes: what was not used between two passes goes. */
  used: boolean;
}

/**
 * Keeps values up to a number of bytes (the clock algorithm: a hit sets one flag, where a list of recent use would be written on every request).
 * What is larger than all the room is not kept.
 */
export const createLru = <V>(maxBytes: number) => {
  const entries = new Map<string, Kept<V>>();
  let total = 0;

  const drop = (key: string, entry: Kept<V>): void => {
    entries.delete(key);
    total -= entry.bytes;
    entry.value = null;
  };
  const makeRoom = (): void => {
    for (const [key, entry] of entries) {
      if (total <= maxBytes) return;
      if (!entry.used) drop(key, entry);
      else {
        entry.used = false;
        // To the end of the order; the iteration comes by again.
        entries.delete(key);
        entries.set(key, entry);
      }
    }
  };

  return {
    get: (key: string): Kept<V> | null => {
      const entry = entries.get(key);
      if (entry === undefined) return null;
      entry.used = true;
      return entry;
    },
    add: (key: string, value: V, bytes: number): Kept<V> => {
      const old = entries.get(key);
      if (old !== undefined) drop(key, old);
      const entry: Kept<V> = { value, bytes, used: false };
      if (bytes > maxBytes) return entry;
      entries.set(key, entry);
      total += bytes;
      makeRoom();
      return entry;
    },
    /** A kept value has come to hold more. */
    grow: (key: string, bytes: number): void => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entry.bytes += bytes;
      entry.used = true;
      total += bytes;
      makeRoom();
    },
  };
};

export type Lru<V> = ReturnType<typeof createLru<V>>;
