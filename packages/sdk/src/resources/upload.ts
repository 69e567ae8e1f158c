import type { CallOptions } from '../transport.ts';
import type { DeploymentsApi } from './deployments.ts';

/** A file to publish. `read` is called for its hash, and again when it has to be sent. */
export interface UploadFile {
  /** Relative to the top of what is published, with `/`. */
  readonly path: string;
  readonly mode?: string;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Of what has to be sent: contents that the organization has already are not in it. */
export interface UploadProgress {
  readonly contents: number;
  readonly totalContents: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface UploadOptions extends CallOptions {
  /** After each request that sent something. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Files read and sent at once. */
const AT_ONCE = 8;
/** More contents than this are sent together: one request for each would meet the limit of requests a minute. */
const MOST_SINGLE = 100;
/** Of one request with many contents, before compression: it is put together in memory. */
const PACK_BYTES = 16 * 2 ** 20;
const PACKS_AT_ONCE = 2;
const BLOCK = 512;

const encoder = new TextEncoder();

const hexOf = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Runs `work` for all items, a few at a time. */
const each = async <T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> => {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

/** Of a tar (POSIX.1-1988). Names are hashes and contents small, so that nothing else of the format is needed. */
const headerOf = (name: string, sizeBytes: number): Uint8Array<ArrayBuffer> => {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at);
  put(0, name);
  put(100, `0000644\0${'0000000\0'.repeat(2)}`);
  put(124, `${sizeBytes.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0${' '.repeat(8)}0`);
  put(257, 'ustar\x0000');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
};

interface Content {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly file: UploadFile;
}

/** A tar.gz of contents, named by their hashes. */
const packOf = async (contents: readonly Content[]): Promise<Uint8Array<ArrayBuffer>> => {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const { sha256, file } of contents) {
    const bytes = await file.read();
    parts.push(headerOf(sha256, bytes.length), bytes, new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const zipped = new Blob(parts).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
};

/** In packs of at most PACK_BYTES; what is larger is a pack of its own. */
const packsOf = (contents: readonly Content[]): Content[][] => {
  if (contents.length <= MOST_SINGLE) return contents.map((content) => [content]);
  const packs: Content[][] = [];
  let room = 0;
  for (const content of contents.toSorted((a, b) => a.sizeBytes - b.sizeBytes)) {
    const takes = content.sizeBytes + 2 * BLOCK;
    if (takes > room) {
      packs.push([]);
      room = PACK_BYTES;
    }
    packs.at(-1)?.push(content);
    room -= takes;
  }
  return packs;
};

const listOf = async (files: readonly UploadFile[]) => {
  const listed: { path: string; sha256: string; sizeBytes: number; mode?: string }[] = [];
  const contents = new Map<string, Content>();
  await each(files, AT_ONCE, async (file) => {
    const bytes = await file.read();
    const [sha256, sizeBytes] = [hexOf(await crypto.subtle.digest('SHA-256', bytes)), bytes.length];
    listed.push({ path: file.path, sha256, sizeBytes, ...(file.mode === undefined ? {} : { mode: file.mode }) });
    contents.set(sha256, { sha256, sizeBytes, file });
  });
  return { listed, contents };
};

/** Lists the files and sends what is missing of their contents; the id of the upload. */
export const sendFiles = async (
  uploads: DeploymentsApi['uploads'],
  id: string,
  files: readonly UploadFile[],
  { onProgress, ...options }: UploadOptions = {},
): Promise<string> => {
  const { listed, contents } = await listOf(files);
  const upload = await uploads.create(id, { files: listed }, options);
  const missing = upload.missing.map((sha256) => contents.get(sha256)).filter((content) => content !== undefined);
  const totalBytes = missing.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const sent = { contents: 0, totalContents: missing.length, bytes: 0, totalBytes };
  const packs = packsOf(missing);
  await each(packs, packs.length < missing.length ? PACKS_AT_ONCE : AT_ONCE, async (pack) => {
    const [first] = pack;
    if (first !== undefined && pack.length === 1) await uploads.put(id, upload.id, first.sha256, await first.file.read(), options);
    else await uploads.putMany(id, upload.id, await packOf(pack), options);
    sent.contents += pack.length;
    for (const { sizeBytes } of pack) sent.bytes += sizeBytes;
    onProgress?.({ ...sent });
  });
  return upload.id;
};
