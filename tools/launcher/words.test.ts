import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const WORDS = join(import.meta.dirname, 'words.sh');
const CLI = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'src', 'main.ts');
const isForCli = (...args: readonly string[]): boolean =>
  spawnSync('bash', ['-euc', 'source "$0"; for_cli "$@"', WORDS, ...args]).status === 0;

it('every command of the command line is handed to it', () => {
  const { stdout } = spawnSync(process.execPath, [CLI, '--help'], { encoding: 'utf8' });
  const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z][a-z-]*(?:\|[a-z-]+)?)/gm)];
  const names = commands.flatMap(([, name = '']) => name.split('|')).filter((name) => name !== 'help');
  expect(names).toContain('members');
  expect(names.filter((name) => !isForCli(name))).toEqual([]);
});

it.each([
  ['keys rotate', false],
  ['keys rotate --data /srv/miosa', false],
  ['keys rotate --data=/srv/miosa', false],
  ['keys rotate --help', false],
  ['keys rotate k1', true],
  ['keys rotate --grace 60 k1', true],
  ['keys rotate --json', true],
  ['keys', true],
  ['keys ls', true],
  ['cli keys rotate', true],
  ['template import busybox oci:/srv/image', false],
  ['template ls', true],
  ['up', false],
  ['status', false],
])('"%s" is for the command line: %s', (line, expected) => {
  expect(isForCli(...line.split(' '))).toBe(expected);
});
