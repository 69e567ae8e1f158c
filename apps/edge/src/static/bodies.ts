import { createHash } from 'node:crypto';
import type { BlobStore } from '@miosa/blobs';
import { Fault } from '@miosa/kernel';
import type { Form } from '@miosa/releases';
import { createLru, type Kept } from './lru.ts';

/** Files up to here are kept in memory and sent in one write. */
export const SMALL_BYTES = 262_144;

/** Key, map entry and buffer object. */
const ENTRY_BYTES = 256;

interface Body {
  readonly entry: Kept<Buffer>;
  readonly bytes: Buffer;
}

/** Contents of small files, shared by all versions that hold them. */
export const createBodies = (blobs: BlobStore, maxBytes: number) => {
  const kept = createLru<Buffer>(maxBytes);
  const loading = new Map<string, Promise<Body>>();
  const load = async (key: string, { sha256, size }: Form): Promise<Body> => {
    const bytes = await blobs.get(key);
    // Once a load, whatever the store has checked: this is the last place before visitors.
    const isRight = bytes.length === size && createHash('sha256').update(bytes).digest('hex') === sha256;
    if (!isRight) throw new Fault('INTERNAL', 'The file is damaged.', { internal: `${key} holds ${bytes.length} other bytes` });
    return { entry: kept.add(key, bytes, bytes.length + ENTRY_BYTES), bytes };
  };
  return {
    /** What is in memory, or one read for all who ask at the same time. */
    read: async (key: string, form: Form): Promise<Body> => {
      const entry = kept.get(key);
      const bytes = entry?.value ?? null;
      if (entry !== null && bytes !== null) return { entry, bytes };
      const under = loading.get(key);
      if (under !== undefined) return under;
      const started = load(key, form).finally(() => loading.delete(key));
      loading.set(key, started);
      return started;
    },
  };
};

export type Bodies = ReturnType<typeof createBodies>;
