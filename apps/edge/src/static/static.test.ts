import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Log } from '@miosa/kernel';
import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Call, open, raw } from '../testing/client.ts';
import { deploy } from '../testing/deployments.ts';
import { createFakeBlobs, publish } from '../testing/fake-blobs.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';
import { createStatic } from './static.ts';

const blobs = createFakeBlobs();
const errors: string[] = [];
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_fields, message) => void errors.push(message) };
let platform: Platform;
beforeAll(async () => {
  const sites = createStatic({ blobs: blobs.store, log, maxManifestBytes: 4_000_000, maxFileBytes: 4_000_000 });
  platform = await startPlatform({ sites });
});
afterAll(() => platform.close());
beforeEach(() => {
  errors.length = 0;
  blobs.state.fail = null;
});

interface Got {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

const site = (files: Readonly<Record<string, string | Buffer>>, fields: Parameters<typeof deploy>[1] = {}) => {
  const { host } = deploy(platform, { kind: 'static', manifestSha256: publish(blobs, 'ten_1', files), ...fields });
  return async (path: string, headers: Record<string, string> = {}, more: Partial<Call> = {}): Promise<Got> => {
    const message = await open({ port: platform.httpPort, host, path, headers, ...more });
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    return { status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) };
  };
};

const PAGE = `<!doctype html><title>home</title>${'<p>text</p>'.repeat(50)}`;
const SCRIPT = `console.log(${'1+'.repeat(200)}1)`;
const CLIP = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const refusals = async (code: string): Promise<number> => {
  const text = await platform.edge.metrics.registry.metrics();
  return Number(new RegExp(`miosa_edge_refused_total\\{code="${code}"\\} ([0-9]+)`).exec(text)?.[1] ?? 0);
};
const decoded = (bytes: Buffer): string | null => {
  for (const decode of [gunzipSync, brotliDecompressSync]) {
    try {
      return decode(bytes).toString();
    } catch {}
  }
  return null;
};
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const FILES = {
  'index.html': PAGE,
  'about.html': '<p>about',
  'docs/index.html': '<p>docs',
  'assets/index-BxY3_k9Q.js': SCRIPT,
  'clip.mp4': CLIP,
  'empty.txt': '',
  '404.html': '<p>own 404',
  '.env': 'SECRET=1',
  '.well-known/security.txt': 'Contact: x',
  _redirects: '/old /about\n/ext/* https://other.example/:splat 302\n/app/* /about 200\n/gone /about 404\n/temp /about 307!',
  _headers:
    '/clip.mp4\n  Cache-Control: public, max-age=60\n  Access-Control-Allow-Origin: *\n  Set-Cookie: a=b\n  Content-Length: 1\n/docs/*\n  X-Docs: yes\n  Vary: Origin\n  Content-Type: text/plain',
};

