import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, invalid } from '@miosa/kernel';
import type { BlobStore } from './port.ts';

const KEY = /^([0-9a-f-]{36})\/([0-9a-f]{64})$/;

const missing = (): Fault => new Fault('NOT_FOUND', 'There is no such content.');

/** Contents as files of one folder. */
export const createFsBlobs = ({ folder }: { readonly folder: string }): BlobStore => {
  const pathOf = (key: string): string => {
    const [, tenant, hash] = KEY.exec(key) ?? [];
    if (tenant === undefined || hash === undefined) throw invalid('key', 'is none of the blob store');
    return join(folder, tenant, hash.slice(0, 2), hash);
  };
  const store: BlobStore = {
    put: async (key, bytes, { sha256, sizeBytes }) => {
      const path = pathOf(key);
      const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
      await mkdir(dirname(path), { recursive: true });
      const hash = createHash('sha256');
      let size = 0;
      const source = Readable.from(bytes instanceof Uint8Array ? [bytes] : bytes).map((chunk: Uint8Array) => {
        hash.update(chunk);
        size += chunk.length;
        return chunk;
      });
      await pipeline(source, createWriteStream(temporary, { mode: 0o640 }));
      if (size !== sizeBytes || hash.digest('hex') !== sha256) {
        await rm(temporary, { force: true });
        throw invalid('sha256', 'the bytes have another hash or size');
      }
      await rename(temporary, path);
    },
    putMany: async (blobs) => {
      await Promise.all([...blobs].map(({ key, bytes, sha256 }) => store.put(key, bytes, { sha256, sizeBytes: bytes.length })));
    },
    get: (key) => readFile(pathOf(key)).catch(() => Promise.reject(missing())),
    open: async (key, range) => {
      const { size } = await stat(pathOf(key)).catch(() => Promise.reject(missing()));
      return { stream: createReadStream(pathOf(key), range), sizeBytes: size };
    },
    has: async (keys) => {
      const there = await Promise.all(
        keys.map((key) =>
          stat(pathOf(key)).then(
            () => key,
            () => undefined,
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
