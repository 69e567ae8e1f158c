import type { Route } from '@miosa/http';
import { newUuid } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './testing/installation.ts';

/** Every route of the identity modules against credentials that must not open it. Made from the declarations: a new route is in it at once. */
let t: Installation;
let foreign: string;
let revoked: string;
let optimal: string;
let unscoped: string;
beforeAll(async () => {
  t = await createInstallation();
  foreign = (await t.addTenant('Matrix Neighbour')).key;
  const dead = await t.mint({});
  await t.call('DELETE', `/api-keys/${dead.id}`);
  revoked = dead.key;
  optimal = (await t.mint({ purpose: 'optimal' })).key;
  unscoped = (await t.mint({ scopes: ['usage:read'] })).key;
});
afterAll(() => t.close());

const guarded = (): (Route & { readonly access: Exclude<Route['access'], 'public'> })[] =>
  t.routes.flatMap((route) => (route.access === 'public' || route.internal === true ? [] : [{ ...route, access: route.access }]));
const attempt = (route: Route, as: string | null) => t.call(route.method, route.path.replaceAll(/\{\w+\}/g, newUuid()), {}, { as });

describe('no route opens', () => {
  it('without a valid credential', async () => {
    expect(guarded().length).toBeGreaterThan(20);
    for (const route of guarded()) {
      for (const as of [null, revoked, 'msk_live_x', 'x.y.z', `msk_live_${'0'.repeat(32)}`]) {
        const { status, body } = await attempt(route, as);
        expect([route.id, as, status, body.error?.code]).toEqual([route.id, as, 401, 'UNAUTHORIZED']);
      }
    }
  });

  it('without its scope, and the answer names it', async () => {
    for (const route of guarded()) {
      const { status, body } = await attempt(route, unscoped);
      const { scope, credentials } = route.access;
      if (credentials === 'jwt') expect([route.id, status]).toEqual([route.id, 403]);
      else if (scope !== null) expect([route.id, status, body.error?.details?.required_scope]).toEqual([route.id, 403, scope]);
      else expect([route.id, status]).toEqual([route.id, 200]);
    }
  });

  it('to a key for LLM routes', async () => {
    for (const route of guarded()) expect([route.id, (await attempt(route, optimal)).status]).toEqual([route.id, 403]);
  });

  it('onto another organization’s objects', async () => {
    for (const route of guarded().filter(({ path }) => path.includes('{id}'))) {
      const { status } = await attempt(route, foreign);
      // A body that lacks what it needs is refused before anything is looked up.
      expect([route.id, [404, 422].includes(status)]).toEqual([route.id, true]);
    }
  });
});

it('every operation has one name, and its path one of each method', () => {
  const ids = t.routes.map(({ id }) => id);
  const places = t.routes.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(places).size).toBe(places.length);
});
