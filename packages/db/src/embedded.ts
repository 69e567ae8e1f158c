import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { postgresFiles } from './embedded-files.ts';
import { ensureSystemUser, type SystemUser } from './system-user.ts';

const run = promisify(execFile);

export interface EmbeddedOptions {
  /** The cluster. Its parent must let `user` pass. */
  readonly dataDir: string;
  /** Where the unix socket appears; made 0700 for `user`. There is no TCP listener. */
  readonly socketDir: string;
  /** System user that runs Postgres (it refuses root) and name of the database role. Default `miosa`; made when absent. */
  readonly user?: string;
  /** Default `/var/cache/miosa`: the binaries are copied to `<cacheDir>/postgres/<version>`. */
  readonly cacheDir?: string;
  /** Database named in `url`; `migrate` creates it. Default `miosa`. */
  readonly database?: string;
  /** Tests only: no fsync, small memory. */
  readonly throwaway?: boolean;
}

export interface EmbeddedPostgres {
  /** Makes the cluster when there is none; does nothing otherwise. Interrupted at any point, the next call starts over. */
  initdb(): Promise<void>;
  /** How to start the server in the foreground. Also clears the lock files of a server that was killed. Call after `initdb`. SIGINT = fast stop. */
  command(): { readonly file: string; readonly args: string[]; readonly env: Record<string, string> };
  /** As the owner of everything: migrations. */
  readonly url: string;
  /** As a process with the least rights it can work with. */
  urlFor(role: ProcessRole): string;
}

/** Made by a migration: what each process may do in the database. */
export type ProcessRole = 'miosa_control_plane' | 'miosa_edge';
const PROCESS_ROLES: readonly ProcessRole[] = ['miosa_control_plane', 'miosa_edge'];

const ENV = { LC_ALL: 'C.UTF-8', TZ: 'UTC', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const isRoot = (): boolean => process.getuid?.() === 0;

/** Drops root for good: no capabilities survive the change of user, and no new ones can be gained. */
const asUser = (user: string, file: string, args: readonly string[], deathSignal?: string): { file: string; args: string[] } =>
  isRoot()
    ? {
        file: 'setpriv',
        args: [
          `--reuid=${user}`,
          `--regid=${user}`,
          '--init-groups',
          '--no-new-privs',
          ...(deathSignal === undefined ? [] : ['--pdeathsig', deathSignal]),
          file,
          ...args,
        ],
      }
    : { file, args: [...args] };

/**
 * Who may connect: nobody over TCP (there is no listener), and over the socket only whom the kernel names (`peer`) as root,
 * the platform's user, or the one who made the cluster. Sandbox uids are none of these even if they could reach the socket.
 */
const accessFiles = (role: string): Record<string, string> => ({
  'pg_hba.conf': 'local all all peer map=miosa\n',
  'pg_ident.conf': [...new Set(['root', role, userInfo().username])]
    .flatMap((os) => [role, ...PROCESS_ROLES].map((as) => `miosa ${os} ${as}\n`))
    .join(''),
});

const settings = ({ socketDir, throwaway = false }: EmbeddedOptions): Record<string, string> => ({
  listen_addresses: '',
  unix_socket_directories: socketDir,
  unix_socket_permissions: '0700',
  // A pool of 10 for each of control plane and edge, their listeners, migrations and a person with psql.
  max_connections: throwaway ? '200' : '60',
  shared_buffers: throwaway ? '64MB' : '128MB',
  wal_level: 'replica',
  max_wal_size: throwaway ? '256MB' : '1GB',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] ',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off', // only short queries: compiling one costs more than it saves
  ...(throwaway ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' } : { synchronous_commit: 'on' }),
});

/**
 * After `kill -9` the lock file names a dead pid. Postgres sees that by itself unless the pid was taken meanwhile by another
 * process of the same user (our control plane, say): then it would refuse to start for ever.
 */
const clearStaleLock = (dataDir: string, socketDir: string): void => {
  let pid: string | undefined;
  try {
    pid = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]?.trim();
  } catch {
    return;
  }
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) === dataDir) return; // truly running: let Postgres say so
  } catch {
    // no such process
  }
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  rmSync(join(socketDir, '.s.PGSQL.5432.lock'), { force: true });
};

const writeAccessFiles = async (folder: string, role: string): Promise<void> => {
  for (const [name, text] of Object.entries(accessFiles(role))) await writeFile(join(folder, name), text);
};

const makeCluster = async (options: EmbeddedOptions, files: string, user: SystemUser | undefined, role: string): Promise<void> => {
  // Aside, then renamed: a half-made cluster must never be taken for a whole one.
  const aside = `${options.dataDir}.init-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(aside, user.uid, user.gid);
    const args = [
      '-D',
      aside,
      '-U',
      role,
      '--auth=peer',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    const command = asUser(role, join(files, 'bin', 'initdb'), [...args, ...(options.throwaway === true ? ['--no-sync'] : [])]);
    await run(command.file, command.args, { env: ENV, cwd: '/' });
    await writeAccessFiles(aside, role);
    await rm(options.dataDir, { recursive: true, force: true });
    await rename(aside, options.dataDir);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
};

/** A Postgres of our own from npm's binaries, for the supervisor and for tests. Who starts the command watches it. */
export const embeddedPostgres = (options: EmbeddedOptions): EmbeddedPostgres => {
  const role = options.user ?? 'miosa';
  const { dataDir, socketDir, cacheDir = '/var/cache/miosa', database = 'miosa' } = options;
  let files: string | undefined;

  const urlAs = (as: string): string => `postgresql://${as}@localhost/${database}?host=${encodeURIComponent(socketDir)}`;
  return {
    url: urlAs(role),
    urlFor: urlAs,
    initdb: async () => {
      const user = isRoot() ? await ensureSystemUser(role) : undefined;
      files = await postgresFiles(cacheDir);
      await mkdir(dirname(dataDir), { recursive: true });
      await mkdir(socketDir, { recursive: true, mode: 0o700 });
      if (user !== undefined) await chown(socketDir, user.uid, user.gid);
      const made = await stat(join(dataDir, 'PG_VERSION')).catch(() => undefined);
      if (made === undefined) await makeCluster(options, files, user, role);
      else await writeAccessFiles(dataDir, role); // an older version may have made it
    },
    command: () => {
      if (files === undefined) throw new Error('initdb() first');
      clearStaleLock(dataDir, socketDir);
      const args = ['-D', dataDir, ...Object.entries(settings(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
      // INT = fast shutdown: Postgres closes cleanly even when the one who started it was killed.
      return { ...asUser(role, join(files, 'bin', 'postgres'), args, 'INT'), env: ENV };
    },
  };
};
