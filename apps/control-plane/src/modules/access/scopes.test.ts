import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, isSubset, SCOPES } from './scopes.ts';

const all = [...SCOPES];
const concrete = all.filter((scope) => !scope.startsWith('*'));

describe('a scope opens', () => {
  it.each([
    ['sandboxes:write', 'sandboxes:read'],
    ['sandboxes:write', 'previews:write'],
    ['data:read', 'storage:read'],
    ['data:write', 'storage:write'],
    ['data:write', 'storage:read'],
    ['*:read', 'audit:read'],
    ['*:write', 'usage:read'],
    ['*', 'llm:invoke'],
  ])('%s opens %s', (granted, needed) => expect(covers([granted], needed)).toBe(true));

  it.each([
    ['sandboxes:read', 'sandboxes:write'],
    ['sandboxes:read', 'previews:write'],
    ['storage:write', 'data:read'],
    ['data:read', 'storage:write'],
    ['computers:write', 'previews:write'],
    ['deployments:write', 'domains:write'],
    ['*:read', 'sandboxes:write'],
    ['*:write', 'llm:invoke'],
    ['*:write', '*'],
    ['sandboxes:write', '*:read'],
    ['sandbox:write', 'sandboxes:write'],
  ])('%s does not open %s', (granted, needed) => expect(covers([granted], needed)).toBe(false));
});

it('a subset never opens what the whole does not', () => {
  fc.assert(
    fc.property(fc.subarray(all), fc.subarray(all, { minLength: 1 }), fc.constantFrom(...concrete), (granted, wanted, needed) => {
      fc.pre(isSubset(wanted, granted));
      expect(covers(granted, needed) || !covers(wanted, needed)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
