import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import { command } from './command.ts';
import type { Helper } from './helper.ts';

const GIB = 2 ** 30;
/** Kept free on the host's file system: an image that cannot grow turns read-only for every sandbox. */
const HOST_RESERVE = 2 * GIB;
const IMAGE_RESERVE = GIB / 2;
/** A quota group that its volume left behind costs a line of accounting; so many are removed together. */
const SWEPT_AFTER = 64;

export interface Disk {
  /** Path of a volume, whether or not it exists. */
  volume(id: string): string;
  /** Layers of a sandbox; what it writes is bounded in bytes and, through the metadata they take, in inodes. */
  layers(id: string): { readonly upper: string; readonly work: string };
  create(id: string, diskMiB: number): Promise<void>;
  /** Volume `id` with the files of another, an instant's and shared until written. One that is there already was half made, and is replaced. */
  fork(from: string, id: string, diskMiB: number): Promise<void>;
  /** As `fork`, but never to be written again. Answers its size. */
  freeze(from: string, id: string): Promise<number>;
  /** Exchanges two volumes in one step. */
  swap(one: string, other: string): Promise<void>;
  remove(id: string): Promise<void>;
  usedBytes(id: string): Promise<number>;
  /** The same with everything written so far. */
  settledBytes(id: string): Promise<number>;
  resize(id: string, diskMiB: number): Promise<void>;
  /** Volumes of sandboxes and of snapshots. */
  list(): readonly string[];
  hasRoom(): boolean;
  /** Throws UNAVAILABLE when another sandbox could endanger those that run. */
  assertRoom(): void;
  /** Throws STORAGE_FULL where `assertRoom` would refuse: what a snapshot keeps grows as its sandbox is written on. */
  assertRoomToKeep(): void;
  close(): Promise<void>;
}

const freeBytes = (path: string): number => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};

const isMounted = (path: string): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);

const makeImage = async (image: string, gib: number): Promise<void> => {
  const size = gib > 0 ? gib * GIB : Math.max(4 * GIB, Math.floor(((freeBytes(join(image, '..')) - HOST_RESERVE) * 3) / 4 / GIB) * GIB);
  await rm(`${image}.tmp`, { force: true });
  await command('truncate', '--size', String(size), `${image}.tmp`);
  // One copy of metadata: the host's storage below answers for durability, as it does for the host's own files.
  await command('mkfs.btrfs', '--quiet', '--metadata', 'single', '--data', 'single', `${image}.tmp`);
  await rename(`${image}.tmp`, image);
};

/** Devices that read and write the image now, by its inode; one that is let go as soon as nobody holds it is among them. */
const loopsOf = async (image: string): Promise<string[]> =>
  (await command('losetup', '--noheadings', '--output', 'NAME', '--associated', image))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/**
 * The one device of the image. A file system behind two devices is two file systems that destroy each other: one that an ending sandbox still
 * holds is used again, never joined by another.
 */
const attach = async (image: string): Promise<string> => {
  const [bound, ...others] = await loopsOf(image);
  if (others.length > 0) throw new Error(`${image} is behind several loop devices: ${[bound, ...others].join(', ')}. Detach all of them.`);
  return bound ?? (await command('losetup', '--find', '--show', '--direct-io=on', image)).trim();
};

const DETACH_WITHIN_MS = 15_000;

const detach = async (image: string): Promise<void> => {
  const until = performance.now() + DETACH_WITHIN_MS;
  for (let loops = await loopsOf(image); loops.length > 0; loops = await loopsOf(image)) {
    for (const loop of loops) await command('losetup', '--detach', loop).catch(() => {}); // it may have gone meanwhile
    if ((await loopsOf(image)).length === 0) return;
    if (performance.now() > until) throw new Error(`the disk image is still held by a process of a sandbox (${loops.join(', ')})`);
    await sleep(100);
  }
};

