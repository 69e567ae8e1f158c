/**
 * Builds the root file system of a template: `node templates/build.ts <slug> <cache folder>` (root; the launcher holds the lock).
 * Result: `<cache>/templates/<slug>/<recipe hash>/{rootfs,manifest.json}` and the symlink `current`; owners on disk are the image's own
 * ids (the runner maps them). A failed build leaves nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addFiles, addUser, installNpmPart, tidyUp } from './layers.ts';
import { type Recipe, readRecipe, recipeHash } from './recipe.ts';
import { type AptSources, hostSources } from './sources.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const PREFIX = '.building-';

const say = (text: string) => console.log(`  template: ${text}`);

/** Documentation and translations: 150 MB nobody reads in a sandbox. Copyright files stay, the licences ask for it. */
const LEAVE_OUT = ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/lintian/*'];
const KEEP = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias'];

const hostProxyOptions = (): string[] => {
  const dump = spawnSync('apt-config', ['dump'], { encoding: 'utf8' }).stdout ?? '';
  return dump.split('\n').flatMap((line) => (/^Acquire::https?::Proxy /i.test(line) ? [`--aptopt=${line}`] : []));
};

const writeSources = (folder: string, sources: AptSources): string[] => {
  const files: string[] = [];
  for (const [name, text] of [
    ['debian.sources', sources.deb822],
    ['sources.list', sources.oneLine],
  ] as const) {
    if (text === '') continue;
    writeFileSync(join(folder, name), text);
    files.push(join(folder, name));
  }
  if (files.length === 0)
    throw new Error('the apt sources of this machine name no archive of the suite; add one to /etc/apt/sources.list.d and run again');
  return files;
};

const bootstrap = (recipe: Recipe, work: string, rootfs: string) => {
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--quiet',
    `--include=${recipe.packages.join(',')}`,
    '--aptopt=Apt::Install-Recommends "false"',
    ...hostProxyOptions(),
    ...LEAVE_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...KEEP.map((path) => `--dpkgopt=path-include=${path}`),
  ];
  const run = spawnSync('mmdebstrap', [...options, recipe.suite, rootfs, ...writeSources(work, hostSources(recipe.suite))], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (run.status !== 0) {
    const tail = `${run.stdout ?? ''}${run.stderr ?? ''}`.trim().split('\n').slice(-12).join('\n');
    throw new Error(`mmdebstrap could not make the root file system:\n${tail}`);
  }
};

const removeTree = (path: string) => {
  if (existsSync(path)) spawnSync('rm', ['-rf', '--one-file-system', '--', path], { stdio: 'inherit' });
};

const build = (recipe: Recipe, folder: string, hash: string, home: string): void => {
  const started = Date.now();
  const work = join(home, `${PREFIX}${process.pid}`);
  const rootfs = join(work, 'rootfs');
  mkdirSync(work, { recursive: true, mode: 0o755 });
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', () => removeTree(work));
  say(`Debian ${recipe.suite} with ${recipe.packages.length} packages from this machine's apt sources (once; about a minute)`);
  bootstrap(recipe, work, rootfs);
  for (const [name, part] of Object.entries(recipe.npm)) {
    say(`${name} ${part.version} into ${part.into}`);
    installNpmPart(name, part, work, rootfs);
  }
  say(`user ${recipe.user.name}, ${recipe.workdir}, settings`);
  addUser(recipe, rootfs);
  addFiles(recipe, join(folder, 'files'), rootfs);
  tidyUp(rootfs);
  const done = join(work, 'done');
  mkdirSync(done);
  renameSync(rootfs, join(done, 'rootfs'));
  writeFileSync(join(done, 'manifest.json'), `${JSON.stringify({ ...recipe, hash, built_at: new Date().toISOString() }, null, 2)}\n`);
  renameSync(done, join(home, hash));
  say(`built in ${Math.round((Date.now() - started) / 1000)} s`);
};

/** `current` is replaced in one rename, so a reader never misses it. */
const pointTo = (home: string, hash: string) => {
  const link = join(home, `.current-${process.pid}`);
  rmSync(link, { force: true });
  symlinkSync(hash, link);
  renameSync(link, join(home, 'current'));
};

const [slug, cache] = process.argv.slice(2);
if (slug === undefined || cache === undefined || process.argv.includes('--help')) {
  console.error('usage: node templates/build.ts <slug> <cache folder>');
  process.exit(2);
}
try {
  const folder = join(HERE, slug);
  const recipe = readRecipe(folder);
  const hash = recipeHash(folder, HERE);
  const home = join(cache, 'templates', recipe.slug);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  for (const left of readdirSync(home).filter((name) => name.startsWith(PREFIX))) removeTree(join(home, left));
  if (!existsSync(join(home, hash, 'manifest.json'))) build(recipe, folder, hash, home);
  pointTo(home, hash);
} catch (error) {
  console.error(`miosa: the template '${slug}' could not be built: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
