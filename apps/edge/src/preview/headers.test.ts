import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../testing/client.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';
import { visitorHeaders } from './response-headers.ts';

let platform: Platform;
let host: string;
let token: string;
let seen: string[] = [];
let headers: NodeJS.Dict<string | string[]>;
let publicHost: string;

beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox({
    previews: [
      { port: 5173, visibility: 'private', hostHeader: 'localhost' },
      { port: 3000, visibility: 'private', hostHeader: 'public' },
    ],
  });
  host = made.host();
  publicHost = made.host(3000);
  token = platform.mint(made.route, { port: 'any', scope: 'interact' });
  for (const port of [5173, 3000]) {
    await platform.app(
      made.agent,
      (req, res) => {
        seen = req.rawHeaders;
        headers = req.headers;
        res.end();
      },
      port,
    );
  }
});
afterAll(() => platform.close());

const visit = (sent: Record<string, string | string[]>, at = host) =>
  call({ port: platform.httpPort, host: at, path: '/', headers: { 'x-miosa-preview-token': token, ...sent } });

describe('the app sees', () => {
  it('localhost:port as Host and the truth in X-Forwarded-*', async () => {
    await visit({}, `${host}:8080`);
    expect(headers).toMatchObject({
      host: 'localhost:5173',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `${host}:8080`,
      'x-forwarded-port': '8080',
    });
    expect(headers['x-request-id']).toMatch(/^req_/);
    await visit({}, publicHost);
    expect(headers.host).toBe(publicHost);
  });

  it('no forwarded field of the visitor, in any spelling, even one that Connection names', async () => {
    await visit({
      'x-forwarded-for': '6.6.6.6',
      X_Forwarded_For: '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
      'x-forwarded-user': 'admin',
      'x-miosa-anything': '1',
      connection: 'keep-alive, x-forwarded-for, cookie, content-length',
      cookie: 'app=1',
    });
    expect(seen.join(' ')).not.toMatch(/6\.6\.6\.6|admin|anything/);
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers.cookie).toBe('app=1');
  });

  it('no hop-by-hop field', async () => {
    await visit({
      te: 'trailers',
      'proxy-authorization': 'Basic eDp5',
      'keep-alive': 'timeout=5',
      connection: 'x-secret',
      'x-secret': '1',
    });
    for (const name of ['te', 'proxy-authorization', 'keep-alive', 'x-secret']) expect(headers[name]).toBeUndefined();
  });

  it('no credential of the platform: cookie, token header, Authorization, Referer', async () => {
    const jwt = `e30.${Buffer.from('{"iss":"miosa"}').toString('base64url')}.c2ln`;
    const held = ['Bearer msk_live_0123456789abcdef', `Bearer ${token}`, 'bearer mbt_0123456789', `Bearer ${jwt}`];
    for (const authorization of [...held, `Basic ${Buffer.from('x:msk_live_0123456789').toString('base64')}`]) {
      await visit({
        authorization,
        cookie: 'a=1; miosa-preview=x; __Host-miosa-preview=y;b=2',
        referer: `http://${host}/p?mt=${token}&q=1`,
      });
      expect(headers.authorization).toBeUndefined();
      expect(headers.cookie).toBe('a=1;b=2');
      expect(headers.referer).toBe(`http://${host}/p?q=1`);
      expect(seen.join(' ')).not.toMatch(/mp_|msk_|miosa-preview/);
    }
  });

  it("the app's own Authorization, in any scheme", async () => {
    const jwt = `e30.${Buffer.from('{"iss":"app"}').toString('base64url')}.c2ln`;
    for (const authorization of ['Bearer abc', `Bearer ${jwt}`, 'Basic dXNlcjpwYXNz', 'Digest username="x"']) {
      await visit({ authorization });
      expect(headers.authorization).toBe(authorization);
    }
  });

  it('an inbound request id when it is well formed', async () => {
    await visit({ 'x-request-id': 'trace-12345678' });
    expect(headers['x-request-id']).toBe('trace-12345678');
    await visit({ 'x-request-id': 'short' });
    expect(headers['x-request-id']).toMatch(/^req_/);
  });
});

describe('the visitor sees', () => {
  const own = '5173-sbx0123456789.sandbox.miosa.localhost';
  const shown = { hostname: own, requestId: 'req_1', embedOrigins: [] };
  const after = (...raw: string[]): string[] => visitorHeaders(raw, shown).slice(0, -4);

  it('only pages of the embed origins in front of it, beside whatever the app allows', () => {
    const framed = visitorHeaders(['Content-Security-Policy', "default-src 'self'; frame-ancestors *"], {
      ...shown,
      embedOrigins: ['https://app.cliniciq.com', 'https://b.example'],
    });
    const policies = framed.filter((_, i) => framed[i - 1] === 'Content-Security-Policy');
    expect(policies).toEqual(["default-src 'self'", "frame-ancestors 'self' https://app.cliniciq.com https://b.example"]);
  });

  it('noindex and our request id, and nothing of the server', () => {
    expect(visitorHeaders(['Server', 'x', 'X-Robots-Tag', 'all', 'X-Request-ID', 'a', 'X-Miosa-Secret', 'b'], shown)).toEqual([
      'X-Robots-Tag',
      'noindex',
      'X-Request-ID',
      'req_1',
    ]);
  });

  it('an app that may be framed', () => {
    expect(after('X-Frame-Options', 'DENY')).toEqual([]);
    const csp = 'Content-Security-Policy';
    expect(after(csp, "default-src 'self'; Frame-Ancestors 'none'; img-src *")).toEqual([csp, "default-src 'self'; img-src *"]);
    expect(after(csp, "frame-ancestors 'none'")).toEqual([]);
    expect(after(csp, "frame-ancestors 'none', script-src 'self'")).toEqual([csp, "script-src 'self'"]);
  });

  it('cookies of the own host only', () => {
    const set = (value: string): string[] => after('Set-Cookie', value);
    expect(set('a=1; Domain=.sandbox.miosa.localhost; Path=/')).toEqual(['Set-Cookie', 'a=1; Path=/']);
    expect(set('a=1; domain = miosa.localhost')).toEqual(['Set-Cookie', 'a=1']);
    expect(set(`a=1; Domain=${own}; Secure`)).toEqual(['Set-Cookie', `a=1; Domain=${own}; Secure`]);
    expect(set('a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT')).toEqual(['Set-Cookie', 'a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT']);
  });

  it.each([
    '__Host-miosa-preview=x; Path=/; Secure',
    'miosa-preview=x',
    ' miosa-preview =x',
    '=miosa-preview=x',
    '==__host-Miosa-Preview=x',
    'MIOSA-PREVIEW=x',
  ])('no session cookie set by an app: %j', (value) => expect(after('Set-Cookie', value)).toEqual([]));

  it('no field that reaches beyond the own host', () => {
    expect(after('Clear-Site-Data', '"cookies"', 'Alt-Svc', 'h2="evil:443"', 'Upgrade', 'h2c')).toEqual([]);
  });
});
