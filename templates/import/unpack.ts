import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statfsSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Limits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

const HOST_RESERVE = 2 * 2 ** 30;
/** Room of the file system for itself, and for the layout's own files. */
const OVERHEAD = { bytes: 128 * 2 ** 20, entries: 4096 };
/** 256 in the table, the rest for names in folders. */
const INODE_BYTES = 512;
const TIMEOUT_MS = 60 * 60 * 1000;
const BIG = 64 * 2 ** 20;

/** Of the program in the jail: what laying out files with their owners takes. Without SYS_CHROOT and SYS_ADMIN nothing leads out of it. */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'mknod', 'setfcap'];

const lastWords = (text: string): string => text.trim().split('\n').slice(-4).join('\n').slice(-2000);

const run = (command: string, args: readonly string[], why: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: BIG, timeout: TIMEOUT_MS });
  if (error !== undefined) throw new Error(`${why}: ${error.message}`);
  if (status !== 0) {
    const full = /no space left on device/i.test(stderr) ? 'it is larger than --max-size or has more entries than --max-entries. ' : '';
    throw new Error(`${why}: ${full}${lastWords(stderr)}`);
  }
  return stdout;
};

/**
 * A file system of its own for everything that comes from the image, compressed and unpacked: whatever a layer holds, it ends there with "no
 * space left". Mounted in this process's mount namespace only, so it goes away with it.
 */
export const boundedFolder = (work: string, { maxBytes, maxEntries }: Limits): string => {
  const { bavail, bsize } = statfsSync(work);
  const inodes = maxEntries + OVERHEAD.entries;
  const least = OVERHEAD.bytes + inodes * INODE_BYTES;
  const bytes = Math.min(2 * maxBytes + least, bavail * bsize - HOST_RESERVE);
  if (bytes < least) throw new Error('this disk has no room to import an image; free some, or choose another with --cache');
  const [file, folder] = [join(work, 'disk.ext4'), join(work, 'disk')];
  writeFileSync(file, '');
  truncateSync(file, bytes);
  run('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', '-N', String(inodes), file], 'no file system could be made');
  mkdirSync(folder);
  run('mount', ['-o', 'loop,nodev,nosuid,noexec', file, folder], 'no file system could be mounted');
  mkdirSync(join(folder, 'tmp'));
  return folder;
};

/** Copies the image into an OCI layout in `folder`. Answers its digest. */
export const fetchImage = (source: string, folder: string): string => {
  const policy = existsSync('/etc/containers/policy.json') ? [] : ['--insecure-policy'];
  const target = ['--tmpdir', join(folder, 'tmp'), '--override-os', 'linux', '--override-arch', 'amd64'];
  run('skopeo', [...policy, ...target, 'copy', '--quiet', source, `oci:${join(folder, 'oci')}:image`], 'the image could not be read');
  const index = JSON.parse(readFileSync(join(folder, 'oci/index.json'), 'utf8'));
  const digest: unknown = index.manifests?.[0]?.digest;
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error('the image has no SHA-256 digest');
  return digest;
};

/** What the image says of its environment. */
export const environmentOf = (folder: string, digest: string): string[] => {
  const blob = (of: string) => JSON.parse(readFileSync(join(folder, 'oci/blobs', of.replace(':', '/')), 'utf8'));
  const configDigest: unknown = blob(digest).config?.digest;
  if (typeof configDigest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(configDigest)) return [];
  const env: unknown = blob(configDigest).config?.Env;
  return Array.isArray(env) ? env.filter((entry) => typeof entry === 'string') : [];
};

/** A root folder with the system's programs, read-only, and the bounded folder: all that the unpacking program sees of the host. */
const makeJail = (work: string, folder: string): string => {
  const jail = join(work, 'jail');
  mkdirSync(jail);
  run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755,nodev,nosuid', 'jail', jail], 'no jail could be made');
  for (const name of ['usr', 'work', 'tmp']) mkdirSync(join(jail, name));
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(jail, name));
  run('mount', ['--bind', '/usr', join(jail, 'usr')], 'no jail could be made');
  run('mount', ['-o', 'remount,bind,ro,nodev,nosuid', join(jail, 'usr')], 'no jail could be made');
  run('mount', ['--bind', folder, join(jail, 'work')], 'no jail could be made');
  run('mount', ['-o', 'remount,ro', jail], 'no jail could be made');
  return jail;
};

/** Lays the image's files out at `<folder>/rootfs`, by a program that can harm nothing else: no network, no process, no file outside. */
export const unpackImage = (work: string, folder: string): string => {
  const jail = makeJail(work, folder);
  const apart = ['--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', `--root=${jail}`, '--wd=/work'];
  const rights = ['--no-new-privs', '--inh-caps=-all', `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(',')}`];
  const unpack = ['/usr/bin/umoci', 'raw', 'unpack', '--image', '/work/oci:image', '/work/rootfs'];
  run('unshare', [...apart, '/usr/bin/setpriv', ...rights, ...unpack], 'the image could not be unpacked');
  return join(folder, 'rootfs');
};

export interface Unpacked {
  readonly sizeBytes: number;
  readonly entries: number;
  /** Device nodes, pipes and sockets: not taken. */
  readonly dropped: number;
}

const LAST_ID = 65_535;

/** Refuses what no sandbox can hold, drops what none may have. */
export const tidyUp = (rootfs: string, { maxBytes, maxEntries }: Limits): Unpacked => {
  const find = (...tests: string[]) => run('find', [rootfs, '-xdev', ...tests], 'the files could not be looked through');
  const dropped = find('-type', 'b,c,p,s', '-printf', 'x', '-delete').length;
  const foreign = find('(', '-uid', `+${LAST_ID}`, '-o', '-gid', `+${LAST_ID}`, ')', '-printf', '%P', '-quit');
  if (foreign !== '')
    throw new Error(
      `${JSON.stringify(foreign)} belongs to a user or group above ${LAST_ID}, which no sandbox has. Change its owner in the image.`,
    );
  // no_new_privs makes set-id files inert in a sandbox; without the bits nobody has to rely on that.
  find('-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '--', '{}', '+');
  const entries = find('-printf', 'x').length;
  if (entries > maxEntries) throw new Error(`the image has ${entries} entries, and --max-entries allows ${maxEntries}`);
  const sizeBytes = Number(run('du', ['-s', '--block-size=1', '--', rootfs], 'the files could not be counted').split('\t')[0]);
  if (sizeBytes > maxBytes) throw new Error(`the image has ${sizeBytes} bytes unpacked, and --max-size allows ${maxBytes}`);
  return { sizeBytes, entries, dropped };
};

/** Without extended attributes: file capabilities are not wanted, and an overlay would obey those of its own name. */
export const keep = (rootfs: string, into: string): void => {
  execFileSync('cp', ['-a', '--no-preserve=xattr,context', '--', rootfs, into]);
};
