import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NpmPart, Recipe } from './recipe.ts';

const run = (command: string, args: readonly string[], cwd?: string) =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'pipe'] });

const checkIntegrity = (name: string, file: string, integrity: string) => {
  const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (digest !== integrity)
    throw new Error(`${name} from the registry is not the package that the recipe names (${digest}); nothing of it was used`);
};

export const installNpmPart = (name: string, part: NpmPart, work: string, rootfs: string): void => {
  const folder = join(work, 'npm', name);
  mkdirSync(folder, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${part.version}`], folder);
  const archive = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  if (archive === undefined) throw new Error(`npm gave no archive of ${name}`);
  checkIntegrity(name, join(folder, archive), part.integrity);
  const into = join(rootfs, part.into);
  mkdirSync(into, { recursive: true });
  const members = (part.only ?? ['']).map((path) => (path === '' ? 'package' : `package/${path}`));
  run('tar', ['-xzf', join(folder, archive), '-C', into, '--strip-components=1', '--no-same-owner', ...members]);
  for (const [link, target] of Object.entries(part.links ?? {})) symlinkSync(target, join(rootfs, link));
};

export const addUser = ({ user, workdir }: Recipe, rootfs: string): void => {
  run('chroot', [rootfs, 'groupadd', '--gid', String(user.uid), user.name]);
  run('chroot', [
    rootfs,
    'useradd',
    '--uid',
    String(user.uid),
    '--gid',
    String(user.uid),
    '--create-home',
    '--home-dir',
    user.home,
    '--shell',
    user.shell,
    user.name,
  ]);
  // Dash reads it at every `sh -lc`; Debian's version starts processes.
  for (const home of [user.home, '/root']) writeFileSync(join(rootfs, home, '.profile'), '');
  writeFileSync(join(rootfs, user.home, '.npmrc'), `prefix=${user.home}/.local\n`);
  run('chroot', [rootfs, 'chown', '-R', `${user.uid}:${user.uid}`, user.home]);
  run('chroot', [rootfs, 'install', '-d', '-o', String(user.uid), '-g', String(user.uid), workdir]);
};

export const addFiles = (recipe: Recipe, files: string, rootfs: string): void => {
  if (existsSync(files)) cpSync(files, rootfs, { recursive: true, force: true });
  mkdirSync(join(rootfs, dirname(recipe.agent_path)), { recursive: true, mode: 0o755 });
  writeFileSync(join(rootfs, recipe.agent_path), '', { mode: 0o755 });
  // Whoever holds a sandbox owns all of it: git's ownership check and pip's guard of the system Python protect nobody here.
  run('chroot', [rootfs, 'git', 'config', '--system', 'safe.directory', '*']);
  run('chroot', [rootfs, 'git', 'config', '--system', 'init.defaultBranch', 'main']);
  for (const version of readdirSync(join(rootfs, 'usr/lib')).filter((name) => /^python3\.\d+$/.test(name))) {
    rmSync(join(rootfs, 'usr/lib', version, 'EXTERNALLY-MANAGED'), { force: true });
  }
};

/** What is the host's, or differs from build to build, does not belong into an image. */
export const tidyUp = (rootfs: string): void => {
  for (const path of ['var/lib/apt/lists', 'var/cache', 'var/log', 'tmp', 'run']) {
    for (const entry of readdirSync(join(rootfs, path))) rmSync(join(rootfs, path, entry), { recursive: true, force: true });
  }
  for (const path of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial']) mkdirSync(join(rootfs, path), { recursive: true });
  rmSync(join(rootfs, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
  for (const [path, text] of [
    ['etc/resolv.conf', ''],
    ['etc/machine-id', ''],
    ['etc/hostname', 'sandbox\n'],
    ['etc/hosts', '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'],
  ] as const) {
    rmSync(join(rootfs, path), { force: true });
    writeFileSync(join(rootfs, path), text);
  }
  // no_new_privs makes set-id files inert in a sandbox; without the bits nobody has to rely on that.
  run('find', [rootfs, '-xdev', '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
};
