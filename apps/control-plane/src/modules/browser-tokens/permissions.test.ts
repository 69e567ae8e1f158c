import type { Route } from '@miosa/http';
import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './testing/world.ts';

const PERMISSIONS = ['sandbox:read', 'sandbox:exec', 'sandbox:files', 'preview:read'] as const;

let t: World;
let sandbox: { id: string; workspace_id: string };
const tokens = new Map<string, string>();
beforeAll(async () => {
  t = await createWorld();
  sandbox = await t.sandbox({});
  for (const permission of PERMISSIONS) tokens.set(permission, await t.token({ sandbox_id: sandbox.id, permissions: [permission] }));
});
afterAll(() => t?.close());

const fill = (route: Route) =>
  route.path
    .replace('{id}', sandbox.id)
    .replace('{pid}', newId('prc'))
    .replace('{preview_id}', newId('prv'))
    .replace('{share}', newId('shr'))
    .replace('{key}', 'A')
    .replace('{path...}', 'a.txt');

describe('every route', () => {
  it('is open to the permission it declares and to no other', async () => {
    let opened = 0;
    for (const route of t.routes) {
      if (route.internal === true || route.access === 'public') continue;
      for (const permission of PERMISSIONS) {
        const needed = route.access.browser;
        const mayEnter = needed === 'any' || needed === permission;
        // A body of the wrong form is 422, which comes after 403: nothing is run for this test.
        const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : [];
        // Nor is a stream, which would never end: there is no such event.
        const headers = { 'last-event-id': 'none' };
        const answer = await t.call(route.method, fill(route), body, { as: tokens.get(permission) ?? '', headers });
        const refused = answer.status === 403 && answer.body.error.details?.reason === 'browser_token';
        expect([route.id, permission, refused]).toEqual([route.id, permission, !mayEnter]);
        opened += mayEnter ? 1 : 0;
      }
    }
    expect(opened).toBeGreaterThan(30);
  });

  it('that makes, changes or destroys, or shows environment values, is closed', () => {
    const open = (id: string) => t.routes.find((route) => route.id === id);
    for (const id of [
      'sandboxes.create',
      'sandboxes.run',
      'sandboxes.update',
      'sandboxes.destroy',
      'sandboxes.env.list',
      'apiKeys.create',
    ]) {
      const access = open(id)?.access;
      expect([id, access !== undefined && access !== 'public' && access.browser === undefined]).toEqual([id, true]);
    }
  });
});

/** Every files route with the path in every place it can stand. */
const filesCalls = (path: string): [string, string, object?][] => {
  const at = `/sandboxes/${sandbox.id}/files`;
  const query = `?path=${encodeURIComponent(path)}`;
  return [
    ['GET', at + query],
    ['GET', `${at}/tree${query}`],
    ['GET', `${at}/content${query}`],
    ['DELETE', `${at}/content${query}`],
    ['GET', `${at}/archive${query}`],
    ['GET', `${at}/${encodeURIComponent(path)}`],
    ['POST', `${at}/stat`, { path }],
    ['POST', at, { path, content: 'YQ==' }],
    ['POST', `${at}/mkdir`, { path }],
    ['POST', `${at}/chmod`, { path, mode: '0600' }],
    ['POST', `${at}/rename`, { from: 'a', to: path }],
    ['POST', `${at}/copy`, { from: path, to: 'a' }],
    ['POST', `${at}/write-many`, { files: ['a', path].map((name) => ({ path: name, content: 'x' })) }],
  ];
};

describe('files', () => {
  const PATHS = ['/etc/passwd', '/workspace/../etc/passwd', '../etc/passwd', '/workspacex', 'a/../../b', '//etc'];
  it.each(PATHS)('%s is outside /workspace on every route, wherever the path stands', async (path) => {
    const as = tokens.get('sandbox:files') ?? '';
    for (const [method, url, body] of filesCalls(path)) {
      const answer = await t.call(method, url, body, { as });
      expect([method, url, answer.status, answer.body.error.details?.reason]).toEqual([method, url, 403, 'outside_workspace']);
    }
  });

  it('behind a link out of /workspace are closed to browser tokens and open to keys', async () => {
    const planted = await t.call('POST', `/sandboxes/${sandbox.id}/exec`, {
      command: 'mkdir -p ../beside && echo x > ../beside/f && ln -s ../beside out',
    });
    expect([planted.status, planted.body.data.exit_code, planted.text]).toEqual([200, 0, planted.text]);
    const as = tokens.get('sandbox:files') ?? '';
    for (const [method, url, body] of filesCalls('out/f')) {
      const answer = await t.call(method, url, body, { as });
      expect([method, url, answer.status, answer.body.error?.details?.reason]).toEqual([method, url, 403, 'outside_workspace']);
    }
    const byKey = await t.call('GET', `/sandboxes/${sandbox.id}/files/content?path=out/f`);
    expect([byKey.status, byKey.text]).toEqual([200, 'x\n']);
  });

  it('under /workspace go through', async () => {
    const as = tokens.get('sandbox:files') ?? '';
    const write = await t.call('POST', `/sandboxes/${sandbox.id}/files`, { path: 'a..b/c', content: 'aGk=' }, { as });
    expect([write.status, write.text]).toEqual([201, write.text]);
    const read = await t.call('GET', `/sandboxes/${sandbox.id}/files/content?path=/workspace/a..b/c`, undefined, { as });
    expect([read.status, read.text]).toEqual([200, 'hi']);
  });
});

describe('preview:read', () => {
  it('mints read-only preview tokens that end with the browser token and die with its key', async () => {
    const { key } = await t.mintKey({});
    const as = await t.token({ sandbox_id: sandbox.id, permissions: ['preview:read'], ttl_seconds: 120 }, key);
    const before = Date.now();
    const made = await t.call('POST', `/sandboxes/${sandbox.id}/preview-token`, { expires_in: 86_400 }, { as });
    expect([made.status, made.body.data.scope]).toEqual([200, 'read']);
    expect(Date.parse(made.body.data.expires_at)).toBeLessThanOrEqual(before + 121_000);
    const { payload } = JSON.parse(Buffer.from(made.body.data.token.slice(3), 'base64url').toString());
    expect(payload.keyId).toMatch(/^[0-9a-f-]{36}$/);
    const interact = await t.call('POST', `/sandboxes/${sandbox.id}/preview-token`, { scope: 'interact' }, { as });
    expect([interact.status, interact.body.error.details.reason]).toEqual([403, 'browser_token']);
  });
});

describe('the audit log', () => {
  it('puts acts down to the external ids of the token and the key behind it', async () => {
    const permissions = ['sandbox:exec'];
    const external = { external_workspace_id: 'clinic_9', external_user_id: 'dr-smith-456' };
    const as = await t.token({ sandbox_id: sandbox.id, ...external, permissions });
    await t.call('POST', `/sandboxes/${sandbox.id}/exec`, { command: 'true' }, { as });
    const { body } = await t.call('GET', '/audit?action=sandboxes.exec');
    const [entry] = body.data;
    expect(entry).toMatchObject({ ...external, actor: { type: 'browser', name: 'dr-smith-456' }, resource_id: sandbox.id });
    expect(entry.api_key_id).not.toBeNull();
  });
});
