import { expect, test } from 'vitest';
import { advisoriesFor, compareVersions } from './advisories.ts';

const ids = (...args: Parameters<typeof advisoriesFor>) => advisoriesFor(...args).map(({ id }) => id);

test('an upstream runc before the fix is reported, the distribution build that carries the fix is not', () => {
  expect(ids('runc', '1.1.5', null)).toContain('CVE-2024-21626');
  expect(ids('runc', '1.1.5', '1.1.5+ds1-1+deb12u1')).not.toContain('CVE-2024-21626');
  expect(ids('runc', '1.1.12', null)).not.toContain('CVE-2024-21626');
});

test('a fix counts in the release line it was made for', () => {
  expect(ids('runc', '1.3.2', null)).toHaveLength(1);
  expect(ids('runc', '1.2.8', null)).toEqual([]);
  expect(ids('runc', '1.3.3', null)).toEqual([]);
  expect(ids('runc', '1.5.0', null)).toEqual([]);
});

test('versions compare by number, not by letter', () => {
  expect(compareVersions('1.10.0', '1.9.9')).toBe(1);
  expect(compareVersions('1.20', '1.20.0')).toBe(0);
});
