import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMatrix, type Result, table } from './check.ts';
import { operations } from './document.ts';
import { principals } from './principals.ts';

let plane: TestControlPlane;
let matrix: Awaited<ReturnType<typeof createMatrix>>;
let result: Result;
beforeAll(async () => {
  plane = await startTestControlPlane();
  matrix = await createMatrix(plane);
  result = await matrix.run(operations());
  console.log(`matrix: ${result.rows.length} operations × ${principals.length} principals = ${result.checks} checks`);
}, 600_000);
afterAll(() => plane?.close());

it('answers every operation to every kind of credential as its declaration says', () => {
  expect(result.findings).toEqual([]);
});

it('gives the answers that were reviewed; an operation that is new or gone shows here', async () => {
  expect(result.rows.length).toBe(operations().length);
  await expect(table(result.rows)).toMatchFileSnapshot('matrix.txt');
});

it('lets no refused call have an effect: what they named is still there', async () => {
  const reads = operations().filter(({ method, path }) => method === 'GET' && path.includes('{') && !path.startsWith('/admin/'));
  const owner = principals.filter(({ name }) => name === 'JWT owner');
  expect((await matrix.run(reads, owner)).findings).toEqual([]);
  const states = await matrix.states();
  expect(states.length).toBeGreaterThan(0);
  expect(states.filter((state) => state !== 'running')).toEqual([]);
}, 60_000);

it('opens operations of the installation to operators only, and those of an organization to its admins only', () => {
  const wrong = operations().filter(({ path, access }) => path.startsWith('/admin/') !== (access !== 'public' && access.operator === true));
  expect(wrong.map(({ id }) => id)).toEqual([]);
});
