import { Fault, invalid } from '@miosa/kernel';
import { encodeManifest, isSitePath, type Manifest, manifestSha256, parseHeaders, parseRedirects } from '@miosa/releases';
import type { Core } from '../deps.ts';
import { keepBlobs, useBlobs } from './blobs.store.ts';
import { createStoring, keyOf, type SiteFile } from './storing.ts';

/** A folder to publish, wherever it is. */
export interface SiteSource {
  readonly files: readonly SiteFile[];
  /** Contents of these, in any order, each verified against its hash by the source. */
  read(
    files: readonly SiteFile[],
    signal: AbortSignal,
  ): AsyncIterable<{ readonly file: SiteFile; readonly bytes: Buffer | AsyncIterable<Buffer> }>;
}

export interface StaticRelease {
  readonly manifest: Manifest;
  /** Of the manifest. */
  readonly sha256: string;
  readonly totalBytes: number;
  readonly newFiles: number;
}

const MAX_FILES = 100_000;
const MAX_TOTAL_BYTES = 10 * 2 ** 30;
const HEADERS_FILE = '_headers';
const REDIRECTS_FILE = '_redirects';

const check = (files: readonly SiteFile[]): void => {
  if (files.length > MAX_FILES) throw invalid('output_path', `holds ${files.length} files; a site has at most ${MAX_FILES}`);
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > MAX_TOTAL_BYTES) throw invalid('output_path', `holds ${Math.round(total / 2 ** 20)} MiB; a site has at most 10 GiB`);
  const wrong = files.find(({ path }) => !isSitePath(path));
  if (wrong !== undefined) throw invalid('output_path', `the file name ${JSON.stringify(wrong.path)} cannot be part of an address`);
};

const rulesOf = async (core: Core, tenantId: string, files: readonly SiteFile[]) => {
  const text = async (name: string): Promise<string> => {
    const file = files.find(({ path }) => path === name);
    return file === undefined ? '' : (await core.blobs.get(keyOf(tenantId, file.sha256))).toString('utf8');
  };
  try {
    return { headers: parseHeaders(await text(HEADERS_FILE)), redirects: parseRedirects(await text(REDIRECTS_FILE)) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw invalid('output_path', (error as Error).message);
  }
};

/**
 * Stores a folder as a static release: contents that the organization has already are neither read nor stored again. Repeatable at any point;
 * what an interrupted run has stored is found by the next.
 */
export const storeStatic = async (core: Core, tenantId: string, source: SiteSource, signal: AbortSignal): Promise<StaticRelease> => {
  const { files } = source;
  check(files);
  const distinct = new Map(files.map((file) => [file.sha256, file]));
  const known = await useBlobs(core.db.read, tenantId, [...distinct.keys()], core.now());
  const unknown = [...distinct.values()].filter(({ sha256 }) => !known.has(sha256));
  if (unknown.length > 0) {
    const storing = createStoring(core, tenantId, known);
    for await (const { file, bytes } of source.read(unknown, signal)) {
      await (Buffer.isBuffer(bytes) ? storing.add(file, bytes) : storing.addStream(file, bytes));
      signal.throwIfAborted();
    }
    await storing.flush();
  }
  const rules = await rulesOf(core, tenantId, files);
  const served = files.filter(({ path }) => path !== HEADERS_FILE && path !== REDIRECTS_FILE);
  const pages = served.filter(({ path }) => /\.html?$/i.test(path));
  const manifest: Manifest = {
    version: 1,
    files: served.map(({ path, sha256, sizeBytes }) => {
      const blob = known.get(sha256);
      if (blob === undefined) throw new Fault('CONFLICT', 'The files changed while they were published. Publish again.');
      return { path, sha256, size: sizeBytes, ...blob.encodings };
    }),
    ...rules,
    notFound: served.some(({ path }) => path === '404.html') ? '404.html' : null,
    singlePage: pages.length === 1 && pages[0]?.path === 'index.html',
  };
  const bytes = encodeManifest(manifest);
  const sha256 = manifestSha256(bytes);
  await useBlobs(core.db.read, tenantId, [sha256], core.now());
  await core.blobs.put(keyOf(tenantId, sha256), bytes, { sha256, sizeBytes: bytes.length });
  await keepBlobs(core.db.read, tenantId, [{ sha256, sizeBytes: bytes.length, encodings: {} }], core.now());
  return { manifest, sha256, totalBytes: served.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), newFiles: unknown.length };
};
