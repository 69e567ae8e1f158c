import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Sandbox } from '@miosa/sdk';

const run = promisify(execFile);
const PINNED = join(import.meta.dirname, '../e2e/apps');
const KEPT = join(process.env.MIOSA_CACHE ?? '/var/cache/miosa', 'test-apps');

/** Fills a folder with what an app needs; each file that arrives is compared with the hash in the app's lock file. */
type Install = (folder: string) => Promise<unknown>;

/** Not `npm ci`: it refuses a lock file without the packages of other platforms, which a registry may lack. */
const npm: Install = (folder) =>
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });

/** Wheels, which the sandbox installs for itself. All are for any machine. */
const wheels: Install = (folder) =>
  run('pip', ['download', '--quiet', '--require-hashes', '--no-deps', '--only-binary=:all:', '-r', 'requirements.txt', '-d', 'wheels'], {
    cwd: folder,
  });

const APPS = {
  vite: { install: npm, files: ['package.json', 'package-lock.json'] },
  next: { install: npm, files: ['package.json', 'package-lock.json'] },
  python: { install: wheels, files: ['requirements.txt'] },
} as const;

/** Maps for debuggers and the image optimizer's library: a third of the bytes, and nothing here asks for them. */
const LEFT_OUT = ['--exclude=*.map', '--exclude=node_modules/@img', '--exclude=next/dist/docs'];

/** The archive of an app's packages, fetched once for each version of its lock file. */
const archived = async (app: keyof typeof APPS): Promise<string> => {
  const { install, files } = APPS[app];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(PINNED, app, file)));
  const archive = join(KEPT, `${app}-${hash.digest('hex').slice(0, 16)}.tar.gz`);
  if (existsSync(archive)) return archive;
  mkdirSync(KEPT, { recursive: true });
  const scratch = mkdtempSync(join(KEPT, `.${app}-`));
  const [folder, packed] = [join(scratch, 'app'), join(scratch, 'app.tar.gz')];
  try {
    mkdirSync(folder);
    for (const file of files) copyFileSync(join(PINNED, app, file), join(folder, file));
    await install(folder);
    await run('tar', ['-C', folder, ...LEFT_OUT, '-I', 'gzip -1', '-cf', packed, '.']);
    renameSync(packed, archive);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return archive;
};

/** Puts an app's packages into the sandbox's workspace: it has no way to a package registry. */
export const bringPackages = async (sandbox: Sandbox, app: keyof typeof APPS): Promise<void> => {
  await sandbox.files.archive.set(Readable.toWeb(createReadStream(await archived(app))) as ReadableStream<Uint8Array>);
};
