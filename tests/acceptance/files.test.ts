import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { request } from '../harness/request.ts';

const miosa = client();
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create();
});
afterAll(async () => {
  await sandbox?.destroy();
});

it('writes and reads bytes exactly, making missing folders', async () => {
  const bytes = randomBytes(300_000);
  const written = await sandbox.files.write('a/b/c.bin', bytes, { mode: '0755' });
  expect(written).toMatchObject({ path: '/workspace/a/b/c.bin', type: 'file', sizeBytes: 300_000, mode: '0755' });
  expect(Buffer.compare(Buffer.from(await sandbox.files.read('a/b/c.bin')), bytes)).toBe(0);
  expect((await sandbox.exec('stat -c %U:%G a/b/c.bin')).stdout).toBe('sandbox:sandbox\n');
});

it('lists in name order, stats, makes, renames, copies, changes mode and deletes', async () => {
  await sandbox.files.mkdir('tree/sub');
  await sandbox.files.write('tree/b.txt', 'b');
  await sandbox.files.write('tree/a.txt', 'a');
  const names = [];
  for await (const file of sandbox.files.list('tree')) names.push(file.name);
  expect(names).toEqual(['a.txt', 'b.txt', 'sub']);
  await sandbox.files.rename({ from: 'tree/a.txt', to: 'tree/sub/a2.txt' });
  await sandbox.files.copy({ from: 'tree/sub', to: 'tree/copy' });
  await sandbox.files.chmod({ path: 'tree/copy/a2.txt', mode: '0600' });
  expect(await sandbox.files.stat('tree/copy/a2.txt')).toMatchObject({ mode: '0600', sizeBytes: 1 });
  await expect(sandbox.files.copy({ from: 'tree/b.txt', to: 'tree/copy/a2.txt' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(sandbox.files.delete('tree')).rejects.toMatchObject({ code: 'NOT_EMPTY' });
  await sandbox.files.delete('tree', { recursive: true });
  await expect(sandbox.files.stat('tree')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('writes many files in one call, and says which failed without losing the others', async () => {
  const result = await sandbox.files.writeMany([
    { path: 'many/one.txt', content: '1' },
    { path: '/proc/sys/kernel/hostname', content: 'x' },
    { path: 'many/two.bin', contentBase64: Buffer.from([0, 255]).toString('base64') },
  ]);
  expect(result.written.map(({ path }) => path)).toEqual(['many/one.txt', 'many/two.bin']);
  expect(result.failed).toMatchObject([{ path: '/proc/sys/kernel/hostname', code: 'FORBIDDEN' }]);
});

it('answers ranges and conditional requests', async () => {
  const { apiUrl, apiKey } = platform();
  await sandbox.files.write('range.txt', '0123456789');
  const url = `${apiUrl}/api/v1/sandboxes/${sandbox.id}/files/content?path=range.txt`;
  const headers = { authorization: `Bearer ${apiKey}` };
  const part = await request(url, { headers: { ...headers, range: 'bytes=2-4' } });
  expect([part.status, part.body]).toEqual([206, '234']);
  expect((await request(url, { headers: { ...headers, 'if-none-match': String(part.headers.etag) } })).status).toBe(304);
  expect((await request(url, { headers: { ...headers, range: 'bytes=99-' } })).status).toBe(416);
});

it('streams 200 MiB in and out unharmed', async () => {
  const chunk = randomBytes(1 << 20);
  const hash = createHash('sha256');
  const upload = new ReadableStream<Uint8Array>({
    start: () => undefined,
    pull: (() => {
      let sent = 0;
      return (controller: ReadableStreamDefaultController<Uint8Array>) => {
        if (sent++ === 200) return controller.close();
        hash.update(chunk);
        controller.enqueue(chunk);
      };
    })(),
  });
  await sandbox.files.write('big.bin', upload);
  const expected = hash.digest('hex');
  expect((await sandbox.exec('sha256sum big.bin')).stdout).toContain(expected);
  const back = createHash('sha256');
  for await (const bytes of await sandbox.files.readStream('big.bin')) back.update(bytes);
  expect(back.digest('hex')).toBe(expected);
  await sandbox.files.delete('big.bin');
});

describe('archives', () => {
  const dir = mkdtempSync(join(tmpdir(), 'miosa-archive-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const tar = (...args: readonly string[]): Uint8Array<ArrayBuffer> =>
    new Uint8Array(execFileSync('tar', ['-C', dir, '-c', ...args], { maxBuffer: 1 << 28 }));

  it('go in and come out with the same content', async () => {
    mkdirSync(join(dir, 'good/deep'), { recursive: true });
    writeFileSync(join(dir, 'good/deep/file.txt'), 'content');
    symlinkSync('deep/file.txt', join(dir, 'good/link'));
    expect(await sandbox.files.archive.set(tar('-z', 'good'), 'in')).toMatchObject({ files: expect.any(Number) });
    expect((await sandbox.exec('cat in/good/link')).stdout).toBe('content');
    const parts: Uint8Array[] = [];
    for await (const part of await sandbox.files.archive.get('in')) parts.push(part);
    const listing = execFileSync('tar', ['-tz'], { input: Buffer.concat(parts) }).toString();
    expect(listing).toContain('good/deep/file.txt');
  });

  it.each([
    ['an absolute name', ['-P', '--transform', 's,^,/tmp/,', 'good/deep/file.txt']],
    ['a name that climbs out', ['-P', '--transform', 's,^,../../tmp/,', 'good/deep/file.txt']],
    ['a link that leaves the folder', ['out']],
    ['a device', ['dev']],
  ])('with %s are refused and nothing is written', async (_, args) => {
    rmSync(join(dir, 'out'), { force: true });
    rmSync(join(dir, 'dev'), { force: true });
    symlinkSync('../../../etc/passwd', join(dir, 'out'));
    execFileSync('mknod', [join(dir, 'dev'), 'c', '1', '3']);
    await expect(sandbox.files.archive.set(tar(...args, 'good'), 'attack')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect((await sandbox.exec('find attack -type f 2>/dev/null | wc -l')).stdout).toBe('0\n');
  });
});

it.each([
  ['a\u0000b', 400, 'BAD_REQUEST'],
  ['/proc/1/environ', 403, 'FORBIDDEN'],
  ['/sys/kernel', 403, 'FORBIDDEN'],
  ['/dev/null', 403, 'FORBIDDEN'],
  ['../../../../proc/version', 403, 'FORBIDDEN'],
  ['no/such/file', 404, 'NOT_FOUND'],
])('refuses to read %j with a clear error', async (path, status, code) => {
  await expect(sandbox.files.read(path)).rejects.toMatchObject({ status, code });
});

it('follows links inside the sandbox only, and not into /proc', async () => {
  await sandbox.exec('ln -sf /proc/self/environ sneaky; ln -sf /etc/hostname fine');
  await expect(sandbox.files.read('sneaky')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect((await sandbox.files.readText('fine')).length).toBeGreaterThan(0);
});

it('says 507 when the disk is full, keeps what was there, and works again after a clean-up', async () => {
  await using small = await miosa.sandboxes.create({ size: 'xs' });
  await small.files.write('precious.txt', 'kept');
  await small.exec('fallocate -l 12G filler || dd if=/dev/zero of=filler bs=16M count=700', { timeout: 300 });
  await expect(small.files.write('one-more.bin', randomBytes(64 << 20))).rejects.toMatchObject({ status: 507, code: 'STORAGE_FULL' });
  expect(await small.files.readText('precious.txt')).toBe('kept');
  await small.exec('rm -f filler');
  await expect
    .poll(
      () =>
        small.files.write('one-more.txt', 'fits').then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
});
