import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { MiosaError } from '@miosa/sdk';
import { afterEach, expect, it } from 'vitest';
import { type Books, openBooks } from './books.ts';
import { type Broken, createSurvivor, expectSurvived, settled, startBreakable } from './fixture.ts';

const GIB = 2 ** 30;
/** What the runner leaves to the host (2 GiB), a small disk image, and room for the rest. */
const HOST_GIB = 8;

let broken: Broken | undefined;
let books: Books | undefined;
const mounted: string[] = [];
const folders: string[] = [];

const mount = (...args: readonly string[]): void => {
  execFileSync('mount', args);
  mounted.unshift(args.at(-1) ?? '');
};
const freeBytes = (path: string): number => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};
const fill = (file: string, bytes: number): void => void execFileSync('fallocate', ['--length', String(Math.floor(bytes)), file]);

afterEach(async () => {
  await books?.close();
  await broken?.platform.down();
  for (const path of mounted.splice(0)) execFileSync('umount', [path]);
  await broken?.platform.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  broken = undefined;
  books = undefined;
});

const faultOf = (call: Promise<unknown>): Promise<MiosaError> =>
  call.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => {
      if (error instanceof MiosaError) return error;
      throw error;
    },
  );

it('a host without space refuses new sandboxes and snapshots in clear words, runs what it has, and is well when there is space', async () => {
  const folder = mkdtempSync('/var/tmp/miosa-small-');
  folders.push(folder);
  chmodSync(folder, 0o755);
  const [image, place] = [join(folder, 'image'), join(folder, 'disk')];
  mkdirSync(place);
  execFileSync('truncate', ['--size', String(HOST_GIB * GIB), image]);
  execFileSync('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image]);
  mount('-o', 'loop', image, place);
  const dataDir = join(place, 'data');
  mkdirSync(dataDir);
  broken = await startBreakable({ dataDir, env: { MIOSA_RUNNER_DISK_GIB: '3' } });
  const { miosa, once } = broken;
  const survivor = await createSurvivor(miosa);

  const ballast = join(place, 'ballast');
  fill(ballast, freeBytes(place) - 1.5 * GIB);
  const refused = await faultOf(once.sandboxes.create());
  expect([refused.status, refused.code]).toEqual([503, 'UNAVAILABLE']);
  expect(refused.message).toContain('disk space');
  const kept = await faultOf(once.sandboxes.snapshots.create(survivor.sandbox.id));
  expect([kept.status, kept.code]).toEqual([507, 'STORAGE_FULL']);
  expect(kept.message).toContain('disk space');
  await expectSurvived(miosa, survivor);
  await survivor.sandbox.files.write('more.bin', new Uint8Array(2 ** 20));

  rmSync(ballast);
  const fresh = await miosa.sandboxes.create();
  expect((await fresh.exec('echo well')).stdout).toBe('well\n');
  expect((await survivor.sandbox.snapshots.create()).state).toBe('ready');
  await expectSurvived(miosa, survivor);
  await fresh.destroy();
  await settled(broken);
});

it('a database without space refuses what it cannot write and goes on reading; with space again all is well and nothing is half done', async () => {
  broken = await startBreakable();
  const { platform, miosa, once } = broken;
  const survivor = await createSurvivor(miosa);
  await platform.down();
  const [cluster, aside] = [join(platform.dataDir, 'pg'), join(platform.dataDir, 'pg.aside')];
  renameSync(cluster, aside);
  mkdirSync(cluster, { mode: 0o700 });
  mount('-t', 'tmpfs', '-o', 'size=400M', 'tmpfs', cluster);
  execFileSync('cp', ['--archive', `${aside}/.`, cluster]);
  rmSync(aside, { recursive: true });
  await platform.up();
  books = openBooks(platform.dataDir);
  expect((await survivor.sandbox.exec('cat kept.txt')).stdout).toBe('kept'); // awake again

  const ballast = join(cluster, 'ballast');
  fill(ballast, freeBytes(cluster) - 8192);
  // Pages and logs that exist already take some more; then nothing does.
  const bulky = { note: 'x'.repeat(12_000) };
  let refused: MiosaError | undefined;
  for (let tries = 0; tries < 400 && refused === undefined; tries++)
    refused = await once.sandboxes.create({ name: `full-${tries}`, metadata: bulky, wait: false }).then(
      () => undefined,
      (error: MiosaError) => error,
    );
  expect(refused?.status).toBe(503);
  expect(refused?.retryAfterMs).toBeDefined();
  rmSync(ballast);
  await expect
    .poll(async () => (await once.sandboxes.get(survivor.sandbox.id)).state.length > 0, { timeout: 60_000, interval: 500 })
    .toBe(true);
  const fresh = await miosa.sandboxes.create();
  expect((await fresh.exec('echo well')).stdout).toBe('well\n');
  expect((await survivor.sandbox.exec('cat kept.txt')).stdout).toBe('kept');
  for await (const sandbox of miosa.sandboxes.list()) await sandbox.destroy();
  await settled(broken);
  await expect.poll(() => books?.unsettled(), { timeout: 60_000 }).toEqual([]);
});
