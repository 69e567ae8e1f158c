import { tokenHash } from '@miosa/hostnames';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxRoute } from '../routes/types.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let route: SandboxRoute;
let host: string;
let other: { route: SandboxRoute; host: (port?: number) => string };

beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox();
  route = made.route;
  host = made.host();
  const second = await platform.sandbox();
  other = second;
  for (const { agent } of [made, second]) {
    for (const port of [5173, 3000]) await platform.app(agent, (_req, res) => res.end('app'), port);
  }
});
afterAll(() => platform.close());

const cookieFor = async (token: string, at = host): Promise<string> => {
  const { headers } = await platform.get(at, `/?token=${token}`);
  return String(headers['set-cookie']?.[0]).split(';')[0] ?? '';
};
const status = async (at: string, cookie: string): Promise<number> => (await platform.get(at, '/', { headers: { cookie } })).status;
const soon = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe('a session', () => {
  it('opens its own host only: not another port, not another sandbox, not the TLS cookie on plain HTTP', async () => {
    const cookie = await cookieFor(platform.mint(route, { port: 'any' }));
    expect(await status(host, cookie)).toBe(200);
    expect(await status(host.replace('5173-', '3000-'), cookie)).toBe(401);
    expect(await status(other.host(), cookie)).toBe(401);
    expect(await status(host, `__Host-${cookie}`)).toBe(401);
  });

  it('cannot be made up, changed or cut', async () => {
    const cookie = await cookieFor(platform.mint(route));
    const [body = '', mac = ''] = cookie.slice('miosa-preview='.length).split('.');
    const interact = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...interact, scope: 'interact' })).toString('base64url');
    for (const value of [
      '',
      '.',
      'x',
      `${body}.`,
      `.${mac}`,
      body,
      `${forged}.${mac}`,
      `${body}.${mac.slice(0, -2)}`,
      `${body}.${mac}AA`,
    ]) {
      expect(await status(host, `miosa-preview=${value}`)).toBe(401);
    }
  });

  it('is found behind cookies that a neighbour tossed in', async () => {
    const good = await cookieFor(platform.mint(route));
    const tossed = await cookieFor(platform.mint(other.route), other.host());
    expect(await status(host, `miosa-preview=junk; ${tossed}; a=b; ${good}`)).toBe(200);
    expect(await status(host, `miosa-preview=junk; ${tossed}`)).toBe(401);
  });

  it('ends with its token: 403 afterwards', async () => {
    const cookie = await cookieFor(platform.mint(route, { exp: soon(2) }));
    expect(await status(host, cookie)).toBe(200);
    await new Promise((done) => setTimeout(done, 2100));
    expect(await status(host, cookie)).toBe(403);
  });

  it('ends when its share is revoked', async () => {
    const token = platform.mint(route, { exp: null }, 'share');
    const cookie = await cookieFor(token);
    expect(await status(host, cookie)).toBe(200);
    platform.store.shares.set(tokenHash(token).toString('base64url'), { sandboxId: route.id, expiresAt: null, revokedAt: new Date() });
    platform.sandboxChanged(route.id);
    expect(await status(host, cookie)).toBe(403);
    expect((await platform.get(host, `/?ms=${token}`)).status).toBe(403);
  });

  it('ends when the key that minted it is revoked, or expires', async () => {
    const cookie = await cookieFor(platform.mint(route, { keyId: 'key_a' }));
    const aging = await cookieFor(platform.mint(route, { keyId: 'key_b' }));
    expect([await status(host, cookie), await status(host, aging)]).toEqual([200, 200]);
    platform.store.keys.set('key_a', { id: 'key_a', revokedAt: new Date(), expiresAt: null });
    platform.store.keys.set('key_b', { id: 'key_b', revokedAt: null, expiresAt: new Date(Date.now() + 300) });
    platform.keyChanged('key_a');
    platform.keyChanged('key_b');
    expect([await status(host, cookie), await status(host, aging)]).toEqual([403, 200]);
    await new Promise((done) => setTimeout(done, 350));
    expect(await status(host, aging)).toBe(403);
  });
});

describe('a token', () => {
  const header = (token: string, at = host) => platform.get(at, '/', { headers: { 'x-miosa-preview-token': token } });

  it('opens its own sandbox, port and organization only', async () => {
    expect((await header(platform.mint(other.route))).status).toBe(403);
    expect((await header(platform.mint(route, { port: 3000 }))).status).toBe(403);
    expect((await header(platform.mint(route, { tenantId: 'ten_2' }))).status).toBe(403);
    expect((await header(platform.mint(route, { exp: soon(-1) }))).status).toBe(403);
    expect((await header(platform.mint(route, { port: 'any' }), host.replace('5173-', '3000-'))).status).toBe(200);
  });

  it('of a share that the database does not know is refused', async () => {
    const token = platform.mint(route, { jti: 'unknown' }, 'share');
    platform.store.shares.delete(tokenHash(token).toString('base64url'));
    expect((await header(token)).status).toBe(403);
  });
});

describe('what is not there', () => {
  it('an unknown sandbox is 404, a destroyed one 410 whatever is presented', async () => {
    expect((await platform.get('5173-sbx0000000000.sandbox.miosa.localhost')).status).toBe(404);
    const gone = await platform.sandbox({ state: 'destroyed', endpoint: null });
    const token = platform.mint(gone.route);
    expect((await platform.get(gone.host())).status).toBe(410);
    expect((await platform.get(gone.host(), `/?mt=${token}`)).status).toBe(410);
  });

  it('a port on which nothing listens is 502 and reloads itself; a POST does not', async () => {
    const headers = { 'x-miosa-preview-token': platform.mint(route, { port: 4000, scope: 'interact' }), accept: 'text/html' };
    const page = await platform.get(host.replace('5173-', '4000-'), '/', { headers });
    expect(page.status).toBe(502);
    expect(page.body).toContain('data-reload="2"');
    const post = await platform.get(host.replace('5173-', '4000-'), '/', { headers, method: 'POST', body: 'x' });
    expect(post.body).not.toContain('data-reload');
    const program = await platform.get(host.replace('5173-', '4000-'), '/', { headers: { ...headers, accept: 'application/json' } });
    expect(JSON.parse(program.body).error.code).toBe('UPSTREAM_UNREACHABLE');
  });
});
