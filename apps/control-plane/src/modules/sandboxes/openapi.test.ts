import { emitOpenApi } from '@miosa/http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenancy, tenancyRoutes } from '../tenancy/index.ts';
import { sandboxRoutes } from './index.ts';
import { createWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

test('the routes go into one OpenAPI document with named components, and internal ones stay out', () => {
  const routes = [...sandboxRoutes(world.core), ...tenancyRoutes(createTenancy({ db: world.core.db }))];
  const document = emitOpenApi(routes, { version: 'test' }) as { paths: object; components: { schemas: object } };
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining([
      'Sandbox',
      'ExecResult',
      'Process',
      'File',
      'Preview',
      'PreviewToken',
      'Share',
      'EnvVar',
      'Port',
      'SandboxUsage',
    ]),
  );
  expect(JSON.stringify(Object.keys(document.paths))).not.toContain('internal');
  const ids = sandboxRoutes(world.core).map((route) => route.id);
  expect(new Set(ids).size).toBe(ids.length);
});
