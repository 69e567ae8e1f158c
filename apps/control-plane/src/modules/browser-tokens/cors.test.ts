import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOrigin } from './origins.ts';
import { createWorld, type World } from './testing/world.ts';

const APP = 'https://app.cliniciq.com';

let t: World;
let sandbox: { id: string };
let token: string;
beforeAll(async () => {
  t = await createWorld();
  sandbox = await t.sandbox({});
  token = await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:read'] });
});
afterAll(() => t?.close());

const get = (as: string, origin: string, path = `/sandboxes/${sandbox.id}`) => t.call('GET', path, undefined, { as, headers: { origin } });
const allowed = async (as: string, origin = APP) => (await get(as, origin)).headers['access-control-allow-origin'];

describe('answers to other origins', () => {
  it('are for browser tokens: any origin while the organization names none, then those it names', async () => {
    const { headers } = await get(token, APP);
    expect(headers['access-control-allow-origin']).toBe(APP);
    expect(headers['access-control-expose-headers']).toContain('X-Request-ID');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    const set = (allowed_origins: string[] | null) => t.call('PATCH', '/settings', { allowed_origins }, { as: t.owner });
    expect((await set([APP])).body.data).toEqual({ allowed_origins: [APP], embed_origins: [], network_policy: null });
    expect([await allowed(token), await allowed(token, 'https://evil.example')]).toEqual([APP, undefined]);
    await set(null);
    expect(await allowed(token, 'https://evil.example')).toBe('https://evil.example');
  });

  it('are not for sessions, and a key in a browser is refused', async () => {
    expect(await allowed(t.owner)).toBeUndefined();
    const { status, body, headers } = await get(t.key, APP);
    expect([status, body.error.details.reason]).toEqual([403, 'api_key_in_browser']);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('let the page read a refusal too', async () => {
    const answer = await get(token, APP, `/sandboxes/${sandbox.id}/files`);
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([403, APP]);
  });

  it('are announced to preflights where browser tokens may come, and only there', async () => {
    const ask = async (path: string, method: string) => {
      const headers = { origin: APP, 'access-control-request-method': method };
      const answer = await t.call('OPTIONS', path, undefined, { as: null, headers });
      return [answer.status, answer.headers['access-control-allow-methods']];
    };
    expect(await ask(`/sandboxes/${sandbox.id}`, 'GET')).toEqual([200, 'GET']);
    expect(await ask(`/sandboxes/${sandbox.id}/exec`, 'POST')).toEqual([200, 'POST']);
    expect((await ask('/browser-tokens', 'POST'))[0]).toBe(405);
    expect((await ask('/settings', 'PATCH'))[0]).toBe(405);
  });
});

describe('settings', () => {
  it('are for sessions of admins', async () => {
    const { token: member } = await t.addUser('member');
    const { token: admin } = await t.addUser('admin');
    const ask = async (as: string) => (await t.call('GET', '/settings', undefined, { as })).status;
    expect([await ask(t.key), await ask(member), await ask(admin), await ask(t.owner), await ask(token)]).toEqual([
      403, 403, 200, 200, 403,
    ]);
  });

  it('change what is named and tell it to the audit log and the edge', async () => {
    await t.call('PATCH', '/settings', { embed_origins: ['https://B.example/', 'https://b.example'] }, { as: t.owner });
    const answer = await t.call('PATCH', '/settings', { allowed_origins: ['http://localhost:3000'] }, { as: t.owner });
    expect(answer.body.data).toEqual({
      allowed_origins: ['http://localhost:3000'],
      embed_origins: ['https://b.example'],
      network_policy: null,
    });
    const view = await t.db.read
      .selectFrom('edge_sandboxes' as never)
      .select('embed_origins' as never)
      .where('id' as never, '=', sandbox.id as never)
      .executeTakeFirst();
    expect(view).toEqual({ embed_origins: ['https://b.example'] });
    expect((await t.call('GET', '/audit?action=settings.update')).body.data.length).toBeGreaterThan(1);
  });

  const WRONG = [
    '*',
    'null',
    'app.example',
    'https://a.example/x',
    'https://u@a.example',
    'ftp://a.example',
    'https://*.example',
    'https://a;b',
  ];
  it.each([
    ...WRONG,
    'https://a,b',
    "https://a'b",
    'https://a.example?x',
    'javascript:alert(1)',
    'https://a.example:443',
    ' https://a.example',
  ])('refuse "%s" as an origin', (text) => expect(() => checkOrigin('x', text)).toThrow('origin'));
});
