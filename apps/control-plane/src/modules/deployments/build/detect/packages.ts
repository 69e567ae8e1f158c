import type { BuildStep, Tree } from './plan.ts';

/** package.json as far as builds look at it; every part may be missing or nonsense, since it is the customer's file. */
export interface PackageJson {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: ReadonlySet<string>;
  /** Also those for development only. */
  readonly allDependencies: ReadonlySet<string>;
  readonly main: string | null;
  readonly packageManager: string | null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Null: there is none. @throws SyntaxError when it is not JSON. */
export const readPackageJson = ({ texts }: Tree): PackageJson | null => {
  const text = texts['package.json'];
  if (text === undefined) return null;
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  const json = isRecord(value) ? value : {};
  const namesIn = (key: string): string[] => (isRecord(json[key]) ? Object.keys(json[key]) : []);
  const scripts = isRecord(json.scripts)
    ? Object.entries(json.scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    : [];
  return {
    scripts: Object.fromEntries(scripts),
    dependencies: new Set(namesIn('dependencies')),
    allDependencies: new Set(['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(namesIn)),
    main: textOrNull(json.main),
    packageManager: textOrNull(json.packageManager),
  };
};

export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** Runs a script of package.json. */
  run(script: string): string;
  readonly install: BuildStep;
}

/** `PATH` may hold one already: what the sandbox has installed is taken first. npm comes with Node and gets the others. */
const fetched = (name: string, spec: string, args: string): string =>
  `if command -v ${name} >/dev/null 2>&1; then ${name} ${args}; else npx --yes ${spec} ${args}; fi`;

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
] as const;

/** The last that reads each form of lockfile (its `lockfileVersion`). */
const PNPM_OF_LOCKFILE: Readonly<Record<string, string>> = { '5': 'pnpm@7', '6': 'pnpm@8' };

const pnpmFor = (tree: Tree): string => {
  const major = /^lockfileVersion:\s*['"]?(\d+)/m.exec(tree.texts['pnpm-lock.yaml'] ?? '')?.[1] ?? '';
  return PNPM_OF_LOCKFILE[major] ?? 'pnpm@9';
};

/** `packageManager` of package.json names one version, perhaps with a hash; the lockfile tells which program, and wins when they differ. */
const chosen = (tree: Tree, json: PackageJson): { name: PackageManager['name']; lockfile: string | null; version: string | null } => {
  const [, named, version = null] = /^(npm|pnpm|yarn|bun)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+\S*)?$/.exec(json.packageManager ?? '') ?? [];
  const present = LOCKFILES.filter(([file]) => tree.files.includes(file));
  const [lockfile, byLockfile] = present.find(([, name]) => name === named) ?? present[0] ?? [null, null];
  const name = byLockfile ?? (named as PackageManager['name'] | undefined) ?? 'npm';
  return { name, lockfile, version: name === named ? version : null };
};

// Also what is for development only: the build needs it, even where the deployment's env says NODE_ENV=production.
const installers = {
  npm: { spec: 'npm', locked: 'ci --include=dev --no-audit --no-fund', free: 'install --include=dev --no-audit --no-fund' },
  pnpm: { spec: 'pnpm@9', locked: 'install --frozen-lockfile --prod=false', free: 'install --prod=false' },
  yarn: { spec: 'yarn@1.22.22', locked: 'install --frozen-lockfile --production=false', free: 'install --production=false' },
  berry: { spec: '@yarnpkg/cli-dist@4', locked: 'install --immutable', free: 'install' },
  bun: { spec: 'bun@1', locked: 'install --frozen-lockfile', free: 'install' },
} as const;

/** What each leaves behind when an installation is complete. */
const MARKERS = {
  npm: 'node_modules/.package-lock.json',
  pnpm: 'node_modules/.modules.yaml',
  yarn: 'node_modules/.yarn-integrity',
  berry: 'node_modules/.yarn-state.yml',
} as const;

const isBerry = (tree: Tree, version: string | null): boolean =>
  tree.files.includes('.yarnrc.yml') ||
  (version !== null && !version.startsWith('1.')) ||
  /^__metadata:/m.test(tree.texts['yarn.lock'] ?? '');

const specOf = (tree: Tree, flavour: keyof typeof installers, version: string | null): string => {
  if (flavour === 'pnpm') return version === null ? pnpmFor(tree) : `pnpm@${version}`;
  if (version === null) return installers[flavour].spec;
  return flavour === 'berry' ? `@yarnpkg/cli-dist@${version}` : `${flavour}@${version}`;
};

const unlessOf = (flavour: keyof typeof installers, lockfile: string | null): BuildStep['unless'] => {
  if (flavour === 'bun') return undefined; // it leaves no mark, and is quick
  const found = { marker: MARKERS[flavour], sources: ['package.json', ...(lockfile === null ? [] : [lockfile])] };
  return flavour === 'npm' && lockfile !== null ? { ...found, lockfile } : found;
};

export const packageManagerOf = (tree: Tree, json: PackageJson): PackageManager => {
  const { name, lockfile, version } = chosen(tree, json);
  const flavour = name === 'yarn' && isBerry(tree, version) ? 'berry' : name;
  const { locked, free } = installers[flavour];
  const call = (args: string): string => (name === 'npm' ? `npm ${args}` : fetched(name, specOf(tree, flavour, version), args));
  const install = call(lockfile === null ? free : locked);
  const unless = unlessOf(flavour, lockfile);
  return {
    name,
    run: (script) => call(`run ${script}`),
    install: { name: 'install', command: install, ...(unless === undefined ? {} : { unless }) },
  };
};
