import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostSources } from './sources.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/apt-test-');
  mkdirSync(join(folder, 'sources.list.d'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('only the archives of the suite are taken over, in both formats of apt', () => {
  writeFileSync(
    join(folder, 'sources.list.d', 'debian.sources'),
    '# first\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\nTypes: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main\nEnabled: no\n',
  );
  writeFileSync(
    join(folder, 'sources.list.d', 'vendor.sources'),
    'Types: deb\nURIs: https://vendor.example\nSuites: nodistro\nComponents: main\n',
  );
  writeFileSync(
    join(folder, 'sources.list'),
    'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib\ndeb-src http://mirror.example/debian bookworm main\n# deb http://off.example bookworm main\ndeb http://vendor.example stable main\n',
  );
  const { deb822, oneLine } = hostSources('bookworm', folder);
  expect(deb822.trim()).toBe('Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main');
  expect(oneLine).toBe('deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib\n');
});

test('a machine without such an archive gives nothing', () => {
  expect(hostSources('bookworm', folder)).toEqual({ deb822: '', oneLine: '' });
});