/**
 * One sparse image with btrfs, a subvolume with a quota group per sandbox. Measured: create 0.5 ms, delete 0.4 ms, 100 MiB through the
 * overlay 0.05 s; EDQUOT at the limit for root as well. ext4 project quotas were rejected: overlayfs writes with its mounter's
 * CAP_SYS_RESOURCE, which passes them. A snapshot costs one commit.
 */
export const openDisk = async (helper: Helper, folder: string, gib: number): Promise<Disk> => {
  const image = join(folder, 'disk.btrfs');
  const root = join(folder, 'disk');
  mkdirSync(root, { recursive: true, mode: 0o711 });
  if (!existsSync(image)) await makeImage(image, gib);
  if (!isMounted(root)) {
    const loop = await attach(image);
    // discard: what is deleted inside goes back to the host's file system, in which the image is sparse.
    // nodatasum: the host's storage checks itself, and checksums cost a third of the write speed on two cores.
    await command('mount', '-t', 'btrfs', '-o', 'noatime,nodatasum,discard=async,nodev,nosuid', loop, root);
  }
  await helper.call('disk.prepare', { path: root });
  let removed = 0;
  let sweeping: Promise<void> = Promise.resolve();
  const volume = (id: string): string => join(root, id);
  const isFull = (): boolean => freeBytes(folder) < HOST_RESERVE || freeBytes(root) < IMAGE_RESERVE;
  const copy = async (from: string, id: string, limitBytes: number): Promise<number> => {
    await helper.call('disk.delete', { path: volume(id) });
    return (await helper.call<{ bytes: number }>('disk.copy', { from: volume(from), path: volume(id), limitBytes })).bytes;
  };
  const usedBytes = async (id: string): Promise<number> => (await helper.call<{ bytes: number }>('disk.usage', { path: volume(id) })).bytes;
  return {
    volume,
    layers: (id) => ({ upper: join(volume(id), 'upper'), work: join(volume(id), 'work') }),
    create: (id, diskMiB) => helper.call('disk.create', { path: volume(id), limitBytes: diskMiB * 2 ** 20 }),
    fork: async (from, id, diskMiB) => {
      await copy(from, id, diskMiB * 2 ** 20);
    },
    freeze: (from, id) => copy(from, id, 0),
    swap: (one, other) => helper.call('disk.swap', { from: volume(one), path: volume(other) }),
    remove: async (id) => {
      await helper.call('disk.delete', { path: volume(id) });
      removed += 1;
      if (removed < SWEPT_AFTER) return;
      removed = 0;
      sweeping = sweeping.then(() => helper.call<void>('disk.sweep', { path: root })).catch(() => {}); // a later one does it too
    },
    usedBytes,
    settledBytes: async (id) => {
      await command('sync', '--file-system', root);
      return usedBytes(id);
    },
    resize: (id, diskMiB) => helper.call('disk.limit', { path: volume(id), limitBytes: diskMiB * 2 ** 20 }),
    list: () => readdirSync(root),
    hasRoom: () => !isFull(),
    assertRoom: () => {
      if (isFull()) throw new Fault('UNAVAILABLE', 'This host has no disk space for another sandbox.', { details: { reason: 'disk' } });
    },
    assertRoomToKeep: () => {
      if (!isFull()) return;
      const { blocks, bavail, bsize } = statfsSync(root);
      throw new Fault('STORAGE_FULL', 'This host has no disk space to keep a snapshot. Delete some, or sandboxes.', {
        details: { limit_bytes: blocks * bsize, used_bytes: (blocks - bavail) * bsize },
      });
    },
    close: async () => {
      await sweeping;
      await helper.call('disk.sweep', { path: root });
      // Mount namespaces of sandboxes that just ended are taken down in the background.
      for (let attempt = 0; isMounted(root); attempt++) {
        try {
          await command('umount', root);
        } catch (error) {
          if (attempt === 50) throw error;
          await sleep(100);
        }
      }
      await detach(image);
    },
  };
};
