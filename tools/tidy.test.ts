/** House rules that a machine can check. Every ban names what to do instead. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importCycles, isTest, REPOSITORY, readTracked, resolveImport, trackedFiles, typescriptSources } from './sources.ts';

const files = trackedFiles();
const sources = typescriptSources();

/** Which workspaces a workspace may import. What is not listed is forbidden; `kernel` imports nothing at all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/kernel': [],
  'packages/hostnames': ['kernel'],
  'packages/releases': ['kernel'],
  'packages/http': ['kernel'],
  'packages/db': ['kernel'],
  'packages/sdk': [],
  'packages/ui': ['sdk'],
  'packages/cli': ['sdk'],
  'drivers/runtime': ['kernel'],
  'drivers/limits': ['kernel'],
  'drivers/mail': ['kernel'],
  'drivers/blobs': ['kernel'],
  'drivers/certs': [],
  'apps/control-plane': ['kernel', 'hostnames', 'releases', 'http', 'db', 'runtime', 'limits', 'mail', 'blobs', 'certs'],
  'apps/edge': ['kernel', 'hostnames', 'releases', 'db', 'blobs'],
  'apps/runner': ['kernel', 'runtime'],
  'apps/supervisor': ['kernel', 'hostnames', 'db', 'certs'],
  'examples/white-label-cliniciq': ['sdk', 'react'],
  'examples/agent-builds-static-app': ['sdk'],
  tests: [
    'sdk',
    'react',
    'control-plane',
    'db',
    'hostnames',
    'limits',
    'blobs',
    'example-white-label-cliniciq',
    'example-agent-builds-static-app',
  ],
  bench: ['sdk', 'control-plane', 'db', 'kernel', 'limits'],
};

/** A module imports lower ranks only; within rank 0 the pairs named here. */
const RANKS: Readonly<Record<string, number>> = {
  tenancy: 0,
  access: 0,
  members: 0,
  audit: 0,
  events: 0,
  usage: 0,
  'browser-tokens': 1,
  domains: 1,
  sandboxes: 2,
  deployments: 3,
  admin: 4,
};
const WITHIN_RANK = [
  'access → tenancy',
  'access → audit',
  'tenancy → audit',
  'tenancy → events',
  'access → events',
  'usage → audit',
  'usage → tenancy',
  'members → tenancy',
  'members → access',
  'members → audit',
  'members → events',
];

const workspaceOf = (path: string): string =>
  path
    .split('/')
    .slice(0, /^(tests|bench|tools|templates)\//.test(path) ? 1 : 2)
    .join('/');
const moduleOf = (path: string): string | null => /^apps\/control-plane\/src\/modules\/([^/]+)\//.exec(path)?.[1] ?? null;

test('a workspace imports only the layers below it', () => {
  const wrong = sources.flatMap(({ path, imports }) => {
    const allowed = MAY_IMPORT[workspaceOf(path)];
    if (allowed === undefined) return [];
    const own = JSON.parse(readTracked(join(workspaceOf(path), 'package.json'))).name;
    return imports
      .filter(({ from }) => from.startsWith('@miosa/') && from !== own)
      .filter(({ from }) => !allowed.includes(from.split('/')[1] ?? ''))
      .map(({ from }) => `${path} imports ${from}; ${workspaceOf(path)} may import ${allowed.join(', ') || 'nothing'}`);
  });
  expect(wrong).toEqual([]);
});

test('no workspace reaches into another by a relative path', () => {
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap((entry) => {
      const target = resolveImport(source, entry);
      const crosses = target !== null && workspaceOf(target) !== workspaceOf(source.path);
      // The tools and their settings look at everything; bench starts its platform as the tests do.
      const excused =
        ['tools', 'vitest.config.ts'].includes(workspaceOf(source.path)) ||
        (workspaceOf(source.path) === 'bench' && target?.startsWith('tests/harness/') === true);
      return crosses && !excused ? [`${source.path} imports ${entry.from}; use the package's name`] : [];
    }),
  );
  expect(wrong).toEqual([]);
});

test('the kernel depends on nothing', () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith('packages/kernel/') && !isTest(path))
    .flatMap(({ path, imports }) => imports.filter(({ from }) => !from.startsWith('.')).map(({ from }) => `${path} imports ${from}`));
  expect(wrong.filter((line) => !line.endsWith('node:crypto'))).toEqual([]);
});

test('control-plane modules see each other through index.ts, lower ranks only', () => {
  const wrong = sources.flatMap((source) => {
    const own = moduleOf(source.path);
    if (own === null || isTest(source.path)) return [];
    return source.imports.flatMap((entry) => {
      const target = resolveImport(source, entry);
      const other = target === null ? null : moduleOf(target);
      if (target === null || other === null || other === own) return [];
      if (basename(target) !== 'index.ts') return [`${source.path} imports ${entry.from}; import ${other}/index.ts`];
      const [from, to] = [RANKS[own], RANKS[other]];
      if (from === undefined || to === undefined)
        return [`${source.path}: module ${from === undefined ? own : other} has no rank in tools/tidy.test.ts`];
      return to < from || WITHIN_RANK.includes(`${own} → ${other}`)
        ? []
        : [`${source.path}: ${own} (rank ${from}) imports ${other} (rank ${to})`];
    });
  });
  expect(wrong).toEqual([]);
});

