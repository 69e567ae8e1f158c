import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxRoute } from '../routes/types.ts';
import type { FakeAgent } from '../testing/fake-agent.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let route: SandboxRoute;
let agent: FakeAgent;
let host: string;
let seen: { url: string | undefined; headers: NodeJS.Dict<string | string[]> };

beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox();
  ({ route, agent } = made);
  host = made.host();
  await platform.app(agent, (req, res) => {
    seen = { url: req.url, headers: req.headers };
    res.end('app');
  });
});
afterAll(() => platform.close());

const cookieOf = (headers: NodeJS.Dict<string | string[]>): string => String(headers['set-cookie']?.[0]).split(';')[0] ?? '';

describe('without a token', () => {
  it('a private preview answers 401, as a page to browsers and as JSON to programs', async () => {
    const program = await platform.get(host, '/', { headers: { accept: 'application/json' } });
    expect(program.status).toBe(401);
    expect(JSON.parse(program.body).error).toMatchObject({ code: 'UNAUTHORIZED', request_id: program.headers['x-request-id'] });
    const browser = await platform.get(host, '/', { headers: { accept: 'text/html,*/*' } });
    expect(browser.headers['content-type']).toContain('text/html');
    expect(browser.body).toContain(`data-expired="${route.id}"`);
    expect(browser.headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  it('the app learns nothing of such a request', async () => {
    seen = { url: undefined, headers: {} };
    await platform.get(host, '/secret');
    expect(seen.url).toBeUndefined();
  });
});

describe('a token in the URL', () => {
  it.each(['mt', 'token'])('?%s= buys a session by a redirect to the same address without it', async (name) => {
    const answer = await platform.get(host, `/a/b?x=1&${name}=${platform.mint(route)}&y=%20z`);
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe(`http://${host}/a/b?x=1&y=%20z`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    const opened = await platform.get(host, '/a/b?x=1', { headers: { cookie: cookieOf(answer.headers) } });
    expect([opened.status, opened.body]).toEqual([200, 'app']);
  });

  it.each(['ms', 'token'])('?%s= takes a share, which may have no end', async (name) => {
    const answer = await platform.get(host, `/?${name}=${platform.mint(route, { exp: null }, 'share')}`);
    expect(answer.status).toBe(302);
    expect(answer.headers['set-cookie']?.[0]).not.toContain('Max-Age');
    expect((await platform.get(host, '/', { headers: { cookie: cookieOf(answer.headers) } })).status).toBe(200);
  });

  it('gives a host-only, partitioned cookie over TLS and a plain one on localhost', async () => {
    const secure = await platform.getTls(host, `/?mt=${platform.mint(route)}`);
    expect(secure.headers['set-cookie']?.[0]).toMatch(
      /^__Host-miosa-preview=[\w.-]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=None; Partitioned$/,
    );
    const plain = await platform.get(host, `/?mt=${platform.mint(route)}`);
    expect(plain.headers['set-cookie']?.[0]).toMatch(/^miosa-preview=[\w.-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
  });

  it('is answered directly, and hidden from the app, when a page fetches with it', async () => {
    const answer = await platform.get(host, `/data?mt=${platform.mint(route)}&q=1`, { headers: { 'sec-fetch-mode': 'cors' } });
    expect([answer.status, answer.body, seen.url]).toEqual([200, 'app', '/data?q=1']);
  });

  it('never redirects to another host, whatever the path looks like', async () => {
    for (const path of ['//evil.example/', '/\\evil.example/', '//evil.example//..']) {
      const { headers } = await platform.get(host, `${path}?mt=${platform.mint(route)}`);
      expect(new URL(String(headers.location)).host).toBe(host);
    }
  });

  it('that is wrong is 403 even beside a good cookie', async () => {
    const good = cookieOf((await platform.get(host, `/?mt=${platform.mint(route)}`)).headers);
    for (const bad of [
      'mt=mp_wrong',
      'ms=ms_wrong',
      'token=mp_x',
      `ms=${platform.mint(route)}`,
      'mt=msk_live_abcdefgh',
      `mt=${platform.mint(route)}&ms=ms_wrong`,
    ]) {
      expect((await platform.get(host, `/?${bad}`, { headers: { cookie: good } })).status).toBe(403);
    }
    expect((await platform.get(host, '/', { headers: { cookie: good, 'x-miosa-preview-token': 'mp_wrong' } })).status).toBe(403);
  });

  it('with a value that is not ours belongs to the app', async () => {
    const cookie = cookieOf((await platform.get(host, `/?mt=${platform.mint(route)}`)).headers);
    await platform.get(host, '/?token=abc&mt=1&ms=&token=x_mp_', { headers: { cookie } });
    expect(seen.url).toBe('/?token=abc&mt=1&ms=&token=x_mp_');
  });

  it('is found in every spelling of the parameter', async () => {
    const token = platform.mint(route);
    for (const query of [`%6dt=${token}`, `mt=${token.replace('_', '%5F')}`, `a&&mt=${token}`]) {
      expect((await platform.get(host, `/?${query}`)).status).toBe(302);
    }
  });
});

describe('a token in the header', () => {
  it('is served directly, without a cookie, and hidden from the app', async () => {
    const answer = await platform.get(host, '/x', { headers: { 'x-miosa-preview-token': platform.mint(route) } });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined]);
    expect(JSON.stringify(seen.headers)).not.toContain('mp_');
  });
});

describe('scope', () => {
  it('read allows GET, HEAD and OPTIONS only; interact all', async () => {
    const headers = { 'x-miosa-preview-token': platform.mint(route) };
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect((await platform.get(host, '/', { method, headers })).status).toBe(200);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) expect((await platform.get(host, '/', { method, headers })).status).toBe(403);
    const interact = { 'x-miosa-preview-token': platform.mint(route, { scope: 'interact' }) };
    expect((await platform.get(host, '/', { method: 'POST', headers: interact, body: 'x' })).status).toBe(200);
  });

  it('an unsafe request from a page that may embed previews is let through, as soon as the organization says so', async () => {
    const { route, agent, host } = await platform.sandbox();
    await platform.app(agent, (_, res) => void res.end('app'));
    const token = platform.mint(route, { scope: 'interact' });
    const post = async () =>
      (
        await platform.get(host(), '/', {
          method: 'POST',
          body: 'x',
          headers: { 'x-miosa-preview-token': token, origin: 'https://app.cliniciq.com' },
        })
      ).status;
    expect(await post()).toBe(403);
    platform.store.sandboxes.set(route.id, { ...route, embedOrigins: ['https://app.cliniciq.com'] });
    platform.sandboxChanged(route.tenantId);
    expect(await post()).toBe(200);
    expect((await platform.get(host(), '/', { headers: { 'x-miosa-preview-token': token } })).headers['content-security-policy']).toContain(
      "frame-ancestors 'self' https://app.cliniciq.com",
    );
  });

  it('an unsafe request from a foreign page is refused', async () => {
    const token = platform.mint(route, { scope: 'interact' });
    const post = (origin: string) =>
      platform.get(host, '/', { method: 'POST', body: 'x', headers: { 'x-miosa-preview-token': token, origin } });
    for (const origin of ['https://evil.example', 'null', `https://${host}`]) expect((await post(origin)).status).toBe(403);
    expect((await post(`http://${host}`)).status).toBe(200);
  });
});

describe('a public preview', () => {
  it('needs nothing, and still keeps tokens from the app', async () => {
    const open = await platform.sandbox({ previews: [{ port: 5173, visibility: 'public', hostHeader: 'localhost' }] });
    let url: string | undefined;
    await platform.app(open.agent, (req, res) => {
      url = req.url;
      res.end('public');
    });
    expect((await platform.get(open.host(), '/', { method: 'POST', body: 'x' })).body).toBe('public');
    expect((await platform.get(open.host(3000))).status).toBe(401);
    const stale = await platform.get(open.host(), '/p?mt=mp_expired&a=1');
    expect([stale.status, stale.headers.location, stale.headers['set-cookie']]).toEqual([302, `http://${open.host()}/p?a=1`, undefined]);
    await platform.get(open.host(), '/p?mt=mp_expired&a=1', { headers: { 'sec-fetch-mode': 'no-cors' } });
    expect(url).toBe('/p?a=1');
  });
});
