import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { note } from '../harness/notes.ts';
import { type Books, descriptorsOf, memoryOf, openBooks } from './books.ts';
import { type Broken, listed, startBreakable } from './fixture.ts';
import { helperOf, quotaGroups, residue } from './host.ts';

/** Of 1,000 sandboxes that lived and ended nothing may be left anywhere. */
const CYCLES = 1000;
const AT_ONCE = 16;
/** Before the first look, so that pools and caches have their size. */
const WARM_UP = 50;
/** A leak of one descriptor in ten cycles would show as a hundred. */
const SPARE_DESCRIPTORS = 20;
/** Those of 64 volumes that are gone are swept together, those that the kernel still empties the next time. */
const SWEPT_TOGETHER = 64;
const MIB = 2 ** 20;
/** Heaps grow and shrink by tens of MiB between two collections; a leak of 200 KiB a cycle would show as 200 MiB. */
const SPARE_MEMORY = 160 * MIB;

let broken: Broken;
let books: Books;
beforeAll(async () => {
  broken = await startBreakable({ env: { MIOSA_WARM_POOL: '0' } });
  books = openBooks(broken.platform.dataDir);
});
afterAll(async () => {
  await books?.close();
  await broken?.platform.stop();
});

const cycle = async (count: number): Promise<void> => {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const sandbox: Sandbox = await broken.miosa.sandboxes.create({ size: 'xs' });
      await sandbox.exec(['true']);
      await sandbox.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

const pids = (): Readonly<Record<string, number>> => {
  const { pid } = broken.platform;
  return {
    runner: pid('runner'),
    'control-plane': pid('control-plane'),
    edge: pid('edge'),
    supervisor: pid('supervisor'),
    helper: helperOf(pid('runner')) ?? 0,
  };
};
const measured = (of: (pid: number) => number) => Object.fromEntries(Object.entries(pids()).map(([name, pid]) => [name, of(pid)]));
const atRest = async (): Promise<void> => {
  await expect.poll(() => books.unsettled(), { timeout: 40_000 }).toEqual([]);
  await sleep(1500); // idle connections close
};

it(`${CYCLES} sandboxes made and destroyed leave nothing on the host, in the database or in a process`, { timeout: 300_000 }, async () => {
  await cycle(WARM_UP);
  await atRest();
  const before = { host: residue(broken.platform.dataDir), pids: pids(), descriptors: measured(descriptorsOf), memory: measured(memoryOf) };
  const started = Date.now();
  await cycle(CYCLES);
  const seconds = (Date.now() - started) / 1000;
  await atRest();
  await expect.poll(() => residue(broken.platform.dataDir), { timeout: 30_000, interval: 500 }).toEqual(before.host);
  execFileSync('btrfs', ['subvolume', 'sync', join(broken.platform.dataDir, 'runner', 'disk')]);
  await cycle(SWEPT_TOGETHER);
  await expect.poll(() => quotaGroups(broken.platform.dataDir), { timeout: 10_000 }).toBeLessThan(3 * SWEPT_TOGETHER);
  const groups = quotaGroups(broken.platform.dataDir);
  expect(pids()).toEqual(before.pids);
  expect(await listed(broken.miosa)).toEqual([]);
  const descriptors = measured(descriptorsOf);
  const memory = measured(memoryOf);
  const shown = Object.keys(memory).map((name) => {
    const mib = (bytes: number | undefined): number => Math.round((bytes ?? 0) / MIB);
    return `${name} ${mib(before.memory[name])} → ${mib(memory[name])} MiB, ${before.descriptors[name]} → ${descriptors[name]} descriptors`;
  });
  note(`${CYCLES} cycles, ${AT_ONCE} at once: ${seconds.toFixed(1)} s, nothing left, ${groups} quota groups; ${shown.join('; ')}`);
  for (const [name, count] of Object.entries(descriptors)) {
    expect(count, `descriptors of ${name}`).toBeLessThanOrEqual((before.descriptors[name] ?? 0) + SPARE_DESCRIPTORS);
    expect(memory[name], `memory of ${name}`).toBeLessThanOrEqual((before.memory[name] ?? 0) + SPARE_MEMORY);
  }
});
