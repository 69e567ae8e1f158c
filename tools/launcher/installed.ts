/** `installed.ts <repository>`: exit code 0 when node_modules holds what package-lock.json asks for (npm's own record of what it installed). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly link?: boolean; readonly optional?: boolean }>
  >;
}

const repository = process.argv[2] ?? '.';
const record = join(repository, 'node_modules', '.package-lock.json');
if (!existsSync(record)) process.exit(1);
const wanted: LockFile = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'));
const have: LockFile = JSON.parse(readFileSync(record, 'utf8'));
const missing = Object.entries(wanted.packages).filter(([path, entry]) => {
  if (!path.includes('node_modules/')) return false;
  const found = have.packages[path];
  if (found === undefined) return entry.optional !== true;
  return found.version !== entry.version || found.integrity !== entry.integrity || !existsSync(join(repository, path));
});
process.exit(missing.length === 0 ? 0 : 1);
