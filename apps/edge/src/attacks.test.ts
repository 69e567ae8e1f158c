import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { raw } from './testing/client.ts';
import { API_HOST, type Platform, startPlatform } from './testing/platform.ts';

let platform: Platform;
let host: string;
let token: string;
let requests: string[] = [];
beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox();
  host = made.host();
  token = platform.mint(made.route, { scope: 'interact' });
  await platform.app(made.agent, (req, res) => {
    requests.push(`${req.method} ${req.url}`);
    req.resume().on('end', () => res.end('app'));
  });
});
afterAll(() => platform.close());
beforeEach(() => {
  requests = [];
});

const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map((match) => match[1] ?? '');
const send = (text: string) => raw(platform.httpPort, text);
const head = (line: string, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, `Host: ${host}`, `X-Miosa-Preview-Token: ${token}`, ...fields, '', ''].join('\r\n');

describe('request smuggling', () => {
  it.each([
    ['length and chunked', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
    ['chunked and length', ['Transfer-Encoding: chunked', 'Content-Length: 4']],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 5']],
    ['a list of lengths', ['Content-Length: 4, 5']],
    ['a signed length', ['Content-Length: +4']],
    ['a hex length', ['Content-Length: 0x4']],
    ['another coding', ['Transfer-Encoding: gzip, chunked']],
    ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['identity', ['Transfer-Encoding: identity']],
    ['a quoted coding', ['Transfer-Encoding: "chunked"']],
    ['space before the colon', ['Transfer-Encoding : chunked']],
    ['a folded line', ['Transfer-Encoding:', ' chunked']],
    ['a bare LF in a value', ['X-A: b\nTransfer-Encoding: chunked']],
    ['a bare CR in a value', ['X-A: b\rTransfer-Encoding: chunked']],
    ['a NUL in a value', ['X-A: b\0c']],
  ])('with %s: one refusal at most, and never a second request at the app', async (_name, fields) => {
    const answer = await send(`${head('POST /first', ...fields)}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(statuses(answer)[0]).toBe('400');
    expect(requests).toEqual([]);
  });

  it('a body that looks like a request is a body', async () => {
    const inner = `GET /smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    await send(head('POST /first', `Content-Length: ${inner.length}`) + inner);
    expect(requests).toEqual(['POST /first']);
  });

  it('a chunk size with tricks is refused', async () => {
    for (const size of ['0x1', '+1', '1 ', 'fffffffffffffffff', '-1']) {
      await send(`${head('POST /first', 'Transfer-Encoding: chunked')}${size}\r\na\r\n0\r\n\r\n`);
    }
    expect(requests.filter((line) => line !== 'POST /first')).toEqual([]);
  });

  it('h2c is not spoken: the request is answered as the plain one it also is', async () => {
    const answer = await send(
      head('GET /plain', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    );
    expect(statuses(answer)).toEqual(['200']);
  });
});

describe('hosts', () => {
  it.each([
    ['an unknown one', ['Host: evil.example']],
    ['none', []],
    ['an empty one', ['Host:']],
    ['two', [`Host: ${API_HOST}`, 'Host: evil.example']],
    ['two equal ones', [`Host: ${API_HOST}`, `Host: ${API_HOST}`]],
    ['a port that is none', [`Host: ${API_HOST}:+80`]],
    ['user information', [`Host: x@${API_HOST}`]],
    ['a path', [`Host: ${API_HOST}/x`]],
    ['a leading zero', ['Host: 05173-sbx0123456789.sandbox.miosa.localhost']],
    ['a port beyond 65535', ['Host: 65536-sbx0123456789.sandbox.miosa.localhost']],
    ['percent', ['Host: api%2emiosa.localhost']],
  ])('%s: refused without revealing anything', async (_name, fields) => {
    const answer = await send(['GET / HTTP/1.1', ...fields, 'Connection: close', '', ''].join('\r\n'));
    expect(['400', '404']).toContain(statuses(answer)[0]);
    expect(answer).not.toMatch(/miosa/i);
  });

  it('an absolute target is refused, whatever it names', async () => {
    for (const target of [`http://${host}/`, 'http://evil.example/', '*', 'evil.example:443', '//']) {
      const answer = await send(`GET ${target} HTTP/1.1\r\nHost: ${API_HOST}\r\nConnection: close\r\n\r\n`);
      expect(statuses(answer)[0]).toBe(target === '//' ? '200' : '400');
    }
  });

  it('CONNECT gets nowhere', async () => {
    expect(await send(`CONNECT ${host}:80 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).not.toContain('200');
  });
});

describe('limits', () => {
  it('headers above 32 KiB are 431, a URL above 16 KiB is 414', async () => {
    expect(statuses(await send(head('GET /', `X-A: ${'a'.repeat(33_000)}`)))).toEqual(['431']);
    expect(statuses(await send(head(`GET /${'a'.repeat(17_000)}`)))).toEqual(['414']);
  });

  it('a visitor who asks too fast is 429 at that host, and served at another', async () => {
    const limited = await startPlatform({ rate: { perSecond: 0.1, burst: 5 } });
    try {
      const open = { previews: [{ port: 5173, visibility: 'public', hostHeader: 'localhost' } as const] };
      const [one, two] = [await limited.sandbox(open), await limited.sandbox(open)];
      for (const { agent } of [one, two]) await limited.app(agent, (_req, res) => res.end('app'));
      const got: number[] = [];
      for (let i = 0; i < 6; i++) got.push((await limited.get(one.host())).status);
      expect(got).toEqual([200, 200, 200, 200, 200, 429]);
      expect((await limited.get(two.host())).status).toBe(200);
      expect((await limited.get(API_HOST, '/api/v1/x')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});
