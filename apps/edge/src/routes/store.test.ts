import { type TestDatabase, testDatabase } from '@miosa/db';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDeploymentStore } from './deployment-store.ts';
import { createRouteStore } from './store.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

// The tables' rows are other modules' business; here only the shape of the views is at stake.
it('reads the three published views of an empty database', async () => {
  const store = createRouteStore(test.db);
  expect(await store.sandboxBySlug('sbx0000000000')).toBeNull();
  expect(await store.sandboxById('sbx_0')).toBeNull();
  expect(await store.share(Buffer.alloc(32))).toBeNull();
  expect(await store.key('550e8400-e29b-41d4-a716-446655440000')).toEqual({
    id: '550e8400-e29b-41d4-a716-446655440000',
    revokedAt: null,
    expiresAt: null,
  });
});

it('reads the published views of deployments', async () => {
  const store = createDeploymentStore(test.db);
  expect(await store.all(10)).toEqual([]);
  expect(await store.byName('managed', 'a.b')).toBeNull();
  expect(await store.byIds(['dep_0', 'dep_1'])).toEqual([]);
  expect(await store.version('a.b', '0123456789')).toBeNull();
});
