import { createHash } from 'node:crypto';
import { Fault } from '@miosa/kernel';
import { createShelf } from './cache-shelf.ts';
import { createFsBlobs } from './fs.ts';
import { partsOf } from './key.ts';
import type { BlobStore } from './port.ts';

export interface CachedBlobsOptions {
  readonly store: BlobStore;
  /** Of this process alone. */
  readonly folder: string;
  /** What is used least is removed first. */
  readonly maxBytes: number;
  /** What the cache leaves free on its disk. */
  readonly minFreeBytes?: number;
}

/** Waited for, so that the store is asked once for all who come meanwhile; what is larger goes to its visitors as it comes, too. */
const WAITED_BYTES = 16 * 2 ** 20;
/** Beyond it, contents are passed on without being kept. */
const FILLS = 16;
/** A disk that could not be written is not tried again for so long. */
const PAUSE_MS = 10_000;

interface Fill {
  readonly sizeBytes: number;
  /** Whether it is held now; never rejects. */
  readonly done: Promise<boolean>;
}

/** One for all who ask at the same time. */
const once = <T>(under: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> => {
  const running = under.get(key);
  if (running !== undefined) return running;
  const started = work().finally(() => under.delete(key));
  under.set(key, started);
  return started;
};

/**
 * A store with a cache on this host's disk: what was read once is served without the store, over restarts too. Bytes are compared with their
 * hash before a process first gives them away. When the disk cannot take anything, contents are passed on from the store.
 */
export const cachedBlobs = ({ store, folder, maxBytes, minFreeBytes }: CachedBlobsOptions): BlobStore => {
  const local = createFsBlobs({ folder, sweeps: true, ...(minFreeBytes === undefined ? {} : { minFreeBytes }) });
  const shelf = createShelf(local, maxBytes);
  const gets = new Map<string, Promise<Buffer>>();
  const checks = new Map<string, Promise<boolean>>();
  const fills = new Map<string, Promise<Fill | null>>();
  let pausedUntil = 0;

  const keep = async (key: string, bytes: Parameters<BlobStore['put']>[1], sizeBytes: number): Promise<boolean> => {
    if (!shelf.fits(sizeBytes) || Date.now() < pausedUntil) return false;
    try {
      await shelf.reserve(key, sizeBytes);
      await local.put(key, bytes, { sha256: partsOf(key).sha256, sizeBytes });
      if (!shelf.holds(key)) await local.delete([key]); // removed while it was written
      shelf.use(key);
      return shelf.holds(key);
    } catch (error) {
      shelf.forget(key);
      if (error instanceof Fault && (error.code === 'STORAGE_FULL' || error.code === 'UNAVAILABLE')) pausedUntil = Date.now() + PAUSE_MS;
      return false;
    }
  };

  const fromDisk = async (key: string): Promise<Buffer | null> => {
    if (!shelf.holds(key)) return null;
    try {
      const bytes = await local.get(key);
      shelf.use(key);
      return bytes;
    } catch {
      await shelf.drop(key);
      return null;
    }
  };

  /** Compared once a process: disks damage files, and a part says nothing of the rest. */
  const check = async (key: string): Promise<boolean> => {
    const hash = createHash('sha256');
    try {
      for await (const chunk of (await local.open(key)).stream) hash.update(chunk);
    } catch {
      // As good as damaged.
    }
    const isRight = hash.digest('hex') === partsOf(key).sha256;
    if (!isRight) await shelf.drop(key);
    return isRight;
  };
  const isRight = async (key: string): Promise<boolean> => {
    if (!shelf.holds(key)) return false;
    const right = shelf.isVerified(key) || (await once(checks, key, () => check(key)));
    if (right) shelf.use(key);
    return right;
  };

  const fetch = async (key: string): Promise<Buffer> => {
    const bytes = await store.get(key);
    await keep(key, bytes, bytes.length);
    return bytes;
  };

  /** Null: it cannot be kept. */
  const fill = async (key: string): Promise<Fill | null> => {
    if (fills.size > FILLS || Date.now() < pausedUntil) return null;
    const { stream, sizeBytes } = await store.open(key);
    if (!shelf.fits(sizeBytes)) {
      stream.destroy();
      return null;
    }
    const done = keep(key, stream, sizeBytes).finally(() => {
      stream.destroy();
      fills.delete(key);
    });
    return { sizeBytes, done };
  };
  const filling = (key: string): Promise<Fill | null> => {
    const under = fills.get(key);
    if (under !== undefined) return under;
    const started = fill(key);
    fills.set(key, started);
    started.then(
      (made) => (made === null ? fills.delete(key) : undefined),
      () => fills.delete(key),
    );
    return started;
  };

  const openLocal: BlobStore['open'] = async (key, range) => {
    try {
      return await local.open(key, range);
    } catch (error) {
      if (error instanceof Fault && error.code === 'VALIDATION_ERROR') throw error;
      return store.open(key, range); // removed a moment ago
    }
  };

  return {
    put: store.put,
    putMany: store.putMany,
    has: store.has,
    list: store.list,
    get: async (key) => {
      partsOf(key);
      await shelf.ready;
      return once(gets, key, async () => (await fromDisk(key)) ?? fetch(key));
    },
    open: async (key, range) => {
      partsOf(key);
      await shelf.ready;
      if (fills.get(key) === undefined && (await isRight(key))) return openLocal(key, range);
      const made = await filling(key);
      if (made === null || made.sizeBytes > WAITED_BYTES) return store.open(key, range);
      return (await made.done) ? openLocal(key, range) : store.open(key, range);
    },
    delete: async (keys) => {
      await store.delete(keys);
      await Promise.all(keys.map(shelf.drop));
    },
    localPath: (key) => {
      if (!shelf.isVerified(key) || fills.has(key)) return null;
      shelf.use(key);
      return local.localPath(key);
    },
    close: async () => {
      await shelf.ready;
      await Promise.all([...fills.values()].map(async (started) => (await started.catch(() => null))?.done));
      await Promise.all([store.close(), local.close()]);
    },
  };
};
