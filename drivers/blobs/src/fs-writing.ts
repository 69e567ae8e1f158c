import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ofSystem } from './faults.ts';

export const TEMPORARY = /\.[0-9a-f]{16}\.tmp$/;

/** A folder's entry of a file this old is on the disk for long: file systems commit every few seconds. */
const SETTLED_MS = 60_000;

/** Folders whose entries changed; to be synced once for all that was written. */
export type Touched = Set<string>;

/** Whether the content is there already. A file of another size is no content: it is written anew. */
export const isThere = async (path: string, sizeBytes: number, touched: Touched): Promise<boolean> => {
  try {
    const { size, ctimeMs } = await stat(path);
    // Somebody else may have renamed it a moment ago, and not have synced yet.
    if (Date.now() - ctimeMs < SETTLED_MS) touched.add(dirname(path));
    return size === sizeBytes;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? false : ofSystem(error);
  }
};

/** The store's own folder is not made: without it the store is away, and what is written would be lost below a mount. */
const makeFolders = async (part: string, touched: Touched): Promise<void> => {
  const tenant = dirname(part);
  for (const folder of [tenant, part]) {
    await mkdir(folder, { mode: 0o750 }).catch((error: unknown) => (codeOf(error) === 'EEXIST' ? undefined : ofSystem(error)));
    touched.add(dirname(folder));
  }
};

const openTemporary = async (path: string, touched: Touched): Promise<FileHandle> => {
  const create = () => open(path, 'wx', 0o640);
  return create().catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') return ofSystem(error);
    await makeFolders(dirname(path), touched);
    return create().catch(ofSystem);
  });
};

const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at).catch(ofSystem)).bytesWritten;
};

/**
 * Writes a file under another name, has its bytes on the disk, and only then gives it its name: after a crash there is the whole content or
 * none. The folder's entry is durable with `syncFolders`.
 */
export const writeFile = async (path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, touched: Touched): Promise<void> => {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  const handle = await openTemporary(temporary, touched);
  try {
    try {
      if (bytes instanceof Uint8Array) await writeAll(handle, bytes);
      else for await (const chunk of bytes) await writeAll(handle, chunk);
      await handle.datasync().catch(ofSystem);
    } finally {
      await handle.close();
    }
    await rename(temporary, path).catch(ofSystem);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // nor can it be removed where nothing can be written
    throw error;
  }
  touched.add(dirname(path));
};

export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(ofSystem);
  try {
    await handle.sync().catch(ofSystem);
  } finally {
    await handle.close();
  }
};
