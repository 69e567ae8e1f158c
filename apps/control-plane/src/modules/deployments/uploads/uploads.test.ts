import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { decodeManifest } from '@miosa/releases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Member, tarOf } from '../archive/testing/tar.ts';
import { createWorld, sha256, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const entry = (path: string, bytes: string | Buffer) => ({ path, sha256: sha256(bytes), size_bytes: Buffer.byteLength(bytes) });
const unique = (text: string): string => `${text}${randomBytes(8).toString('hex')}`;

const list = async (id: string, files: object[], how = {}) =>
  (await world.call('POST', `/deployments/${id}/uploads`, { files }, how)).body.data;
const put = (id: string, upload: string, bytes: string | Buffer, name = sha256(bytes), how = {}) =>
  world.call('PUT', `/deployments/${id}/uploads/${upload}/blobs/${name}`, Buffer.from(bytes), { type: 'application/octet-stream', ...how });
const versions = async (id: string): Promise<unknown[]> => (await world.call('GET', `/deployments/${id}/versions`)).body.data;

describe('an upload', () => {
  test('says what is missing, takes it, and is published with compressed forms', async () => {
    const id = await world.deployment();
    const [page, style, large] = [unique('<h1>'), unique('a{}'.repeat(200)), Buffer.from(unique('let x;\n'.repeat(300_000)))];
    const files = [entry('index.html', page), entry('a.css', style), entry('again.css', style), entry('big.js', large)];
    const { id: upload, missing } = await list(id, files);
    expect(new Set(missing)).toEqual(new Set([sha256(page), sha256(style), sha256(large)]));
    for (const bytes of [page, style, large]) {
      const sent = await put(id, upload, bytes);
      expect(sent).toMatchObject({ status: 200, body: { data: { sha256: sha256(bytes), size_bytes: Buffer.byteLength(bytes) } } });
    }
    const { status, body } = await world.call('POST', `/deployments/${id}/versions`, { upload_id: upload });
    expect([status, body.data?.promoted, body.data?.version.state]).toEqual([201, true, 'ready']);
    const manifest = decodeManifest(await world.core.blobs.get(`${world.tenantId}/${body.data.version.artifact_sha256}`));
    expect(manifest.files.map(({ path }) => path)).toEqual(['a.css', 'again.css', 'big.js', 'index.html']);
    for (const path of ['a.css', 'big.js']) expect(manifest.files.find((file) => file.path === path)?.br).toBeDefined();
  });

  test('that broke off goes on with what is missing, also in another deployment of the organization', async () => {
    const [a, b] = [unique('a'), unique('b')];
    const files = [entry('index.html', a), entry('b', b)];
    const id = await world.deployment();
    const first = await list(id, files);
    await put(id, first.id, a);
    await put(id, first.id, a);
    expect((await list(id, files)).missing).toEqual([sha256(b)]);
    expect((await list(await world.deployment(), files)).missing).toEqual([sha256(b)]);
    const { status, body } = await world.call('POST', `/deployments/${id}/versions`, { upload_id: first.id });
    expect([status, body.error.code, body.error.details.missing]).toEqual([409, 'CONFLICT', [sha256(b)]]);
    expect(await versions(id)).toEqual([]);
    await put(id, first.id, b);
    expect((await world.call('POST', `/deployments/${id}/versions`, { upload_id: first.id })).status).toBe(201);
  });

  const packed = (...members: Member[]): Buffer => gzipSync(tarOf(...members));
  const putMany = (id: string, upload: string, body: Buffer, how = {}) =>
    world.call('PUT', `/deployments/${id}/uploads/${upload}/blobs`, body, { type: 'application/gzip', ...how });

  test('takes 1,000 contents in one request, named by their hashes', async () => {
    const id = await world.deployment();
    const texts = Array.from({ length: 1000 }, (_, i) => unique(`<h1>${i}`));
    const files = texts.map((text, i) => entry(i === 0 ? 'index.html' : `pages/${i}.html`, text));
    const { id: upload, missing } = await list(id, files);
    expect(missing).toHaveLength(1000);
    const sent = await putMany(id, upload, packed(...texts.map((text) => ({ name: sha256(text), text }))));
    expect(sent).toMatchObject({ status: 200, body: { data: { contents: 1000 } } });
    const { status, body } = await world.call('POST', `/deployments/${id}/versions`, { upload_id: upload });
    expect([status, body.data?.version.artifact_manifest.files]).toEqual([201, 1000]);
  });

  test('takes of many contents no other than those announced', async () => {
    const id = await world.deployment();
    const [text, other] = [unique('text'), unique('other')];
    const { id: upload } = await list(id, [entry('index.html', text), entry('b.html', other)]);
    const name = sha256(text);
    const bad: [string, Buffer][] = [
      ['other bytes under its name', packed({ name, text: text.toUpperCase() })],
      ['fewer bytes', packed({ name, text: text.slice(1) })],
      ['a hash of no file', packed({ name: sha256('nothing'), text: 'nothing' })],
      ['a path', packed({ name: 'index.html', text })],
      ['a link', packed({ name, flag: '2', link: '/etc/passwd' })],
      ['a folder', packed({ name, flag: '5' })],
      ['the same twice', packed({ name, text }, { name, text })],
      ['nothing', packed()],
      ['no gzip', tarOf({ name, text })],
      ['an archive cut short', packed({ name, text }).subarray(0, 60)],
    ];
    for (const [what, body] of bad) {
      const answer = await putMany(id, upload, body);
      expect([what, answer.status, answer.body.error?.code]).toEqual([what, 422, 'VALIDATION_ERROR']);
    }
    expect((await list(id, [entry('index.html', text)])).missing).toEqual([name]);
    const stranger = await world.tenant('Stranger');
    expect((await putMany(id, upload, packed({ name, text }), { as: stranger })).status).toBe(404);
    expect((await putMany(await world.deployment(), upload, packed({ name, text }))).status).toBe(404);
    expect((await putMany(id, upload, packed({ name, text }))).status).toBe(200);
    expect((await list(id, [entry('index.html', text), entry('b.html', other)])).missing).toEqual([sha256(other)]);
    world.advance(24 * 60 * 60 * 1000 + 1);
    expect((await putMany(id, upload, packed({ name, text }))).status).toBe(410);
  });

  test('tells nobody what another organization has', async () => {
    const other = await world.tenant('Other');
    const text = unique('secret');
    const files = [entry('index.html', text)];
    const id = await world.deployment();
    await put(id, (await list(id, files)).id, text);
    const theirs = await world.deployment(other);
    expect((await list(theirs, files, { as: other })).missing).toEqual([sha256(text)]);
    const upload = await list(id, files);
    for (const path of [`/deployments/${id}`, `/deployments/${theirs}`]) {
      expect((await world.call('POST', `${path}/versions`, { upload_id: upload.id }, { as: other })).status).toBe(404);
      const blob = `${path}/uploads/${upload.id}/blobs/${sha256(text)}`;
      expect((await world.call('PUT', blob, Buffer.from(text), { as: other })).status).toBe(404);
    }
    expect((await world.call('POST', `/deployments/${id}/uploads`, { files }, { as: other })).status).toBe(404);
  });

  test('takes no other bytes than those announced, and has nothing of them', async () => {
    const id = await world.deployment();
    const large = randomBytes(2 ** 20 + 1);
    for (const bytes of [Buffer.from(unique('text')), large]) {
      const { id: upload } = await list(id, [entry('index.html', bytes)]);
      const other = Buffer.from(bytes);
      other[0] = (other[0] ?? 0) ^ 1;
      for (const wrong of [other, bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(0)]) {
        const { status, body } = await put(id, upload, wrong, sha256(bytes));
        expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
        expect(await world.core.blobs.has([`${world.tenantId}/${sha256(bytes)}`])).toEqual(new Set());
      }
      expect((await list(id, [entry('index.html', bytes)])).missing).toEqual([sha256(bytes)]);
      expect((await put(id, upload, 'x')).body.error.code).toBe('VALIDATION_ERROR');
    }
  });

  test('takes empty files, and expires after a day', async () => {
    const id = await world.deployment();
    const text = unique('x');
    const upload = await list(id, [entry('index.html', text), entry('empty', '')]);
    expect((await put(id, upload.id, '')).status).toBe(200);
    expect((await put(id, upload.id, text)).status).toBe(200);
    world.advance(24 * 60 * 60 * 1000 + 1);
    expect((await put(id, upload.id, text)).status).toBe(410);
    expect((await world.call('POST', `/deployments/${id}/versions`, { upload_id: upload.id })).status).toBe(410);
    await list(id, [entry('index.html', text)]);
    expect((await put(id, upload.id, text)).status).toBe(404);
  });

  test('and its publish are made once, however often they are asked for', async () => {
    const id = await world.deployment();
    const text = unique('x');
    const files = [entry('index.html', text)];
    const [one, two] = [await list(id, files, { key: 'same-upload' }), await list(id, files, { key: 'same-upload' })];
    expect(two).toEqual(one);
    await put(id, one.id, text);
    const publish = () => world.call('POST', `/deployments/${id}/versions`, { upload_id: one.id }, { key: 'same-publish' });
    const [first, again] = [await publish(), await publish()];
    expect(again).toEqual(first);
    expect(await versions(id)).toHaveLength(1);
  });

  const [hash] = [sha256('x')];
  test.each<[string, object[]]>([
    ['no files', []],
    ['an absolute path', [entry('/etc/passwd', 'x')]],
    ['a path that leaves the folder', [entry('a/../../b', 'x')]],
    ['an empty part', [entry('a//b', 'x')]],
    ['a dot', [entry('./a', 'x')]],
    ['a folder', [entry('a/', 'x')]],
    ['control characters', [entry('a\nb', 'x')]],
    ['half a surrogate pair', [entry('a\ud800', 'x')]],
    ['a name of 256 bytes', [entry('ü'.repeat(128), 'x')]],
    ['a path twice', [entry('a', 'x'), entry('a', 'y')]],
    ['a file that is a folder', [entry('a/b', 'x'), entry('a', 'x')]],
    ['a folder that is a file', [entry('a', 'x'), entry('a/b/c', 'x')]],
    ['a hash that is none', [{ path: 'a', sha256: hash.toUpperCase(), size_bytes: 1 }]],
    ['two sizes of a content', [entry('a', 'x'), { path: 'b', sha256: hash, size_bytes: 2 }]],
    ['a negative size', [{ path: 'a', sha256: hash, size_bytes: -1 }]],
  ])('with %s is refused', async (_what, files) => {
    const { status, body } = await world.call('POST', `/deployments/${await world.deployment()}/uploads`, { files });
    expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  });

  test('of more than 10 GiB is refused before anything is sent, and so is a content that is known to be of another size', async () => {
    const id = await world.deployment();
    const files = Array.from({ length: 11 }, (_, n) => ({ path: `${n}`, sha256: sha256(`${n}`), size_bytes: 2 ** 30 }));
    expect((await world.call('POST', `/deployments/${id}/uploads`, { files })).body.error.code).toBe('PAYLOAD_TOO_LARGE');
    const text = unique('known');
    await put(id, (await list(id, [entry('index.html', text)])).id, text);
    const lie = { ...entry('index.html', text), size_bytes: 1 };
    expect((await world.call('POST', `/deployments/${id}/uploads`, { files: [lie] })).body.error.code).toBe('VALIDATION_ERROR');
  });
});