describe('a file', () => {
  it('comes with type, hash, caching, length and protection against sniffing', async () => {
    const { status, headers, body } = await site(FILES)('/');
    expect([status, body.toString()]).toEqual([200, PAGE]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(PAGE.length),
      etag: `"${sha256(PAGE)}"`,
      'cache-control': 'public, max-age=0, must-revalidate',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'x-request-id': expect.stringMatching(/^req_/),
    });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('whose name carries its hash may be kept for a year', async () => {
    const { headers } = await site(FILES)('/assets/index-BxY3_k9Q.js');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it('is sent in the form the visitor weighs highest, with a tag of its own for each', async () => {
    const get = site(FILES);
    const br = await get('/', { 'accept-encoding': 'gzip, br' });
    const gzip = await get('/', { 'accept-encoding': 'br;q=0.1, gzip' });
    const plain = await get('/', { 'accept-encoding': 'identity' });
    expect([brotliDecompressSync(br.body), gunzipSync(gzip.body), plain.body].map(String)).toEqual([PAGE, PAGE, PAGE]);
    expect([br, gzip, plain].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined]);
    expect(new Set([br, gzip, plain].map(({ headers }) => headers.etag)).size).toBe(3);
    for (const { headers, body } of [br, gzip, plain]) {
      expect([headers.vary, headers['content-length']]).toEqual(['Accept-Encoding', String(body.length)]);
    }
  });

  it('that the visitor has is 304 without a body, for the form that would be sent', async () => {
    const get = site(FILES);
    const { headers } = await get('/', { 'accept-encoding': 'br' });
    const etag = String(headers.etag);
    const again = await get('/', { 'accept-encoding': 'br', 'if-none-match': `"other", W/${etag}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect(again.headers).toMatchObject({ etag, vary: 'Accept-Encoding', 'cache-control': 'public, max-age=0, must-revalidate' });
    expect((await get('/', { 'if-none-match': etag })).status).toBe(200);
  });

  it('that is empty is sent', async () => {
    const { status, headers, body } = await site(FILES)('/empty.txt');
    expect([status, headers['content-length'], body.length]).toEqual([200, '0', 0]);
  });

  it('asked for by HEAD has the same head and no body', async () => {
    const get = site(FILES);
    const [head, whole] = [await get('/', {}, { method: 'HEAD' }), await get('/')];
    const { date: _a, 'x-request-id': _b, ...fields } = whole.headers;
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers).toMatchObject(fields);
  });
});

describe('a range', () => {
  it('of the plain bytes is 206, whatever encodings are accepted', async () => {
    const get = site(FILES);
    const part = await get('/', { range: 'bytes=2-5', 'accept-encoding': 'br' });
    expect([part.status, part.body.toString()]).toEqual([206, PAGE.slice(2, 6)]);
    expect(part.headers).toMatchObject({ 'content-range': `bytes 2-5/${PAGE.length}`, 'content-length': '4' });
    expect(part.headers['content-encoding']).toBeUndefined();
    expect((await get('/clip.mp4', { range: 'bytes=-10' })).body).toEqual(CLIP.subarray(990));
  });

  it('outside the file is 416 with its size', async () => {
    const { status, headers, body } = await site(FILES)('/clip.mp4', { range: 'bytes=1000-' });
    expect([status, headers['content-range'], body.length]).toEqual([416, 'bytes */1000', 0]);
  });

  it('counts only while the file is the one it was', async () => {
    const get = site(FILES);
    const range = 'bytes=0-1';
    const statuses = [];
    for (const condition of [`"${sha256(CLIP)}"`, '"other"', `W/"${sha256(CLIP)}"`, 'Mon, 23 Nov 2026 05:24:33 GMT']) {
      statuses.push((await get('/clip.mp4', { range, 'if-range': condition })).status);
    }
    expect(statuses).toEqual([206, 200, 200, 200]);
  });

  it('several, broken ones, of a HEAD or of an error page are passed over', async () => {
    const get = site(FILES);
    const answers = [
      await get('/clip.mp4', { range: 'bytes=0-1,5-6' }),
      await get('/clip.mp4', { range: 'lines=1-2' }),
      await get('/clip.mp4', { range: 'bytes=0-1' }, { method: 'HEAD' }),
      await get('/none.html', { range: 'bytes=0-1' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
  });
});

describe('methods', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])('%s is 405 with what is allowed, and the connection goes on', async (method) => {
    const { status, headers } = await site(FILES)('/', {}, { method, ...(method.startsWith('P') && { body: 'x'.repeat(100_000) }) });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('OPTIONS says what is allowed, with the headers of the site', async () => {
    const { status, headers, body } = await site(FILES)('/clip.mp4', {}, { method: 'OPTIONS' });
    expect([status, body.length]).toEqual([204, 0]);
    expect(headers).toMatchObject({ allow: 'GET, HEAD, OPTIONS', 'access-control-allow-origin': '*' });
  });

  it('a GET with a body is answered, and its body is not the next request', async () => {
    const { host } = deploy(platform, { kind: 'static', manifestSha256: publish(blobs, 'ten_1', FILES) });
    const inner = `GET /about HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const text = `GET /empty.txt HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
    const answer = await raw(platform.httpPort, `${text}GET /none HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  });
});

describe('addresses', () => {
  it.each([
    ['/about', 200, '<p>about'],
    ['/docs/', 200, '<p>docs'],
    ['/app/x/y', 200, '<p>about'],
    ['/gone', 404, '<p>about'],
    ['/.well-known/security.txt', 200, 'Contact: x'],
    ['/none', 404, '<p>own 404'],
    ['/.env', 404, '<p>own 404'],
    ['/_headers', 404, '<p>own 404'],
    ['/_redirects', 404, '<p>own 404'],
    ['/docs/../.env', 404, '<p>own 404'],
    ['/%2e%2e/%2e%2e/etc/passwd', 404, '<p>own 404'],
  ])('%s is %i', async (path, status, body) => {
    const got = await site(FILES)(path);
    expect([got.status, got.body.toString()]).toEqual([status, body]);
  });

  it.each([
    ['/docs?a=1', 308, '/docs/?a=1'],
    ['/about/', 308, '/about'],
    ['/old?b', 301, '/about?b'],
    ['/ext/a/b?c', 302, 'https://other.example/a/b?c'],
    ['/temp', 307, '/about'],
  ])('%s is %i to %s, which no browser keeps longer than the version lives', async (path, status, location) => {
    const { headers, ...got } = await site(FILES)(path);
    expect([got.status, headers.location, headers['cache-control'], got.body.length]).toEqual([
      ...[status, location],
      ...['public, max-age=0, must-revalidate', 0],
    ]);
  });

  it('a broken escape is 400', async () => expect((await site(FILES)('/%zz')).status).toBe(400));

  it('without a 404 page of its own the site has ours, as JSON for programs', async () => {
    const get = site({ 'a.txt': 'a' });
    const page = await get('/none', { accept: 'text/html' });
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(JSON.parse((await get('/none')).body.toString()).error.code).toBe('NOT_FOUND');
  });

  it('the fallback of a single page follows the deployment', async () => {
    const files = { 'index.html': PAGE, 'other.html': 'x' };
    expect((await site(files, { spa: 'on' })('/deep/link')).body.toString()).toBe(PAGE);
    expect((await site(files, { spa: 'auto' })('/deep/link')).status).toBe(404);
    const single = { 'index.html': PAGE };
    expect((await site(single, { spa: 'auto' })('/deep/link')).headers['cache-control']).toBe('public, max-age=0, must-revalidate');
    expect((await site(single, { spa: 'off' })('/deep/link')).status).toBe(404);
  });
});

describe('_headers', () => {
  it('may change caching and type, and add; not what belongs to the connection', async () => {
    const get = site(FILES);
    const clip = await get('/clip.mp4');
    expect(clip.headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      'access-control-allow-origin': '*',
      'content-length': '1000',
    });
    expect(clip.headers['set-cookie']).toBeUndefined();
    const docs = await get('/docs/');
    expect(docs.headers).toMatchObject({ 'x-docs': 'yes', 'content-type': 'text/plain', vary: 'Accept-Encoding, Origin' });
    expect((await get('/about')).headers['x-docs']).toBeUndefined();
  });

  it('also count for 304, 206 and the 404 page', async () => {
    const get = site({ ...FILES, _headers: '/*\n  X-All: 1' });
    const answers = [
      await get('/clip.mp4', { 'if-none-match': '*' }),
      await get('/clip.mp4', { range: 'bytes=0-1' }),
      await get('/none', { 'if-none-match': '*' }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers['x-all']])).toEqual([
      [304, '1'],
      [206, '1'],
      [404, '1'],
    ]);
  });
});

describe('memory', () => {
  it('what was read once is not read again, by any form, version or deployment that holds it', async () => {
    const get = site({ 'index.html': `${PAGE}once`, 'x.txt': '1' });
    await Promise.all([get('/'), get('/'), get('/')]);
    const second = site({ 'index.html': `${PAGE}once`, 'x.txt': '2' });
    await second('/');
    const before = blobs.reads.length;
    for (const again of [get, second]) expect((await again('/')).body.toString()).toBe(`${PAGE}once`);
    expect(blobs.reads.slice(before)).toEqual([]);
    expect(blobs.reads.filter((key) => key.endsWith(sha256(`${PAGE}once`)))).toHaveLength(1);
  });

  it('one organization is never served from what another stored, even under the same hash', async () => {
    await site({ 'index.html': 'shared bytes' })('/');
    const manifestSha256 = publish(blobs, 'ten_2', { 'index.html': 'shared bytes' });
    blobs.contents.delete(`ten_2/${sha256('shared bytes')}`);
    const { host } = deploy(platform, { kind: 'static', tenantId: 'ten_2', manifestSha256 });
    expect((await platform.get(host)).status).toBe(502);
  });

  it('goes on serving what it holds while the store is down', async () => {
    const get = site({ 'index.html': 'held' });
    await get('/');
    blobs.state.fail = new Fault('UNAVAILABLE', 'down');
    expect((await get('/')).body.toString()).toBe('held');
  });
});

describe('under its staged address', () => {
  const files = {
    'index.html': PAGE,
    'clip.mp4': CLIP,
    '404.html': 'own',
    _redirects: '/old /index',
    _headers: '/*\n  x-robots-tag: all\n  X-Own: 1',
  };
  it('whatever a site says, nothing is for search engines; under its live one its word counts', async () => {
    const { host, name, now } = deploy(platform, { kind: 'static', manifestSha256: publish(blobs, 'ten_1', files) });
    platform.deploymentStore.versions.set(`${name} 0123456789`, now());
    const head = async (on: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
      (await platform.get(on, path, { method, headers })).headers;
    const etag = String((await head(host, '/')).etag);
    const asked = [
      ['/', {}],
      ['/', { 'if-none-match': etag }],
      ['/clip.mp4', { range: 'bytes=0-1' }],
      ['/clip.mp4', { range: 'bytes=9999-' }],
      ['/nowhere', {}],
      ['/old', {}],
      ['/', {}, 'OPTIONS'],
      ['/', {}, 'DELETE'],
    ] as const;
    for (const [path, headers, method] of asked) {
      expect([path, (await head(`0123456789--${host}`, path, headers, method))['x-robots-tag']]).toEqual([path, 'noindex']);
    }
    expect(await head(host, '/')).toMatchObject({ 'x-robots-tag': 'all', 'x-own': '1' });
    expect(await head(`0123456789--${host}`, '/')).toMatchObject({ 'x-own': '1' });
  });
});

it('what is refused is counted, as for previews and apps', async () => {
  const { host } = deploy(platform, { kind: 'static', manifestSha256: publish(blobs, 'ten_1', { 'index.html': 'x', 'b.html': 'y' }) });
  const before = await refusals('NOT_FOUND');
  await platform.get(host, '/nowhere');
  await platform.get(host, '/b');
  expect(await refusals('NOT_FOUND')).toBe(before + 1);
});

describe('a store that fails', () => {
  const json = { accept: 'application/json' };
  it('is 503 while it is down, and served again afterwards', async () => {
    const get = site({ 'index.html': 'up again' });
    blobs.state.fail = new Fault('UNAVAILABLE', 'down');
    expect((await get('/', json)).status).toBe(503);
    blobs.state.fail = null;
    expect((await get('/')).body.toString()).toBe('up again');
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['a missing file', (bytes: Buffer) => bytes.subarray(0, 0), true],
    ['a file cut short', (bytes: Buffer) => bytes.subarray(1), false],
    ['a file with one bit changed', (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))), false],
  ])('%s is 502, logged, and none of its bytes is sent', async (name, spoil, gone) => {
    const content = `content of ${name}`;
    const get = site({ 'f.bin': content, 'other.txt': 'fine' });
    const key = `ten_1/${sha256(content)}`;
    const bytes = blobs.contents.get(key) ?? Buffer.alloc(0);
    if (gone) blobs.contents.delete(key);
    else blobs.contents.set(key, spoil(bytes));
    const got = await get('/f.bin', json);
    expect([got.status, JSON.parse(got.body.toString()).error.code]).toEqual([502, 'UPSTREAM_UNREACHABLE']);
    expect(got.headers['cache-control']).toBe('no-store');
    expect(errors).toHaveLength(1);
    expect((await get('/other.txt')).body.toString()).toBe('fine');
    blobs.contents.set(key, bytes);
    expect((await get('/f.bin')).body.toString()).toBe(content);
  });

  it.each([
    ['gone', PAGE, true],
    ['damaged', PAGE, false],
    ['gone, of a large file', `${PAGE}${'<p>row</p>'.repeat(30_000)}`, true],
  ])('a compressed form that is %s is the plain file for the visitor', async (name, page, gone) => {
    const content = `${page}${name}`;
    const get = site({ 'index.html': content });
    const plainKey = `ten_1/${sha256(content)}`;
    const forms = [...blobs.contents].filter(([key, bytes]) => key !== plainKey && bytes.length < content.length);
    const ours = forms.filter(([, bytes]) => decoded(bytes) === content);
    expect(ours).toHaveLength(2);
    for (const [key] of ours) gone ? blobs.contents.delete(key) : blobs.contents.set(key, Buffer.from('spoilt'));
    const got = await get('/', { 'accept-encoding': 'br, gzip' });
    expect([got.status, got.headers['content-encoding'], got.body.toString()]).toEqual([200, undefined, content]);
    expect(got.headers).toMatchObject({ etag: `"${sha256(content)}"`, 'content-length': String(content.length) });
    expect(errors).toHaveLength(1);
    blobs.contents.delete(plainKey);
    for (const [key, bytes] of ours) blobs.contents.set(key, bytes);
    expect((await get('/', { 'accept-encoding': 'br' })).headers['content-encoding']).toBe('br');
  });

  it('a damaged manifest is 502', async () => {
    const manifestSha256 = publish(blobs, 'ten_1', { 'index.html': 'behind a damaged manifest' });
    const key = `ten_1/${manifestSha256}`;
    blobs.contents.set(key, Buffer.concat([blobs.contents.get(key) ?? Buffer.alloc(0), Buffer.from(' ')]));
    const { host } = deploy(platform, { kind: 'static', manifestSha256 });
    expect((await platform.get(host)).status).toBe(502);
  });
});
