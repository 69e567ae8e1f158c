import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { BlobStore } from '@miosa/blobs';
import { Fault } from '@miosa/kernel';
import { encodeManifest, type Manifest, parseHeaders, parseRedirects } from '@miosa/releases';

const unused = (): never => {
  throw new Error('the edge only reads');
};

/** Contents in memory, or below `folder` as a store of this host has them. What is read is counted; `fail` breaks every read. */
export const createFakeBlobs = (folder: string | null = null) => {
  const contents = new Map<string, Buffer>();
  const reads: string[] = [];
  const streams = new Set<Readable>();
  const state: { fail: Fault | null } = { fail: null };
  const pathOf = (key: string): string => join(folder ?? '', key.replace('/', '-'));
  const read = (key: string): Buffer => {
    reads.push(key);
    if (state.fail !== null) throw state.fail;
    const bytes = contents.get(key);
    if (bytes === undefined) throw new Fault('NOT_FOUND', 'There is no such content.');
    return bytes;
  };
  const store: BlobStore = {
    ...{ put: unused, putMany: unused, has: unused, delete: unused, list: unused, close: async () => undefined },
    get: async (key) => read(key),
    open: async (key, range) => {
      const bytes = read(key);
      const span = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
      const chunks = Array.from({ length: Math.ceil(span.length / 65_536) }, (_, i) => span.subarray(i * 65_536, (i + 1) * 65_536));
      const stream = Readable.from(chunks, { objectMode: false });
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      return { stream, sizeBytes: bytes.length };
    },
    localPath: (key) => (folder === null ? null : pathOf(key)),
  };
  const put = (tenantId: string, bytes: Buffer): { sha256: string; size: number } => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    contents.set(`${tenantId}/${sha256}`, bytes);
    if (folder !== null) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(pathOf(`${tenantId}/${sha256}`), bytes);
    }
    return { sha256, size: bytes.length };
  };
  return { ...{ store, contents, reads, streams, state, pathOf, put } };
};

export type FakeBlobs = ReturnType<typeof createFakeBlobs>;

const TEXT = /\.(?:html|js|css|txt|svg)$/;

/** Publishes files, as the control plane does; the hash of the manifest. */
export const publish = (blobs: FakeBlobs, tenantId: string, files: Readonly<Record<string, string | Buffer>>): string => {
  const served = Object.entries(files).filter(([path]) => path !== '_headers' && path !== '_redirects');
  const pages = served.filter(([path]) => path.endsWith('.html')).map(([path]) => path);
  const manifest: Manifest = {
    version: 1,
    files: served.map(([path, content]) => {
      const bytes = Buffer.from(content);
      const forms = TEXT.test(path)
        ? { br: blobs.put(tenantId, brotliCompressSync(bytes)), gzip: blobs.put(tenantId, gzipSync(bytes)) }
        : {};
      return { path, ...blobs.put(tenantId, bytes), ...forms };
    }),
    headers: parseHeaders(String(files._headers ?? '')),
    redirects: parseRedirects(String(files._redirects ?? '')),
    notFound: pages.includes('404.html') ? '404.html' : null,
    singlePage: pages.join() === 'index.html',
  };
  return blobs.put(tenantId, encodeManifest(manifest)).sha256;
};
