import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { open } from '../testing/client.ts';
import { deploy } from '../testing/deployments.ts';
import { createFakeBlobs, type FakeBlobs, publish } from '../testing/fake-blobs.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';
import { createStatic } from './static.ts';

const folder = mkdtempSync(join(tmpdir(), 'large-'));
const onDisk = createFakeBlobs(folder);
const elsewhere = createFakeBlobs();
const errors: string[] = [];
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_fields, message) => void errors.push(message) };
const room = { maxManifestBytes: 1_000_000, maxFileBytes: 1_000_000, stallMs: 500 };
const platforms = new Map<FakeBlobs, Platform>();
beforeAll(async () => {
  for (const blobs of [onDisk, elsewhere]) {
    platforms.set(blobs, await startPlatform({ sites: createStatic({ blobs: blobs.store, log, ...room }) }));
  }
});
afterAll(async () => {
  for (const platform of platforms.values()) await platform.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  errors.length = 0;
});

const SIZE = 3_000_000;

/** A site with one large file of its own bytes. */
const clip = (blobs: FakeBlobs, sizeBytes = SIZE) => {
  const bytes = randomBytes(sizeBytes);
  const platform = platforms.get(blobs);
  if (platform === undefined) throw new Error('not started');
  const { host } = deploy(platform, { kind: 'static', manifestSha256: publish(blobs, 'ten_1', { 'clip.bin': bytes, 'a.txt': 'a' }) });
  const start = (headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> =>
    open({ port: platform.httpPort, host, path: '/clip.bin', headers, method });
  const get = async (headers: Record<string, string> = {}, method = 'GET') => {
    const message = await start(headers, method);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      return { status: message.statusCode, complete: false, body: Buffer.concat(chunks) };
    }
    return { status: message.statusCode, complete: message.complete, body: Buffer.concat(chunks) };
  };
  return { bytes, start, get, key: `ten_1/${createHash('sha256').update(bytes).digest('hex')}` };
};

const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });
const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !done(); i++) await sleep(10);
};

describe.each([
  ['on this host', onDisk],
  ['in a store elsewhere', elsewhere],
])('a large file %s', (_where, blobs) => {
  it('is sent whole, in parts, and not at all for HEAD', async () => {
    const { bytes, get } = clip(blobs);
    const whole = await get();
    expect([whole.status, whole.complete, whole.body.equals(bytes)]).toEqual([200, true, true]);
    const part = await get({ range: 'bytes=1000000-1999999' });
    expect([part.status, part.body.equals(bytes.subarray(1_000_000, 2_000_000))]).toEqual([206, true]);
    expect((await get({ range: `bytes=${SIZE}-` })).status).toBe(416);
    const before = blobs.reads.length;
    const head = await get({}, 'HEAD');
    expect([head.status, head.body.length, blobs.reads.length]).toEqual([200, 0, before]);
  });

  it('is closed when the visitor leaves half-way', async () => {
    const { start } = clip(blobs);
    const message = await start();
    await new Promise((resolve) => message.once('data', resolve));
    message.destroy();
    await until(() => openFiles().length === 0 && blobs.streams.size === 0);
    expect([openFiles(), blobs.streams.size, errors]).toEqual([[], 0, []]);
  });

  it('is closed when the visitor stays and takes nothing', async () => {
    const { start } = clip(blobs, 40_000_000);
    const message = await start();
    message.pause();
    await until(() => openFiles().length + blobs.streams.size > 0);
    await until(() => openFiles().length + blobs.streams.size === 0);
    expect([openFiles(), blobs.streams.size]).toEqual([[], 0]);
    await new Promise((resolve) => message.once('error', resolve).resume());
    expect(message.complete).toBe(false);
  });

  it('that is missing is 502, and logged', async () => {
    const { get, key } = clip(blobs);
    blobs.contents.delete(key);
    if (blobs === onDisk) rmSync(onDisk.pathOf(key));
    expect([(await get()).status, errors.length]).toEqual([502, 1]);
  });
});

describe('damage on this host', () => {
  it.each([
    [
      'changed',
      (path: string, bytes: Buffer) =>
        writeFileSync(path, Buffer.concat([bytes.subarray(0, SIZE - 1), Buffer.from([(bytes[SIZE - 1] ?? 0) ^ 1])])),
    ],
    ['cut short', (path: string) => truncateSync(path, SIZE - 1)],
    ['longer', (path: string, bytes: Buffer) => writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]))],
  ])('a file that was %s is 502, whole or in parts; repaired, it is served', async (_how, spoil) => {
    const { bytes, get, key } = clip(onDisk);
    spoil(onDisk.pathOf(key), bytes);
    expect([(await get()).status, (await get({ range: 'bytes=0-9' })).status]).toEqual([502, 502]);
    expect([errors.length, openFiles()]).toEqual([2, []]);
    writeFileSync(onDisk.pathOf(key), bytes);
    expect((await get({ range: 'bytes=0-9' })).body.equals(bytes.subarray(0, 10))).toBe(true);
  });
});

describe('damage in a store elsewhere', () => {
  it('shows at the end: the visitor never has a complete wrong file', async () => {
    const { bytes, get, key } = clip(elsewhere);
    elsewhere.contents.set(key, Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), bytes.subarray(1)]));
    const got = await get();
    expect([got.complete, got.body.length < SIZE, errors.length]).toEqual([false, true, 1]);
  });

  it('another size is 502', async () => {
    const { bytes, get, key } = clip(elsewhere);
    elsewhere.contents.set(key, bytes.subarray(1));
    expect((await get()).status).toBe(502);
  });
});
