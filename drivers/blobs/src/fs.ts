import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, invalid } from '@miosa/kernel';
import type { BlobStore } from './port.ts';

const KEY = /^([0-9a-f-]{36})\/([0-9a-f]{64})$/;

const missing = (): Fault => new Fault('NOT_FOUND', 'There is no such content.');

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** What the system said, as a caller can act on it. */
const faultOf = (error: unknown): unknown => {
  const code = codeOf(error);
  if (error instanceof Fault || code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Fault('STORAGE_FULL', 'The store of contents has no room left. Try again later.', { internal: String(error) });
  return new Fault('UNAVAILABLE', 'The store of contents cannot be reached. Try again.', { internal: String(error) });
};

/** Contents as files of one folder. */
export const createFsBlobs = ({ folder }: { readonly folder: string }): BlobStore => {
  const pathOf = (key: string): string => {
    const [, tenant, hash] = KEY.exec(key) ?? [];
    if (tenant === undefined || hash === undefined) throw invalid('key', 'is none of the blob store');
    return join(folder, tenant, hash.slice(0, 2), hash);
  };
  /** A file that is not there is no content; a folder that is not there is a store that is away. */
  const unread = async (error: unknown): Promise<never> => {
    if (codeOf(error) !== 'ENOENT') throw faultOf(error);
    await access(folder).catch((cause: unknown) => Promise.reject(faultOf(cause)));
    throw missing();
  };
  const write = async (path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, expect: { sha256: string; sizeBytes: number }) => {
    const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const hash = createHash('sha256');
      let size = 0;
      const source = Readable.from(bytes instanceof Uint8Array ? [bytes] : bytes).map((chunk: Uint8Array) => {
        hash.update(chunk);
        size += chunk.length;
        return chunk;
      });
      await pipeline(source, createWriteStream(temporary, { mode: 0o640 }));
      if (size !== expect.sizeBytes || hash.digest('hex') !== expect.sha256) throw invalid('sha256', 'the bytes have another hash or size');
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // nor can it be removed where nothing can be written
      throw faultOf(error);
    }
  };
  const store: BlobStore = {
    put: async (key, bytes, expect) => write(pathOf(key), bytes, expect),
    putMany: async (blobs) => {
      await Promise.all([...blobs].map(({ key, bytes, sha256 }) => store.put(key, bytes, { sha256, sizeBytes: bytes.length })));
    },
    get: (key) => readFile(pathOf(key)).catch(unread),
    open: async (key, range) => {
      const { size } = await stat(pathOf(key)).catch(unread);
      return { stream: createReadStream(pathOf(key), range), sizeBytes: size };
    },
    has: async (keys) => {
      const there = await Promise.all(
        keys.map((key) =>
          stat(pathOf(key)).then(
            () => key,
            (error: unknown) => (codeOf(error) === 'ENOENT' ? undefined : Promise.reject(faultOf(error))),
          ),
        ),
      );
      return new Set(there.filter((key) => key !== undefined));
    },
    delete: async (keys) => {
      await Promise.all(keys.map((key) => rm(pathOf(key), { force: true })));
    },
    list: async function* (prefix) {
      const tenants = await readdir(folder).catch(() => []);
      for (const tenant of tenants.filter((name) => name.startsWith(prefix.slice(0, 36)))) {
        for (const part of await readdir(join(folder, tenant))) {
          for (const name of await readdir(join(folder, tenant, part))) {
            if (name.endsWith('.tmp')) continue;
            const { size, mtime } = await stat(join(folder, tenant, part, name));
            yield { key: `${tenant}/${name}`, sizeBytes: size, modifiedAt: mtime };
          }
        }
      }
    },
    localPath: pathOf,
    close: async () => {},
  };
  return store;
};
