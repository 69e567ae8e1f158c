import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';

const root = join(import.meta.dirname, '../..');

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** Folder of an installed package as seen from another one, or null (an optional one for another platform). */
const resolvePackage = (name: string, from: string): string | null => {
  for (const folder of createRequire(join(from, 'package.json')).resolve.paths(name) ?? [])
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  return null;
};

/** A package and everything it needs at run time, as folders of this repository's installation. */
const closure = (name: string): readonly string[] => {
  const seen = new Set<string>();
  const visit = (wanted: string, from: string): void => {
    const folder = resolvePackage(wanted, from);
    if (folder === null || seen.has(folder)) return;
    seen.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    for (const next of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) visit(next, folder);
  };
  visit(name, root);
  return [...seen];
};

/** A tar.gz stream with `node_modules` holding the package: for sandboxes without a way to a package registry. */
export const packed = (name: string): Readable => {
  const folders = closure(name).map((folder) => relative(root, folder));
  const tar = spawn('tar', ['-C', root, '-cz', ...folders], { stdio: ['ignore', 'pipe', 'inherit'] });
  return tar.stdout;
};
