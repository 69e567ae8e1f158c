import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeManifest } from '@miosa/releases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Member, memberBytes, posixRecord, tarOf } from '../archive/testing/tar.ts';
import { createWorld, sha256, type World } from './testing/world.ts';

let world: World;
let id: string;
const earlier = process.env.TMPDIR;
beforeAll(async () => {
  world = await createWorld();
  process.env.TMPDIR = join(world.folder, 'scratch');
  mkdirSync(process.env.TMPDIR);
  id = await world.deployment();
});
afterAll(async () => {
  if (earlier === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = earlier;
  await world?.close();
});

const zipped = (...members: Member[]): Buffer => gzipSync(tarOf(...members), { level: 1 });
const publish = (bytes: Buffer, query = '', type = 'application/gzip') =>
  world.call('POST', `/deployments/${id}/versions${query}`, bytes, { type });
const versionsOf = async (): Promise<number> => (await world.call('GET', `/deployments/${id}/versions?limit=100`)).body.data.length;

/** What the organization's list says is there, is there; and no scratch file is left. */
const expectWhole = async (): Promise<void> => {
  const rows = await world.core.db.read.selectFrom('tenant_blobs').selectAll().execute();
  const keys = rows.map((row) => `${row.tenant_id}/${row.sha256}`);
  expect(await world.core.blobs.has(keys)).toEqual(new Set(keys));
  expect(readdirSync(join(world.folder, 'scratch'))).toEqual([]);
};

describe('a tar.gz', () => {
  test('is published with the names it has, whatever its files weigh', async () => {
    const video = randomBytes(17 * 2 ** 20);
    const long = `assets/${'n'.repeat(200)}.js`;
    const extended = { name: 'x', flag: 'x', text: posixRecord('path', `./${long}`) };
    const script = 'run();\n'.repeat(100);
    const bytes = zipped(
      ...[
        { name: './', flag: '5' },
        { name: './index.html', text: '<h1>' },
        { name: 'assets/', flag: '5', mode: 0o755 },
      ],
      ...[
        extended,
        { name: 'short', text: script },
        { name: 'same.js', text: script },
        { name: 'video.mp4', text: video },
        { name: 'empty' },
      ],
    );
    const { status, body } = await publish(bytes);
    expect([status, body.data?.promoted]).toEqual([201, true]);
    const manifest = decodeManifest(await world.core.blobs.get(`${world.tenantId}/${body.data.version.artifact_sha256}`));
    expect(manifest.files.map(({ path }) => path)).toEqual([long, 'empty', 'index.html', 'same.js', 'video.mp4']);
    expect(manifest.files[0]).toMatchObject({ sha256: sha256(script), br: {} });
    expect(manifest.files[4]).toMatchObject({ sha256: sha256(video), size: video.length });
    expect(sha256(await world.core.blobs.get(`${world.tenantId}/${sha256(video)}`))).toBe(sha256(video));
    await expectWhole();
  });

  test('has the settings of the publish in its query, and keeps a single folder at its top', async () => {
    const bytes = zipped({ name: 'site-1.0/', flag: '5' }, { name: 'site-1.0/home.htm', text: 'x' });
    expect((await publish(bytes)).status).toBe(422);
    const staged = await publish(bytes, '?output_path=site-1.0&entrypoint=home.htm&promote=false', 'application/octet-stream');
    expect([staged.status, staged.body.data?.promoted, staged.body.data?.version.state]).toEqual([201, false, 'ready']);
    expect((await publish(bytes, '?promote=maybe')).status).toBe(400);
    expect((await publish(bytes, '', 'text/plain')).status).toBe(415);
  });

  test('is not taken for another one that was sent with the same Idempotency-Key', async () => {
    const send = (text: string) => {
      const how = { type: 'application/gzip', key: 'same' };
      return world.call('POST', `/deployments/${id}/versions`, zipped({ name: 'index.html', text }), how);
    };
    const [one, two] = [await send('one'), await send('two')];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.body.data.version.artifact_sha256).not.toBe(two.body.data.version.artifact_sha256);
  });

  const page: Member = { name: 'index.html', text: '<h1>' };
  const file = (name: string | Buffer): Member => ({ name, text: 'x' });
  const noise = gzipSync(randomBytes(100_000));
  const many = (): Buffer => {
    const member = memberBytes({ name: 'f'.repeat(16) });
    const blocks = Array.from({ length: 100_001 }, (_, n) => {
      const block = Buffer.from(member);
      block.write(n.toString(16).padStart(16, 'g'), 0);
      block.write('        ', 148);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return block;
    });
    return gzipSync(Buffer.concat([memberBytes(page), ...blocks, Buffer.alloc(1024)]), { level: 1 });
  };
  test.each<[string, () => Buffer, code?: string]>([
    ['a link', () => zipped(page, { name: 'link', flag: '2', link: '/etc/passwd' })],
    ['a link inside', () => zipped(page, { name: 'link', flag: '2', link: 'index.html' })],
    ['a hard link', () => zipped(page, { name: 'link', flag: '1', link: 'index.html' })],
    ['a device', () => zipped(page, { name: 'null', flag: '3' })],
    ['a named pipe', () => zipped(page, { name: 'pipe', flag: '6' })],
    ['a sparse file', () => zipped(page, { name: 'sparse', flag: 'S' })],
    ['an absolute name', () => zipped(page, file('/etc/passwd'))],
    ['a name that leaves the folder', () => zipped(page, file('a/../../b'))],
    ['a folder that does', () => zipped(page, { name: '../b/', flag: '5' })],
    ['a name twice', () => zipped(page, page)],
    ['a name twice, spelt in two ways', () => zipped(page, file('./index.html'))],
    ['a file that is a folder', () => zipped(page, file('a'), file('a/b'))],
    ['a name that is not UTF-8', () => zipped(page, file(Buffer.from([0x61, 0xff])))],
    ['a name with NUL', () => zipped(page, { name: 'x', flag: 'x', text: posixRecord('path', 'a\0b') }, file('a'))],
    ['a name of 60 KB', () => zipped(page, { name: 'x', flag: 'x', text: posixRecord('path', 'n'.repeat(60_000)) }, file('a'))],
    ['a name of a gigabyte', () => zipped(page, { name: 'x', flag: 'x', size: 2 ** 30, text: 'x' })],
    ['no files', () => zipped({ name: 'a/', flag: '5' })],
    ['nothing', () => Buffer.alloc(0)],
    ['something that is no gzip', () => Buffer.from('<h1>'.repeat(1000))],
    ['something that is no tar', () => noise],
    ['half a gzip', () => zipped(page, { name: 'a', text: randomBytes(200_000) }).subarray(0, 100_000)],
    ['a gzip with a wrong sum', () => Buffer.concat([zipped(page).subarray(0, -8), Buffer.alloc(8)])],
    ['half a tar', () => gzipSync(tarOf(page, { name: 'a', text: randomBytes(200_000) }).subarray(0, 100_000))],
    ['a tar without its end', () => gzipSync(memberBytes(page))],
    ['a bomb', () => zipped(page, { name: 'zeros', text: Buffer.alloc(100 * 2 ** 20) })],
    ['a bomb behind its end', () => gzipSync(Buffer.concat([tarOf(page), Buffer.alloc(100 * 2 ** 20)]))],
    [
      'a file said to be of a terabyte',
      () => zipped(page, { name: 'x', flag: 'x', text: posixRecord('size', String(2 ** 40)) }, file('a')),
      'PAYLOAD_TOO_LARGE',
    ],
    ['too many files', many, 'PAYLOAD_TOO_LARGE'],
  ])('with %s is refused and publishes nothing', async (_what, make, code = 'VALIDATION_ERROR') => {
    const before = await versionsOf();
    const { status, body } = await publish(make());
    expect([status, body.error?.code]).toEqual([code === 'VALIDATION_ERROR' ? 422 : 413, code]);
    expect(await versionsOf()).toBe(before);
    await expectWhole();
  });

  test('is refused while it is still being sent, over the connection it comes on; one that breaks off publishes nothing', async () => {
    const socketPath = join(world.folder, 'api.sock');
    await world.server.listen(socketPath);
    const before = await versionsOf();
    const send = () => {
      const headers = { authorization: `Bearer ${world.tenantId}`, 'content-type': 'application/gzip' };
      return request({ socketPath, method: 'POST', path: `/api/v1/deployments/${id}/versions`, headers });
    };
    const refused = send();
    const status = new Promise<number | undefined>((resolve, reject) => {
      refused.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
    for (let n = 0; n < 64; n += 1) refused.write(Buffer.alloc(2 ** 20, 'x'));
    refused.end();
    expect(await status).toBe(422);
    const cut = send().on('error', () => {});
    cut.write(zipped({ name: 'index.html', text: 'x' }, { name: 'a', text: randomBytes(10_000) }).subarray(0, 5000));
    await new Promise((resolve) => cut.once('socket', (socket) => socket.once('connect', () => setImmediate(resolve))));
    cut.destroy();
    expect((await publish(zipped({ name: 'index.html', text: 'after' }))).status).toBe(201);
    expect(await versionsOf()).toBe(before + 1);
    await expectWhole();
  });
});
