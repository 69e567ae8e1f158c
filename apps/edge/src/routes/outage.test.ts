import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.close());

it('serves what it knows while the database is down, and follows again afterwards', async () => {
  const { route, agent, host } = await platform.sandbox();
  await platform.app(agent, (_req, res) => res.end('app'));
  const headers = { 'x-miosa-preview-token': platform.mint(route, { keyId: 'key_1' }) };
  expect((await platform.get(host(), '/', { headers })).status).toBe(200);
  platform.store.down = true;
  platform.gap();
  for (let i = 0; i < 3; i++) expect((await platform.get(host(), '/', { headers })).status).toBe(200);
  // What it never saw it cannot judge: closed, and said so.
  const unknown = await platform.get('5173-sbx0000000000.sandbox.miosa.localhost', '/', { headers: { accept: 'application/json' } });
  expect([unknown.status, JSON.parse(unknown.body).error.code]).toEqual([503, 'UNAVAILABLE']);
  const unseenKey = platform.mint(route, { keyId: 'key_never_seen' });
  expect((await platform.get(host(), '/', { headers: { 'x-miosa-preview-token': unseenKey } })).status).toBe(503);
  platform.store.down = false;
  platform.store.sandboxes.set(route.id, { ...route, state: 'destroyed' });
  platform.gap();
  expect((await platform.get(host(), '/', { headers })).status).toBe(410);
});

it('reads the database once for a known sandbox, however many requests come', async () => {
  const { route, agent, host } = await platform.sandbox();
  await platform.app(agent, (_req, res) => res.end('app'));
  const headers = { 'x-miosa-preview-token': platform.mint(route) };
  const before = platform.store.reads;
  await Promise.all(Array.from({ length: 20 }, () => platform.get(host(), '/', { headers })));
  expect(platform.store.reads - before).toBe(1);
});
