import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from './key.ts';
import type { BlobStore } from './port.ts';

export interface ContractStore {
  readonly store: BlobStore;
  /** Puts other bytes of the same number into the place of a content, behind the store's back. */
  damage(key: string): Promise<void>;
  close(): Promise<void>;
}

const MIB = 2 ** 20;
const LARGE_BYTES = 32 * MIB;
const CHUNK_BYTES = 65_536;

const bytesOf = (text: string): Buffer => Buffer.from(text);
const blobOf = (tenant: string, text: string) => {
  const bytes = bytesOf(text);
  const sha256 = sha256Of(bytes);
  return { key: `${tenant}/${sha256}`, bytes, sha256, sizeBytes: bytes.length };
};
const read = async (stream: Readable): Promise<string> => Buffer.concat(await stream.toArray()).toString();

/** New memory for each chunk, as from a socket; chunk n is full of n. */
async function* generated(look: () => void = () => {}): AsyncGenerator<Buffer> {
  for (let at = 0; at < LARGE_BYTES / CHUNK_BYTES; at++) {
    look();
    await turn();
    yield Buffer.alloc(CHUNK_BYTES, at);
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** How many bytes of buffers are really held at most, more than now. */
const watchMemory = () => {
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  let [most, looks] = [0, 0];
  return {
    look: (): void => {
      if (looks++ % 32 !== 0) return;
      collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    },
    most: () => most,
  };
};

/** What every driver of `BlobStore` does. */
export const blobContract = (name: string, make: () => Promise<ContractStore>): void => {
  describe(name, () => {
    let made: ContractStore;
    let store: BlobStore;
    beforeAll(async () => {
      made = await make();
      ({ store } = made);
    });
    afterAll(async () => {
      await store?.close();
      await made?.close();
    });
    const fresh = (text: string) => blobOf(randomUUID(), text);
    const put = async (text: string) => {
      const blob = fresh(text);
      await store.put(blob.key, blob.bytes, blob);
      return blob;
    };
    const listed = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys.sort();
    };
    const expectNothing = async (key: string): Promise<void> => {
      expect(await store.has([key])).toEqual(new Set());
      await expect(store.get(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await listed(key.slice(0, 37))).toEqual([]);
    };

    writing();
    reading();
    naming();

    function writing(): void {
      it('gives back what was put, from memory and from a stream', async () => {
        const { key, bytes } = await put('one');
        expect(await store.get(key)).toEqual(bytes);
        const streamed = fresh('two parts');
        const parts = (async function* () {
          yield streamed.bytes.subarray(0, 3);
          yield streamed.bytes.subarray(3);
        })();
        await store.put(streamed.key, parts, streamed);
        expect(await store.get(streamed.key)).toEqual(streamed.bytes);
      });

      it('keeps a content of no bytes', async () => {
        const { key } = await put('');
        expect((await store.get(key)).length).toBe(0);
        const { stream, sizeBytes } = await store.open(key);
        expect([sizeBytes, await read(stream)]).toEqual([0, '']);
        await expect(store.open(key, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      });

      it.each(['bytes', 'stream'])('refuses another hash or size than was said, and nothing of it is left: %s', async (kind) => {
        const { key, bytes, sha256 } = fresh('as it was said');
        const source = (given: Buffer) => (kind === 'bytes' ? given : (async function* () { yield given; })()); // biome-ignore format: one line
        const wrong = [
          store.put(key, source(bytesOf('As it was said')), { sha256, sizeBytes: bytes.length }),
          store.put(key, source(bytes.subarray(1)), { sha256, sizeBytes: bytes.length }),
          store.put(key, source(bytesOf('as it was said and more')), { sha256, sizeBytes: bytes.length }),
          store.put(key, source(bytes), { sha256, sizeBytes: bytes.length - 1 }),
          store.put(key, source(bytes), { sha256: sha256Of(bytesOf('other')), sizeBytes: bytes.length }),
        ];
        for (const call of await Promise.allSettled(wrong))
          expect(call).toMatchObject({ status: 'rejected', reason: { code: 'VALIDATION_ERROR' } });
        await expectNothing(key);
        const many = store.putMany([{ key, bytes: bytesOf('As it was said'), sha256 }]);
        await expect(many).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
        await expectNothing(key);
      });

      it('leaves nothing of a put that is interrupted, and its cause is what the caller hears', async () => {
        for (const mebibytes of [3, 12]) {
          const { key, sha256, sizeBytes } = fresh('x'.repeat(mebibytes * MIB));
          const cut = (async function* () {
            for (let at = 1; at < mebibytes; at++) yield Buffer.alloc(MIB, 'x');
            throw new Error('the visitor hung up');
          })();
          await expect(store.put(key, cut, { sha256, sizeBytes })).rejects.toThrow('the visitor hung up');
          await expectNothing(key);
        }
      });

      it('leaves nothing of a large stream that ends in another byte', async () => {
        const { key, sha256, sizeBytes } = fresh('x'.repeat(12 * MIB));
        const wrong = (async function* () {
          for (let at = 0; at < 12; at++) yield Buffer.from(`${'x'.repeat(MIB - 1)}${at === 11 ? 'y' : 'x'}`);
        })();
        await expect(store.put(key, wrong, { sha256, sizeBytes })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
        await expectNothing(key);
      });

      it('takes the same content twice and from several at once', async () => {
        const blob = fresh('the same');
        const stream = () => (async function* () { yield blob.bytes; })(); // biome-ignore format: one line
        await Promise.all([1, 2, 3, 4].map((at) => store.put(blob.key, at % 2 === 0 ? blob.bytes : stream(), blob)));
        await store.putMany([blob, blob]);
        await store.put(blob.key, stream(), blob);
        expect(await store.get(blob.key)).toEqual(blob.bytes);
        expect(await listed(blob.key.slice(0, 37))).toEqual([blob.key]);
      });

      it('streams a large content in and out without holding it in memory', async () => {
        const hash = createHash('sha256');
        for await (const chunk of generated()) hash.update(chunk);
        const sha256 = hash.digest('hex');
        const key = `${randomUUID()}/${sha256}`;
        const watched = watchMemory();
        await store.put(key, generated(watched.look), { sha256, sizeBytes: LARGE_BYTES });
        const { stream, sizeBytes } = await store.open(key);
        let received = 0;
        for await (const chunk of stream) {
          received += chunk.length;
          watched.look();
        }
        expect([sizeBytes, received]).toEqual([LARGE_BYTES, LARGE_BYTES]);
        expect(watched.most()).toBeLessThan(LARGE_BYTES / 4);
        const part = await store.open(key, { start: 3 * CHUNK_BYTES - 2, end: 3 * CHUNK_BYTES + 1 });
        expect(Buffer.concat(await part.stream.toArray()).toString('hex')).toBe('02020303');
        await store.delete([key]);
      });
    }

    function reading(): void {
      it('reads any part, and says so when there is none', async () => {
        const { key } = await put('0123456789');
        const part = async (start: number, end: number) => {
          const { stream, sizeBytes } = await store.open(key, { start, end });
          return [await read(stream), sizeBytes];
        };
        expect(await part(0, 0)).toEqual(['0', 10]);
        expect(await part(3, 5)).toEqual(['345', 10]);
        expect(await part(9, 9)).toEqual(['9', 10]);
        expect(await part(7, 1000)).toEqual(['789', 10]);
        expect(await part(0, 9)).toEqual(['0123456789', 10]);
        for (const [start, end] of [[10, 10], [11, 20], [5, 4], [-1, 3], [0.5, 2]] as const) // biome-ignore format: one line
          await expect(store.open(key, { start, end })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      });

      it('knows nothing of what was never put, and deletes it without a word', async () => {
        const { key } = fresh('never');
        await expectNothing(key);
        await expect(store.open(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(store.open(key, { start: 0, end: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
        const there = await put('there');
        expect(await store.has([key, there.key])).toEqual(new Set([there.key]));
        await store.delete([key, there.key]);
        await expectNothing(there.key);
        expect(await store.has([])).toEqual(new Set());
        await store.delete([]);
        await store.putMany([]);
      });

      it('says so when bytes are damaged', async () => {
        const { key } = await put('as it should be');
        await made.damage(key);
        await expect(store.get(key)).rejects.toMatchObject({ code: 'INTERNAL' });
      });

      it('a reader who leaves early holds up nobody', async () => {
        const { key } = await put('y'.repeat(2 * MIB));
        for (let at = 0; at < 100; at++) (await store.open(key)).stream.destroy();
        expect((await store.get(key)).length).toBe(2 * MIB);
      });
    }

    function naming(): void {
      it('lists by prefix, more than a thousand too', async () => {
        const tenant = randomUUID();
        const blobs = Array.from({ length: 1100 }, (_, at) => blobOf(tenant, `number ${at}`));
        await store.putMany(blobs);
        const keys = blobs.map(({ key }) => key).sort();
        expect(await listed(`${tenant}/`)).toEqual(keys);
        const narrow = `${tenant}/a`;
        expect(await listed(narrow)).toEqual(keys.filter((key) => key.startsWith(narrow)));
        expect(await store.has(keys)).toEqual(new Set(keys));
        for await (const { key, sizeBytes, modifiedAt } of store.list(narrow)) {
          expect(sizeBytes).toBe(blobs.find((blob) => blob.key === key)?.sizeBytes);
          expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(600_000);
        }
        await store.delete(keys);
        expect(await listed(tenant)).toEqual([]);
      });

      it('an organization has nothing of what another has', async () => {
        const mine = await put('the same for both');
        const theirs = blobOf(randomUUID(), 'the same for both');
        await expectNothing(theirs.key);
        await store.put(theirs.key, theirs.bytes, theirs);
        await store.delete([mine.key]);
        expect(await store.get(theirs.key)).toEqual(theirs.bytes);
        await expectNothing(mine.key);
      });

      it.each([
        '',
        'x',
        `../${'a'.repeat(64)}`,
        `${'.'.repeat(36)}/${'a'.repeat(64)}`,
        `${'-'.repeat(36)}/${'a'.repeat(64)}`,
        `${randomUUID()}/../${'a'.repeat(61)}`,
        `${randomUUID()}/${'A'.repeat(64)}`,
        `${randomUUID()}/${'a'.repeat(64)}\n`,
        `/${randomUUID()}/${'a'.repeat(64)}`,
        `${randomUUID()}/${'a'.repeat(64)}?x=1`,
        `${randomUUID()}/${'a'.repeat(63)}\0`,
      ])('refuses what is no key: %j', async (key) => {
        const refused = { code: 'VALIDATION_ERROR' };
        const bytes = bytesOf('x');
        const sha256 = sha256Of(bytes);
        await expect(store.put(key, bytes, { sha256, sizeBytes: 1 })).rejects.toMatchObject(refused);
        await expect(store.putMany([{ key, bytes, sha256 }])).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.open(key)).rejects.toMatchObject(refused);
        await expect(store.has([key])).rejects.toMatchObject(refused);
        await expect(store.delete([key])).rejects.toMatchObject(refused);
      });
    }
  });
};
