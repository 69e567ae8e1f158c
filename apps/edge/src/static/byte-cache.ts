/** A memory of values by key, bounded by their bytes; what was not used for longest goes first. */
export interface ByteCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, bytes: number): void;
  readonly bytes: number;
}

export const createByteCache = <V>(maxBytes: number): ByteCache<V> => {
  // A Map keeps the order of insertion: re-inserting what was used makes the first key the least recently used one.
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>();
  let total = 0;
  const drop = (key: string, bytes: number): void => {
    entries.delete(key);
    total -= bytes;
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set: (key, value, bytes) => {
      const old = entries.get(key);
      if (old !== undefined) drop(key, old.bytes);
      if (bytes > maxBytes) return;
      entries.set(key, { value, bytes });
      total += bytes;
      for (const [oldest, entry] of entries) {
        if (total <= maxBytes) break;
        drop(oldest, entry.bytes);
      }
    },
    get bytes() {
      return total;
    },
  };
};
