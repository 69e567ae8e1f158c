import { expect, it } from 'vitest';
import { isId, isUuid, newId, newUuid } from './ids.ts';

it('makes prefixed ids that sort by time', () => {
  const early = newId('sbx', 1_000_000);
  const late = newId('sbx', 2_000_000);
  expect(isId('sbx', early)).toBe(true);
  expect(early < late).toBe(true);
  expect(isId('shr', early)).toBe(false);
});

it('makes version 7 UUIDs that sort by time', () => {
  const early = newUuid(1_000_000);
  const late = newUuid(2_000_000);
  expect(isUuid(early)).toBe(true);
  expect(early[14]).toBe('7');
  expect(early < late).toBe(true);
});
