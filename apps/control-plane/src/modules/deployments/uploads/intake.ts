import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { useBlobs } from '../publish/blobs.store.ts';
import { createStoring, type SiteFile, sha256Of } from '../publish/storing.ts';

/** What is compressed comes whole; a longer file waits on disk until its hash is known. */
const HELD_BYTES = 16 * 2 ** 20;
const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_FILES = 500;

/** A file without a name: gone with the process, whatever happens. */
const openScratch = async (): Promise<FileHandle> => {
  const path = join(tmpdir(), `miosa-upload-${randomUUID()}`);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
};

const diskFault = (error: unknown): unknown => {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? new Fault('STORAGE_FULL', 'No room is left for the upload. Try again later.') : error;
};

/** Into the blob store with contents that come without their hash. What the organization has already is not stored again. */
export const createIntake = (core: Core, tenantId: string) => {
  const storing = createStoring(core, tenantId, new Map());
  let batch = new Map<string, { readonly file: SiteFile; readonly bytes: Buffer }>();
  let batchBytes = 0;
  const knownOf = (hashes: readonly string[]) => useBlobs(core.db.read, tenantId, hashes, core.now());

  const flush = async (): Promise<void> => {
    const known = await knownOf([...batch.keys()]);
    for (const [sha256, { file, bytes }] of batch) if (!known.has(sha256)) await storing.add(file, bytes);
    [batch, batchBytes] = [new Map(), 0];
    await storing.flush();
  };

  const hold = async (path: string, content: AsyncIterable<Buffer>): Promise<string> => {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    const sha256 = sha256Of(bytes);
    batch.set(sha256, { file: { path, sha256, sizeBytes: bytes.length }, bytes });
    batchBytes += bytes.length;
    if (batchBytes >= BATCH_BYTES || batch.size >= BATCH_FILES) await flush();
    return sha256;
  };

  const spool = async (path: string, sizeBytes: number, content: AsyncIterable<Buffer>): Promise<string> => {
    const scratch = await openScratch();
    try {
      const hash = createHash('sha256');
      for await (const piece of content) {
        hash.update(piece);
        await scratch.writeFile(piece).catch((error: unknown) => Promise.reject(diskFault(error)));
      }
      const file: SiteFile = { path, sha256: hash.digest('hex'), sizeBytes };
      if (!(await knownOf([file.sha256])).has(file.sha256))
        await storing.addStream(file, scratch.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>);
      return file.sha256;
    } finally {
      await scratch.close();
    }
  };

  return {
    /** Its hash. It may not be stored yet, but is after `flush`. */
    add: (path: string, sizeBytes: number, content: AsyncIterable<Buffer>): Promise<string> =>
      sizeBytes > HELD_BYTES ? spool(path, sizeBytes, content) : hold(path, content),
    flush,
  };
};
