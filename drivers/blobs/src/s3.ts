import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Fault, invalid } from '@miosa/kernel';
import { checked, type Expected } from './checked.ts';
import { each } from './each.ts';
import { away, damaged } from './faults.ts';
import { type ByteSpan, checkBytes, hashOf, isKey, otherBytes, partsOf } from './key.ts';
import type { BlobStore } from './port.ts';
import { fieldOf, textOf } from './s3-answer.ts';
import { createS3Client, type S3Options } from './s3-client.ts';

/** Calls at once of one operation on many contents. */
const IN_FLIGHT = 32;
/** Streams up to here are gathered first: what is in memory can be sent again. */
const GATHERED_BYTES = 8 * 2 ** 20;

const drain = async (answer: IncomingMessage): Promise<void> => {
  for await (const _ of answer);
};
const wholeOf = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const unlessMissing = (error: unknown): null => {
  if (error instanceof Fault && error.code === 'NOT_FOUND') return null;
  throw error;
};

/** Whoever sends may fail too, which is not the store's failure. */
const watch = (source: AsyncIterable<Uint8Array>) => {
  let failure: unknown;
  const bytes = (async function* () {
    try {
      yield* source;
    } catch (error) {
      failure = error;
      throw error;
    }
  })();
  return { bytes, failure: () => failure };
};

/** Contents in a bucket of any store that speaks the S3 API. One PUT each, whose signature covers the hash of the bytes. */
export const createS3Blobs = (options: S3Options): BlobStore => {
  const client = createS3Client(options);
  const base = options.prefix === undefined || options.prefix === '' ? '' : `${options.prefix}/`;
  const pathOf = (key: string): string => {
    partsOf(key);
    return base + key;
  };
  const putBytes = (key: string, bytes: Uint8Array): Promise<void> =>
    client.call({ method: 'PUT', path: pathOf(key), body: { bytes, sizeBytes: bytes.length, sha256: partsOf(key).sha256 } }, drain);
  const sizeOf = (key: string): Promise<number | null> =>
    client
      .call({ method: 'HEAD', path: pathOf(key) }, async (answer) => {
        answer.resume();
        return Number(answer.headers['content-length']);
      })
      .catch(unlessMissing);
  const putStream = async (key: string, source: AsyncIterable<Uint8Array>, expect: Expected): Promise<void> => {
    if (partsOf(key).sha256 !== expect.sha256) throw otherBytes();
    const bytes = checked(source, expect);
    if (expect.sizeBytes <= GATHERED_BYTES) return putBytes(key, await wholeOf(bytes));
    // Read to its end all the same: whoever sends is answered when all is sent, and what was sent is judged.
    if ((await sizeOf(key)) === expect.sizeBytes) for await (const _ of bytes);
    else {
      const watched = watch(bytes);
      const body = { bytes: watched.bytes, ...expect };
      await client.call({ method: 'PUT', path: pathOf(key), body }, drain).catch((error: unknown) => {
        throw watched.failure() ?? error;
      });
    }
  };

  return {
    put: async (key, bytes, expect) => {
      if (!(bytes instanceof Uint8Array)) return putStream(key, bytes, expect);
      await checkBytes(key, bytes, expect);
      await putBytes(key, bytes);
    },
    putMany: async (blobs) => {
      const all = [...blobs];
      for (const { key, bytes, sha256 } of all) await checkBytes(key, bytes, { sha256, sizeBytes: bytes.length });
      await each(all, IN_FLIGHT, ({ key, bytes }) => putBytes(key, bytes));
    },
    get: async (key) => {
      const bytes = await client.call({ method: 'GET', path: pathOf(key) }, wholeOf);
      if ((await hashOf(bytes)) !== partsOf(key).sha256) throw damaged(key);
      return bytes;
    },
    open: async (key, range) => {
      const path = pathOf(key);
      const headers: Record<string, string> = range === undefined ? {} : { range: headerOf(range) };
      return client.call({ method: 'GET', path, headers, streams: true }, async (answer) => opened(answer, range !== undefined));
    },
    has: async (keys) => {
      const there = new Set<string>();
      await each(keys, IN_FLIGHT, async (key) => {
        if ((await sizeOf(key)) !== null) there.add(key);
      });
      // "Not found" of a HEAD may mean the bucket: then nothing is known.
      if (there.size < keys.length) await client.call({ method: 'GET', path: '', query: { 'list-type': '2', 'max-keys': '1' } }, drain);
      return there;
    },
    delete: (keys) =>
      each(keys, IN_FLIGHT, async (key) => void (await client.call({ method: 'DELETE', path: pathOf(key) }, drain).catch(unlessMissing))),
    list: async function* (prefix) {
      let token: string | undefined;
      do {
        const more: Record<string, string> = token === undefined ? {} : { 'continuation-token': token };
        const page = await client.call({ method: 'GET', path: '', query: { 'list-type': '2', prefix: base + prefix, ...more } }, textOf);
        for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const key = (fieldOf(entry, 'Key') ?? '').slice(base.length);
          // Somebody else's file in the bucket is none of ours.
          if (isKey(key))
            yield { key, sizeBytes: Number(fieldOf(entry, 'Size')), modifiedAt: new Date(fieldOf(entry, 'LastModified') ?? 0) };
        }
        token = fieldOf(page, 'IsTruncated') === 'true' ? fieldOf(page, 'NextContinuationToken') : undefined;
      } while (token !== undefined);
    },
    localPath: () => null,
    close: async () => client.close(),
  };
};

const headerOf = ({ start, end }: ByteSpan): string => {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw invalid('range', 'there are no such bytes in the content');
  return `bytes=${start}-${end}`;
};

const opened = (answer: IncomingMessage, isPart: boolean): { stream: Readable; sizeBytes: number } => {
  const total = isPart ? /^bytes \d+-\d+\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1] : answer.headers['content-length'];
  const sizeBytes = Number(total ?? Number.NaN);
  if (Number.isSafeInteger(sizeBytes)) return { stream: answer, sizeBytes };
  answer.destroy();
  throw away('s3: the answer does not say how many bytes there are');
};
