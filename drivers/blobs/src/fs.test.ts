import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blobContract } from './contract.ts';
import { createFsBlobs } from './fs.ts';
import { sha256Of } from './key.ts';
import type { BlobStore } from './port.ts';

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'miosa-blobs-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const blobOf = (text: string, tenant = randomUUID()) => {
  const bytes = Buffer.from(text);
  const sha256 = sha256Of(bytes);
  return { key: `${tenant}/${sha256}`, bytes, sha256, sizeBytes: bytes.length };
};
const folderOf = (name: string) => join(scratch, name);
const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);

const keysOf = async (store: BlobStore): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
};

blobContract('files of a folder', async () => {
  const folder = folderOf('contract');
  const store = createFsBlobs({ folder });
  return {
    store,
    damage: async (key) => {
      const path = store.localPath(key) ?? '';
      await writeFile(path, Buffer.alloc((await stat(path)).size, '?'));
    },
    close: async () => {
      expect((await filesOf(folder)).filter((name) => name.includes('.'))).toEqual([]);
    },
  };
});

it('what is there is not written again, unless its size is wrong', async () => {
  const store = createFsBlobs({ folder: folderOf('again') });
  const blob = blobOf('content');
  await store.put(blob.key, blob.bytes, blob);
  const path = store.localPath(blob.key) ?? '';
  const { ino } = await stat(path);
  await store.put(blob.key, blob.bytes, blob);
  await store.putMany([blob]);
  expect((await stat(path)).ino).toBe(ino);
  await writeFile(path, 'cut');
  await store.putMany([blob]);
  expect(await store.get(blob.key)).toEqual(blob.bytes);
});

it('files and folders are closed to others', async () => {
  const folder = folderOf('modes');
  const store = createFsBlobs({ folder });
  const blob = blobOf('private');
  await store.put(blob.key, blob.bytes, blob);
  const path = store.localPath(blob.key) ?? '';
  const modes = await Promise.all([path, join(path, '..'), join(path, '../..'), folder].map(async (at) => (await stat(at)).mode & 0o777));
  expect(modes).toEqual([0o640, 0o750, 0o750, 0o750]);
});

it('keeps room on the disk, says what to do, and goes on as soon as there is room', async () => {
  const free = { bytes: Number.MAX_SAFE_INTEGER };
  const folder = folderOf('full');
  const store = createFsBlobs({ folder, minFreeBytes: free.bytes });
  const blob = blobOf('too much');
  for (const put of [() => store.put(blob.key, blob.bytes, blob), () => store.putMany([blob])])
    await expect(put()).rejects.toMatchObject({ code: 'STORAGE_FULL', message: expect.stringContaining('Delete deployments') });
  expect(await filesOf(folder)).toEqual([]);
  const roomy = createFsBlobs({ folder, minFreeBytes: 0 });
  await roomy.put(blob.key, blob.bytes, blob);
  await store.put(blob.key, blob.bytes, blob); // needs no room
});

it('a folder that is gone is a store that is away, not one without contents', async () => {
  const folder = folderOf('gone');
  const store = createFsBlobs({ folder });
  const blob = blobOf('x');
  await rm(folder, { recursive: true });
  const away = { code: 'UNAVAILABLE' };
  await expect(store.get(blob.key)).rejects.toMatchObject(away);
  await expect(store.open(blob.key)).rejects.toMatchObject(away);
  await expect(store.has([blob.key])).rejects.toMatchObject(away);
  await expect(store.put(blob.key, blob.bytes, blob)).rejects.toMatchObject(away);
  await expect(keysOf(store)).rejects.toMatchObject(away);
  await mkdir(folder);
  await store.put(blob.key, blob.bytes, blob);
});

it('whenever a process is killed, what is there is whole', async () => {
  const folder = folderOf('killed');
  const store = createFsBlobs({ folder });
  const work = `
    import { createFsBlobs } from ${JSON.stringify(join(import.meta.dirname, 'fs.ts'))};
    import { hash, randomBytes } from 'node:crypto';
    const store = createFsBlobs({ folder: ${JSON.stringify(folder)} });
    const blobs = Array.from({ length: 500 }, () => {
      const bytes = randomBytes(20_000);
      const sha256 = hash('sha256', bytes, 'hex');
      return { key: '${randomUUID()}/' + sha256, bytes, sha256 };
    });
    await store.putMany(blobs);
    await new Promise(() => setTimeout(() => {}, 60_000));
  `;
  for (const written of [1, 100, 300]) {
    const before = (await keysOf(store)).length;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', work], { stdio: 'ignore' });
    await expect.poll(async () => (await keysOf(store)).length, { timeout: 15_000, interval: 1 }).toBeGreaterThanOrEqual(before + written);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for await (const { key } of store.list('')) await store.get(key);
  }
});

it('what a crash has left is swept after an hour; what is being written is not', async () => {
  const folder = folderOf('swept');
  const first = createFsBlobs({ folder });
  const blob = blobOf('kept');
  await first.put(blob.key, blob.bytes, blob);
  const path = first.localPath(blob.key) ?? '';
  const [old, young] = [`${path}.0123456789abcdef.tmp`, `${path}.fedcba9876543210.tmp`];
  await Promise.all([old, young].map((at) => writeFile(at, 'half')));
  const twoHoursAgo = Date.now() / 1000 - 7200;
  for (const at of [old, path]) await utimes(at, twoHoursAgo, twoHoursAgo);
  const swept = async (sweeps: boolean): Promise<string[]> => {
    const store = createFsBlobs({ folder, sweeps });
    await expect.poll(async () => (await filesOf(folder)).length, { timeout: 15_000 }).toBe(sweeps ? 2 : 3);
    expect(await keysOf(store)).toEqual([blob.key]);
    await store.close();
    return filesOf(folder);
  };
  expect(await swept(false)).toHaveLength(3);
  expect((await swept(true)).sort()).toEqual([blob.sha256, `${blob.sha256}.fedcba9876543210.tmp`].sort());
});
