import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openApiText } from './declared-routes.ts';

it('is the committed openapi.json (after a change: `npm run gen`)', () => {
  const committed = readFileSync(join(import.meta.dirname, '..', '..', '..', 'openapi', 'openapi.json'), 'utf8');
  expect(openApiText() === committed).toBe(true);
});
