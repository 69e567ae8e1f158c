import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SandboxRoute } from '../routes/types.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ holdMs: 1500 });
});
afterAll(() => platform.close());

const paused = async (fields: Partial<SandboxRoute> = {}) => {
  const made = await platform.sandbox({ state: 'paused', ...fields });
  await platform.app(made.agent, (_req, res) => res.end('awake'));
  platform.control.wakes.length = 0;
  return { ...made, headers: { 'x-miosa-preview-token': platform.mint(made.route) } };
};

it('holds requests while a paused sandbox wakes, with one call for all of them', async () => {
  const { route, host, headers } = await paused();
  platform.control.onWake = async (id) => {
    await sleep(300);
    platform.store.sandboxes.set(id, { ...route, state: 'running' }); // the notification is still under way
    return 200;
  };
  const answers = await Promise.all(Array.from({ length: 20 }, () => platform.get(host(), '/', { headers })));
  expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, () => 'awake'));
  expect(platform.control.wakes).toEqual([route.id]);
});

it('keeps asking while the control plane is down, then passes the request', async () => {
  const { route, host, headers } = await paused();
  let tries = 0;
  platform.control.onWake = async (id) => {
    if (++tries < 2) return 503;
    platform.store.sandboxes.set(id, { ...route, state: 'running' });
    return 200;
  };
  expect((await platform.get(host(), '/', { headers })).body).toBe('awake');
});

it.each([
  ['provisioning', null],
  ['running', 'pausing'],
  ['paused', 'resuming'],
] as const)('holds in state %s, transition %s', async (state, transition) => {
  const { route, host, headers } = await paused({ state, transition });
  platform.control.onWake = async (id) => {
    platform.store.sandboxes.set(id, { ...route, state: 'running', transition: null });
    return 200;
  };
  expect((await platform.get(host(), '/', { headers })).body).toBe('awake');
});

it('answers 503 with a page that reloads when it takes too long, or cannot be', async () => {
  const { host, headers } = await paused();
  platform.control.onWake = () => sleep(1800, 200);
  const slow = await platform.get(host(), '/', { headers: { ...headers, accept: 'text/html' } });
  expect([slow.status, slow.headers['retry-after']]).toEqual([503, '3']);
  expect(slow.body).toContain('data-reload="3"');
  await sleep(400);
  platform.control.onWake = async () => 409;
  expect((await platform.get(host(), '/', { headers })).status).toBe(503);
});

it('says 410 when the sandbox is destroyed meanwhile', async () => {
  const { route, host, headers } = await paused();
  platform.control.onWake = async (id) => {
    platform.store.sandboxes.set(id, { ...route, state: 'destroyed' });
    return 410;
  };
  expect((await platform.get(host(), '/', { headers })).status).toBe(410);
});

it('never wakes a private sandbox for a visitor without a token, nor through a revoked key', async () => {
  const { route, host } = await paused();
  platform.store.keys.set('key_x', { id: 'key_x', revokedAt: new Date(), expiresAt: null });
  const token = platform.mint(route, { keyId: 'key_x' });
  expect((await platform.get(host())).status).toBe(401);
  expect((await platform.get(host(), '/', { headers: { 'x-miosa-preview-token': token } })).status).toBe(403);
  expect(platform.control.wakes).toEqual([]);
});

it('cuts a held request whose key is revoked while it waits', async () => {
  const { route, host } = await paused();
  let reached = false;
  platform.control.onWake = async (id) => {
    await sleep(500);
    platform.store.sandboxes.set(id, { ...route, state: 'running' });
    reached = true;
    return 200;
  };
  const answer = platform.get(host(), '/', { headers: { 'x-miosa-preview-token': platform.mint(route, { keyId: 'key_h' }) } });
  const refused = expect(answer).rejects.toThrow();
  await sleep(150);
  platform.store.keys.set('key_h', { id: 'key_h', revokedAt: new Date(), expiresAt: null });
  platform.keyChanged('key_h');
  await refused;
  expect(reached).toBe(false);
});
