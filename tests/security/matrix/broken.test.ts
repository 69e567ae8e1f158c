import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createMatrix } from './check.ts';
import { operations } from './document.ts';
import { principals } from './principals.ts';

/** The test of the test: with one check taken out of the product, the matrix must say so. */
const broken = vi.hoisted(() => ({ scopes: false, boundaries: false }));
vi.mock('../../../apps/control-plane/src/modules/access/scopes.ts', async (original) => {
  const real = await original<{ covers(granted: readonly string[], needed: string): boolean }>();
  return { ...real, covers: (granted: readonly string[], needed: string) => broken.scopes || real.covers(granted, needed) };
});
vi.mock('../../../apps/control-plane/src/modules/sandboxes/visibility.ts', async (original) => {
  const real = await original<{ visibilityOf(op: unknown, core: unknown): Promise<{ readonly tenantId: string }> }>();
  return {
    ...real,
    visibilityOf: async (op: unknown, core: unknown) => {
      const visibility = await real.visibilityOf(op, core);
      return broken.boundaries ? { tenantId: visibility.tenantId, workspaceIds: null, ownerUserId: null } : visibility;
    },
  };
});

let plane: TestControlPlane;
beforeAll(async () => {
  plane = await startTestControlPlane();
}, 60_000);
afterAll(() => plane?.close());

const reads = operations().filter(({ id }) => ['sandboxes.get', 'sandboxes.logs', 'workspaces.list', 'audit.list'].includes(id));

it('finds nothing while nothing is broken', async () => {
  expect((await (await createMatrix(plane)).run(reads)).findings).toEqual([]);
}, 60_000);

it('notices a scope that nobody checks', async () => {
  broken.scopes = true;
  const { findings } = await (await createMatrix(plane)).run(reads);
  broken.scopes = false;
  const lacking = principals.filter(({ caller }) => caller.as === 'key' && caller.scopes === 'all but needed');
  expect(lacking.length).toBe(5);
  expect(new Set(findings.map(({ principal }) => principal))).toEqual(new Set(lacking.map(({ name }) => name)));
  expect(findings.length).toBe(reads.length * lacking.length);
}, 60_000);

it('notices a boundary that nobody checks', async () => {
  broken.boundaries = true;
  const { findings } = await (await createMatrix(plane)).run(reads);
  broken.boundaries = false;
  expect(new Set(findings.map(({ principal }) => principal))).toEqual(
    new Set([
      'msk live bound to another workspace',
      'msk user of another member',
      'JWT member (elsewhere)',
      'JWT member, admin of the workspace (elsewhere)',
      'mbt outside, with permission',
    ]),
  );
}, 60_000);
