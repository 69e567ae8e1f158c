import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from '@miosa/http';
import { expect, it } from 'vitest';
import { declaredRoutes, openApiText } from './declared-routes.ts';

it('is the committed openapi.json (after a change: `npm run gen`)', () => {
  const committed = readFileSync(join(import.meta.dirname, '..', '..', '..', 'openapi', 'openapi.json'), 'utf8');
  expect(openApiText() === committed).toBe(true);
});

it('has only schemas that compile and paths that do not collide', async () => {
  const server = await createServer({
    routes: declaredRoutes(),
    authenticate: async () => null,
    authorize: () => {},
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.example',
    checkResponses: true,
  });
  expect((await server.inject('/api/v1/openapi.json')).json().openapi).toBe('3.1.0');
  expect((await server.inject('/docs')).body).toContain('sandboxes.create');
  await server.close();
});
