import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

export interface Import {
  readonly from: string;
  /** `import type`, or every name in the braces is a type: gone at run time. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Everything that is or would be committed. */
export const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: REPOSITORY, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(REPOSITORY, path)));

export const readTracked = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');

const STATEMENT =
  /^(?:import|export)\s+(type\s+)?((?:[\w*\s,$]|\{[^}]*\})*?)\s*from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

const onlyTypes = (names: string): boolean => {
  const braces = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  return braces?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) === true;
};

const importsOf = (text: string): Import[] =>
  [...text.matchAll(STATEMENT)].map(([, type, names = '', from, bare, dynamic]) => ({
    from: from ?? bare ?? dynamic ?? '',
    typeOnly: type !== undefined || (from !== undefined && onlyTypes(names)),
  }));

export const typescriptSources = (): Source[] =>
  trackedFiles()
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.gen.ts') && !path.endsWith('.d.ts'))
    .map((path) => {
      const text = readTracked(path);
      return { path, text, imports: importsOf(text) };
    });

/** The file a relative import means, or null for a package. */
export const resolveImport = (source: Source, { from }: Import): string | null =>
  from.startsWith('.') ? normalize(join(dirname(source.path), from)) : null;

/** Tests and what only they use. */
export const isTest = (path: string): boolean => /\.test\.tsx?$|\/testing\//.test(path) || path.startsWith('tests/');

/** Paths from a file back to itself along imports that exist at run time; each cycle once. */
export const importCycles = (sources: readonly Source[]): string[] => {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter(({ typeOnly }) => !typeOnly).flatMap((entry) => resolveImport(source, entry) ?? []),
    ]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
};
