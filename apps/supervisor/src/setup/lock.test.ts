import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, takeLock } from './lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/lock-test-');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TAKE = `import { takeLock } from '${new URL('./lock.ts', import.meta.url).pathname}'; takeLock(process.argv[1]); console.log('taken'); setInterval(() => {}, 1000);`;

test('a second supervisor of one data folder is refused and told who holds it', async () => {
  const path = join(folder, 'lock');
  const other = spawn(process.execPath, ['--input-type=module', '-e', TAKE, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(other.stdout, 'data');
    expect(holderOf(path)).toBe(other.pid);
    expect(() => takeLock(path)).toThrow(`process ${other.pid}`);
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

test('after kill -9 of the holder the lock is free at once', async () => {
  const path = join(folder, 'lock');
  const other = spawn(process.execPath, ['--input-type=module', '-e', TAKE, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(holderOf(path)).toBeNull();
  takeLock(path).release();
});

test('a released lock can be taken again by the same process', () => {
  const path = join(folder, 'lock');
  takeLock(path).release();
  takeLock(path).release();
  expect(holderOf(path)).toBeNull();
});
