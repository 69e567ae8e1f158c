/** `./miosa check`: types, lint and format, house rules. All run even when one fails, so that one round shows everything. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const bin = (name: string) => join('node_modules', '.bin', name);

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['types', [bin('tsc')]],
  ['lint and format', [bin('biome'), 'check', '.']],
  ['house rules', [bin('vitest'), 'run', '--project', 'rules']],
];

const failed: string[] = [];
for (const [name, [file = '', ...args]] of CHECKS) {
  console.log(`\n── ${name}`);
  if (spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' }).status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nall good' : `\nfailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
