import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedBlobs } from './cached.ts';
import { blobContract } from './contract.ts';
import { createFsBlobs } from './fs.ts';
import { sha256Of } from './key.ts';
import type { BlobStore } from './port.ts';

const MIB = 2 ** 20;

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'miosa-cached-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const blobOf = (bytes: Buffer) => {
  const sha256 = sha256Of(bytes);
  return { key: `${randomUUID()}/${sha256}`, bytes, sha256, sizeBytes: bytes.length };
};

/** A store elsewhere that counts what it is asked for, and can be away. */
const startStore = () => {
  const folder = join(scratch, randomUUID());
  mkdirSync(folder);
  const inner = createFsBlobs({ folder: join(folder, 'store') });
  const asked: string[] = [];
  const is = { away: false };
  const counted = <T>(what: string, call: () => Promise<T>): Promise<T> => {
    asked.push(what);
    return is.away ? Promise.reject(new Fault('UNAVAILABLE', 'away')) : call();
  };
  const store: BlobStore = {
    ...inner,
    get: (key) => counted('get', () => inner.get(key)),
    open: (key, range) => counted('open', () => inner.open(key, range)),
    localPath: () => null,
  };
  const open = (maxBytes = 100 * MIB, minFreeBytes = 0) =>
    cachedBlobs({ store, folder: join(folder, 'cache'), maxBytes, minFreeBytes }); // biome-ignore format: one line
  const put = async (bytes: Buffer): Promise<string> => {
    const blob = blobOf(bytes);
    await inner.put(blob.key, bytes, blob);
    return blob.key;
  };
  return { asked, is, open, put, inner, folder: join(folder, 'cache') };
};
const read = async ({ stream }: { stream: Readable }): Promise<Buffer> => Buffer.concat(await stream.toArray());

blobContract('a store with a cache', async () => {
  const { inner, open } = startStore();
  return {
    store: open(),
    damage: async (key) => {
      const path = inner.localPath(key) ?? '';
      await writeFile(path, Buffer.alloc((await stat(path)).size, '?'));
    },
    close: async () => {},
  };
});

it('what was read once is served while the store is away, over a restart too', async () => {
  const { asked, is, open, put } = startStore();
  const [small, large] = [await put(Buffer.from('small')), await put(Buffer.alloc(2 * MIB, 'l'))];
  const first = open();
  expect((await first.get(small)).toString()).toBe('small');
  expect((await read(await first.open(large, { start: 5, end: 9 }))).toString()).toBe('lllll');
  expect(asked).toEqual(['get', 'open']);
  is.away = true;
  const second = open();
  for (const cache of [first, second]) {
    expect((await cache.get(small)).toString()).toBe('small');
    expect((await read(await cache.open(large))).length).toBe(2 * MIB);
    expect((await stat(cache.localPath(large) ?? '')).size).toBe(2 * MIB);
    await cache.close();
  }
  expect(asked).toHaveLength(2);
  const other = await put(Buffer.from('other'));
  await expect(open().get(other)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it('the store is asked once for all who wait', async () => {
  const { asked, open, put } = startStore();
  const [small, large] = [await put(Buffer.from('small')), await put(Buffer.alloc(MIB, 'l'))];
  const cache = open();
  const all = Array.from({ length: 50 }, async () => [await cache.get(small), await read(await cache.open(large))]);
  for (const [one, other] of await Promise.all(all)) expect([one?.length, other?.length]).toEqual([5, MIB]);
  expect(asked.sort()).toEqual(['get', 'open']);
});

it('a large content goes to its visitor as it comes, and is in the cache afterwards', async () => {
  const { asked, open, put } = startStore();
  const key = await put(Buffer.alloc(20 * MIB, 'x'));
  const cache = open();
  expect((await read(await cache.open(key, { start: 0, end: 9 }))).length).toBe(10);
  await expect.poll(() => cache.localPath(key), { timeout: 40_000 }).not.toBeNull();
  const before = asked.length;
  expect((await read(await cache.open(key))).length).toBe(20 * MIB);
  expect(asked).toHaveLength(before);
});

it('holds no more than it may: what is used least goes first', async () => {
  const { asked, is, open, put, folder } = startStore();
  const keys = [];
  for (const letter of 'abcde') keys.push(await put(Buffer.alloc(MIB, letter)));
  const [a = '', b = '', c = '', d = '', e = ''] = keys;
  const cache = open(3 * MIB);
  for (const key of [a, b, c, a, d]) await cache.get(key);
  await read(await cache.open(e));
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files).toHaveLength(3);
  is.away = true;
  asked.length = 0;
  for (const key of [a, d, e]) expect((await cache.get(key)).length).toBe(MIB);
  for (const key of [b, c]) await expect(cache.get(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  is.away = false;
  const huge = await put(Buffer.alloc(4 * MIB));
  expect((await read(await cache.open(huge))).length).toBe(4 * MIB);
  expect((await cache.get(huge)).length).toBe(4 * MIB);
  expect(cache.localPath(huge)).toBeNull();
  expect((await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())).toHaveLength(3);
  const smaller = open(MIB);
  await smaller.get(e);
  await expect
    .poll(async () => (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length, {
      timeout: 15_000,
    })
    .toBe(1);
});

it('what is damaged on the disk is read from the store again', async () => {
  const { asked, open, put } = startStore();
  const [small, large] = [await put(Buffer.from('small')), await put(Buffer.alloc(2 * MIB, 'l'))];
  const first = open();
  await first.get(small);
  await read(await first.open(large));
  const paths = [first.localPath(small) ?? '', first.localPath(large) ?? ''];
  for (const path of paths) await writeFile(path, Buffer.alloc((await stat(path)).size, '?'));
  await first.close();
  const second = open();
  expect(second.localPath(large)).toBeNull();
  asked.length = 0;
  expect((await second.get(small)).toString()).toBe('small');
  expect((await read(await second.open(large, { start: 0, end: 2 }))).toString()).toBe('lll');
  expect(asked).toEqual(['get', 'open']);
});

it('a disk that takes nothing is done without', async () => {
  const { asked, open, put, folder } = startStore();
  const [small, large] = [await put(Buffer.from('small')), await put(Buffer.alloc(2 * MIB, 'l'))];
  const full = open(100 * MIB, Number.MAX_SAFE_INTEGER);
  for (let visit = 0; visit < 2; visit++) {
    expect((await full.get(small)).toString()).toBe('small');
    expect((await read(await full.open(large, { start: 1, end: 3 }))).toString()).toBe('lll');
    expect(full.localPath(large)).toBeNull();
  }
  expect(asked.filter((what) => what === 'get')).toHaveLength(2);
  const gone = open();
  await rm(folder, { recursive: true });
  expect((await read(await gone.open(large))).length).toBe(2 * MIB);
  expect((await gone.get(small)).toString()).toBe('small');
});

it('a content that the store has lost or damaged is not kept', async () => {
  const { open, put, inner } = startStore();
  const key = await put(Buffer.from('right'));
  await writeFile(inner.localPath(key) ?? '', 'wrong');
  const cache = open();
  await expect(cache.get(key)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect((await read(await cache.open(key))).toString()).toBe('wrong'); // as the store has it: the caller compares
  expect(cache.localPath(key)).toBeNull();
  await inner.delete([key]);
  await expect(cache.open(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(cache.get(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
