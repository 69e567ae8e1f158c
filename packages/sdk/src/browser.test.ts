import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

it('bundles for browsers without anything of Node', async () => {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: new URL('./index.ts', import.meta.url).pathname, formats: ['es'] } },
  });
  const [bundle] = [result].flat() as Rolldown.RolldownOutput[];
  const code = bundle?.output.map((file) => ('code' in file ? file.code : '')).join('') ?? '';
  expect(code).toContain('Idempotency'.toLowerCase());
  expect(code).not.toMatch(/node:|process\.|require\(/);
});
