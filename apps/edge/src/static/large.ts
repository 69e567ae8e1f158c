import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { BlobStore } from '@miosa/blobs';
import { Fault } from '@miosa/kernel';
import type { ByteRange, Form } from '@miosa/releases';

/** Held for every download under way, twice: visitors who read slowly are many. */
const CHUNK_BYTES = 65_536;
/** For reading without a visitor. */
const HASHING_BYTES = 262_144;
/** Files known to hold what their name says, by inode and time of change. */
const MAX_VERIFIED = 100_000;

const damaged = (internal: string): Fault => new Fault('INTERNAL', 'The file is damaged.', { internal });

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Passes bytes on one chunk late, and not the last one if the whole is not what it should be: a visitor never has a complete wrong file. */
async function* guarded(source: AsyncIterable<Buffer>, form: Form, key: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let waiting: Buffer | null = null;
  for await (const chunk of source) {
    if (waiting !== null) yield waiting;
    hash.update(chunk);
    waiting = chunk;
  }
  if (hash.digest('hex') !== form.sha256) throw damaged(key);
  if (waiting !== null) yield waiting;
}

/** Sends files too large to keep in memory, whole or in part. */
export const createLarge = (blobs: BlobStore, stallMs: number) => {
  const verified = new Set<string>();
  const checking = new Map<string, Promise<void>>();

  const hashFile = async (handle: FileHandle, sha256: string, key: string): Promise<void> => {
    const hash = createHash('sha256');
    const stream = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: HASHING_BYTES });
    for await (const chunk of stream) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== sha256) throw damaged(key);
  };

  /** Once for as long as the file is the same: disks and people damage files, and a range says nothing of the rest. */
  const verify = async (handle: FileHandle, form: Form, key: string): Promise<void> => {
    const { dev, ino, mtimeMs, size } = await handle.stat();
    if (size !== form.size) throw damaged(`${key} has ${size} bytes`);
    const identity = `${dev}:${ino}:${mtimeMs}:${form.sha256}`;
    if (verified.has(identity)) return;
    const under = checking.get(identity);
    if (under !== undefined) return under;
    const started = hashFile(handle, form.sha256, key).finally(() => checking.delete(identity));
    checking.set(identity, started);
    await started;
    if (verified.size >= MAX_VERIFIED) verified.clear();
    verified.add(identity);
  };

  const fromDisk = async (path: string, form: Form, key: string): Promise<FileHandle | null> => {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    try {
      await verify(handle, form, key);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  };

  const pass = async (res: ServerResponse, source: AsyncIterable<Buffer> & { destroy(): unknown }, head: () => void, guard: Guard) => {
    if (res.destroyed) return void source.destroy();
    head();
    // Whoever takes nothing for so long is gone, or means to hold the file and its memory.
    res.setTimeout(stallMs, () => res.destroy());
    await (guard === null ? pipeline(source, res) : pipeline(source, (bytes) => guarded(bytes, guard.form, guard.key), res));
  };

  return {
    /**
     * Sends the bytes under `key`; `head` is called when they are at hand. Rejects before that when the file is missing or damaged, and
     * after it when the visitor leaves or the bytes turn out wrong: the connection is closed then.
     */
    send: async (res: ServerResponse, key: string, form: Form, range: ByteRange | null, head: () => void): Promise<void> => {
      const path = blobs.localPath(key);
      const handle = path === null ? null : await fromDisk(path, form, key);
      const span = range ?? { start: 0, end: form.size - 1 };
      if (handle !== null) return pass(res, handle.createReadStream({ ...span, highWaterMark: CHUNK_BYTES }), head, null);
      const { stream, sizeBytes } = await blobs.open(key, range ?? undefined);
      const expected = span.end - span.start + 1;
      if (sizeBytes !== expected && sizeBytes !== form.size) {
        stream.destroy();
        throw damaged(`${key} has ${sizeBytes} bytes`);
      }
      return pass(res, stream, head, range === null ? { form, key } : null);
    },
  };
};

type Guard = { readonly form: Form; readonly key: string } | null;

export type Large = ReturnType<typeof createLarge>;
