import { mkdirSync } from 'node:fs';
import { access, type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, type Expected } from './checked.ts';
import { each } from './each.ts';
import { codeOf, damaged, missing, ofSystem } from './faults.ts';
import { createSpace } from './fs-space.ts';
import { sweepTemporary } from './fs-sweep.ts';
import { isThere, syncFolder, type Touched, writeFile } from './fs-writing.ts';
import { type ByteSpan, checkBytes, hashOf, isKey, otherBytes, partsOf, spanOf } from './key.ts';
import type { BlobStore } from './port.ts';

export interface FsBlobsOptions {
  readonly folder: string;
  /** What puts leave free on the disk; STORAGE_FULL otherwise. */
  readonly minFreeBytes?: number;
  /** Removes what interrupted puts have left; of one process of the host. */
  readonly sweeps?: boolean;
}

const MIN_FREE_BYTES = 512 * 2 ** 20;
/** Enough to keep the disk busy; each holds a descriptor. */
const IN_FLIGHT = 64;

/** Contents as files of one folder, `<tenant id>/<two digits>/<sha256>`. */
export const createFsBlobs = ({ folder, minFreeBytes = MIN_FREE_BYTES, sweeps = false }: FsBlobsOptions): BlobStore => {
  try {
    mkdirSync(folder, { mode: 0o750 });
  } catch {
    // It is there; or else the store is away, and each call says so.
  }
  const space = createSpace(folder, minFreeBytes);
  let isClosed = false;
  const sweep = sweeps ? sweepTemporary(folder, () => isClosed) : Promise.resolve();

  const pathOf = (key: string): string => {
    const { tenantId, sha256 } = partsOf(key);
    return join(folder, tenantId, sha256.slice(0, 2), sha256);
  };
  /** A file that is not there is no content; a folder that is not there is a store that is away. */
  const unread = async (error: unknown): Promise<never> => {
    if (codeOf(error) !== 'ENOENT') return ofSystem(error);
    await access(folder).catch(ofSystem);
    throw missing();
  };
  const names = (path: string): Promise<string[]> =>
    readdir(path).catch((error: unknown) => (codeOf(error) === 'ENOENT' && path !== folder ? [] : ofSystem(error)));

  const writeBytes = async (key: string, bytes: Uint8Array, touched: Touched): Promise<void> => {
    if (await isThere(pathOf(key), bytes.length, touched)) return;
    await space.take(bytes.length);
    await writeFile(pathOf(key), bytes, touched);
  };
  const writeStream = async (key: string, source: AsyncIterable<Uint8Array>, expect: Expected, touched: Touched): Promise<void> => {
    if (partsOf(key).sha256 !== expect.sha256) throw otherBytes();
    const bytes = checked(source, expect);
    // Read to its end all the same: whoever sends is answered when all is sent, and what was sent is judged.
    if (await isThere(pathOf(key), expect.sizeBytes, touched)) for await (const _ of bytes);
    else {
      await space.take(expect.sizeBytes);
      await writeFile(pathOf(key), bytes, touched);
    }
  };

  return {
    put: async (key, bytes, expect) => {
      const touched: Touched = new Set();
      if (bytes instanceof Uint8Array) {
        await checkBytes(key, bytes, expect);
        await writeBytes(key, bytes, touched);
      } else await writeStream(key, bytes, expect, touched);
      await each([...touched], IN_FLIGHT, syncFolder);
    },
    putMany: async (blobs) => {
      const all = [...blobs];
      for (const { key, bytes, sha256 } of all) await checkBytes(key, bytes, { sha256, sizeBytes: bytes.length });
      const touched: Touched = new Set();
      await each(all, IN_FLIGHT, ({ key, bytes }) => writeBytes(key, bytes, touched));
      await each([...touched], IN_FLIGHT, syncFolder);
    },
    get: async (key) => {
      const bytes = await readFile(pathOf(key)).catch(unread);
      if ((await hashOf(bytes)) !== partsOf(key).sha256) throw damaged(key);
      return bytes;
    },
    open: async (key, range) => openFile(await open(pathOf(key), 'r').catch(unread), range),
    has: async (keys) => {
      const there = new Set<string>();
      await each(keys, IN_FLIGHT, async (key) => {
        const found = await stat(pathOf(key)).catch((error: unknown) => (codeOf(error) === 'ENOENT' ? null : ofSystem(error)));
        if (found !== null) there.add(key);
      });
      if (there.size < keys.length) await access(folder).catch(ofSystem);
      return there;
    },
    delete: (keys) => each(keys, IN_FLIGHT, (key) => rm(pathOf(key), { force: true }).catch(ofSystem)),
    list: async function* (prefix) {
      for (const tenant of await names(folder)) {
        if (!tenant.startsWith(prefix.slice(0, 36))) continue;
        for (const part of await names(join(folder, tenant))) {
          for (const name of await names(join(folder, tenant, part))) {
            const key = `${tenant}/${name}`;
            if (!isKey(key) || !key.startsWith(prefix)) continue;
            const found = await stat(join(folder, tenant, part, name)).catch(() => null); // deleted meanwhile
            if (found !== null) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
          }
        }
      }
    },
    localPath: pathOf,
    close: async () => {
      isClosed = true;
      await sweep;
    },
  };
};

const openFile = async (handle: FileHandle, range: ByteSpan | undefined) => {
  try {
    const { size } = await handle.stat();
    return { stream: handle.createReadStream(range === undefined ? {} : spanOf(range, size)), sizeBytes: size };
  } catch (error) {
    await handle.close();
    return ofSystem(error);
  }
};