test('only packages/db imports the Postgres driver', () => {
  const wrong = sources.filter(
    ({ path, imports, text }) =>
      !path.startsWith('packages/db/') && (imports.some(({ from }) => /^pg(-|\/|$)/.test(from)) || /\bPostgresDialect\b/.test(text)),
  );
  expect(wrong.map(({ path }) => path).filter((path) => path !== 'tools/tidy.test.ts')).toEqual([]);
});

test('SQL of the control plane is run in store files', () => {
  const wrong = sources.filter(
    ({ path, text }) =>
      path.startsWith('apps/control-plane/src/modules/') &&
      !isTest(path) &&
      !/[./]store\.ts$|\/store\//.test(path) &&
      /\.execute(TakeFirst|TakeFirstOrThrow)?\(/.test(text),
  );
  expect(wrong.map(({ path }) => `${path}: move the query into the module's store.ts`)).toEqual([]);
});

test('only compose files name drivers', () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    path.startsWith('apps/control-plane/src/') && !isTest(path) && basename(path) !== 'compose.ts'
      ? imports
          .filter(({ from, typeOnly }) => /^@miosa\/(runtime|limits|mail)\b/.test(from) && !typeOnly)
          .map(({ from }) => `${path} imports ${from}; take the port from compose.ts`)
      : [],
  );
  expect(wrong).toEqual([]);
});

test('files do not import each other in circles', () => {
  expect(importCycles(sources)).toEqual([]);
});

test('processes start from argument arrays, never through a shell', () => {
  const wrong = sources.filter(
    ({ path, text }) =>
      path !== 'tools/tidy.test.ts' &&
      (/\bshell:\s*true\b/.test(text) || /import\s*\{[^}]*\b(exec|execSync)\b[^}]*\}\s*from\s*'node:child_process'/.test(text)),
  );
  expect(wrong.map(({ path }) => `${path}: use spawn or execFile with an array`)).toEqual([]);
});

test('no default exports, no test left alone by .only', () => {
  const wrong = sources.filter(
    ({ path, text }) =>
      (/^export default\b/m.test(text) && !isTest(path) && !/\.config\.ts$/.test(path)) ||
      (isTest(path) && /\b(test|it|describe)\.only\(/.test(text)),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

// schema.sql is dumped from the database, `.gen.ts` emitted: nobody writes them.
test('no file is longer than 400 lines', () => {
  const long = files
    .filter((path) => /\.(tsx?|go|sh|sql)$/.test(path) && !path.endsWith('.gen.ts') && basename(path) !== 'schema.sql')
    .filter((path) => readTracked(path).split('\n').length > 401);
  expect(long.map((path) => `${path}: split it by what its parts are for`)).toEqual([]);
});

test('no attics', () => {
  const wrong = files.filter((path) => /(^|\/)(utils?|shared|common|helpers|misc|lib)\//.test(path));
  expect(wrong.map((path) => `${path}: name the folder after what is in it`)).toEqual([]);
});

test('every path that a document names exists', () => {
  const tops = new Set(files.map((path) => path.split('/')[0]));
  const wrong = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...readTracked(path).matchAll(/`([\w.@-]+(?:\/[\w.@-]+)+\/?)`|\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, code, link]) => ({ target: code ?? link ?? '', base: code === undefined ? dirname(path) : '' }))
        .filter(({ target, base }) => base !== '' || tops.has(target.split('/')[0] ?? ''))
        .filter(({ target, base }) => !existsSync(join(REPOSITORY, base, target)) && !existsSync(join(REPOSITORY, dirname(path), target)))
        .map(({ target }) => `${path} names ${target}`),
    );
  expect(wrong).toEqual([]);
});

test('no package registry or mirror is named', () => {
  const hosts = [
    ['registry', 'npmjs'],
    ['npmmirror', 'com'],
    ['proxy', 'golang'],
    ['sum', 'golang'],
    ['deb', 'debian', 'org'],
    ['pypi', 'org'],
    ['crates', 'io'],
  ].map((parts) => parts.join('.'));
  const text = files.filter((path) => !/\.(png|ico|woff2?|gz|webp|jpg)$/.test(path));
  expect(text.filter((path) => hosts.some((host) => readTracked(path).includes(host)))).toEqual([]);
});

test('the lock file names every optional package, so npm ci accepts it on every platform', () => {
  const { packages }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(
    readTracked('package-lock.json'),
  );
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => packages[`${path}/node_modules/${name}`] === undefined && packages[`node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

test('no file is dead: each is imported, run or named by another', () => {
  const imported = new Set(sources.flatMap((source) => source.imports.flatMap((entry) => resolveImport(source, entry) ?? [])));
  const naming = files
    .filter((path) => /(^|\/)(miosa|package\.json|vitest\.config\.ts|Dockerfile)$|\.sh$|\.html$/.test(path) || /\.tsx?$/.test(path))
    .map((path) => ({ path, text: readTracked(path) }));
  const isNamed = (path: string) =>
    naming.some((other) => other.path !== path && new RegExp(`['"\`/ ]${basename(path).replaceAll('.', '\\.')}['"\`\\s]`).test(other.text));
  const dead = sources
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !isTest(path) && !/(^|\/)(main|index)\.tsx?$|\.config\.ts$/.test(path) && !isNamed(path));
  expect(dead).toEqual([]);
});
