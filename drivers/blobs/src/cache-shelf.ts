import type { BlobStore } from './port.ts';

/** Which contents a cache holds, and which of them go first. What was used last stays longest. */
export const createShelf = (local: BlobStore, maxBytes: number) => {
  /** Sizes, in the order of use. */
  const held = new Map<string, number>();
  /** Written by this process, or compared with their hash by it. */
  const verified = new Set<string>();
  let total = 0;

  const forget = (key: string): void => {
    total -= held.get(key) ?? 0;
    held.delete(key);
    verified.delete(key);
  };
  const drop = async (key: string): Promise<void> => {
    forget(key);
    await local.delete([key]).catch(() => {}); // found again at the next start
  };
  /** Of an earlier process, oldest first. A folder that cannot be read holds nothing. */
  const load = async (): Promise<void> => {
    const found: { key: string; sizeBytes: number; modifiedAt: Date }[] = [];
    try {
      for await (const entry of local.list('')) found.push(entry);
    } catch {
      return;
    }
    for (const { key, sizeBytes } of found.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime())) {
      if (held.has(key)) continue;
      held.set(key, sizeBytes);
      total += sizeBytes;
    }
    await makeRoom(0);
  };
  const makeRoom = async (bytes: number): Promise<void> => {
    while (total + bytes > maxBytes) {
      const [oldest] = held.keys();
      if (oldest === undefined) return;
      await drop(oldest);
    }
  };

  return {
    ready: load(),
    holds: (key: string): boolean => held.has(key),
    isVerified: (key: string): boolean => verified.has(key),
    /** It is used now, and its bytes are right. */
    use: (key: string): void => {
      const size = held.get(key);
      if (size === undefined) return;
      held.delete(key);
      held.set(key, size);
      verified.add(key);
    },
    /** Fits at all. */
    fits: (bytes: number): boolean => bytes <= maxBytes,
    /** Counted from before it is written: several at once do not overrun the limit together. */
    reserve: async (key: string, bytes: number): Promise<void> => {
      forget(key);
      await makeRoom(bytes);
      held.set(key, bytes);
      total += bytes;
    },
    forget,
    drop,
  };
};
