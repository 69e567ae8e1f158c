import { createHash, type Hash } from 'node:crypto';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { note } from '../harness/notes.ts';
import { memoryOf } from './books.ts';
import { type Broken, startBreakable } from './fixture.ts';
import { agentOf } from './host.ts';

/** Each does all of: pause, resume, snapshot, restore, fork and every fourth time hibernation. */
const CYCLES = 20;
/** As much as one body may have (contract 4.2). */
const LARGE_MIB = 1024;
const LARGE_FILES = 3;
const MIB = 2 ** 20;
/** Far below what passes through. */
const SPARE_MEMORY = 200 * MIB;

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(() => broken?.platform.stop());

/** 3,000 small files of random content and modes in 60 folders, symlinks (some leading nowhere), sparse, empty and large files, odd names. */
const TREE = String.raw`
set -eu
mkdir -p tree && cd tree
for folder in $(seq 60); do
  mkdir -p "f$folder/deeper"
  head -c 200000 /dev/urandom | split --bytes=4000 --suffix-length=3 - "f$folder/part."
  ln -s "../f$(((folder % 60) + 1))/part.aaa" "f$folder/deeper/link"
  chmod "$((folder % 2 == 0 ? 600 : 755))" "f$folder/part.aab"
done
ln -s /nowhere broken
truncate --size=96M sparse
printf middle | dd of=sparse bs=1 seek=60000000 conv=notrunc status=none
head -c 16777216 /dev/urandom > large
: > empty
printf odd > "$(printf 'new\nline and \"quotes\"')"
setfattr --name=user.kept --value=yes large 2>/dev/null || true
find . | wc -l`;

/** One hash over names, kinds, modes, owners, link targets, sizes, times and content. */
const HASH = String.raw`cd tree && { find . -printf '%P\0%y\0%m\0%U:%G\0%l\0%s\0%T@\n' | sort -z; find . -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum`;

const hashOf = async (sandbox: Sandbox): Promise<string> => (await sandbox.exec(HASH, { timeout: 120 })).stdout;

it(`after ${CYCLES} rounds of pause, resume, snapshot, restore, fork and hibernation every byte, mode, time and link is as it was`, {
  timeout: 300_000,
}, async () => {
  const { miosa } = broken;
  let sandbox = await miosa.sandboxes.create({ size: 'small' });
  const files = Number((await sandbox.exec(TREE, { timeout: 120 })).stdout);
  expect(files).toBeGreaterThan(3000);
  const before = await hashOf(sandbox);
  const started = Date.now();
  for (let round = 1; round <= CYCLES; round++) {
    // Written the whole time, in between all of it.
    await sandbox.processes.start('while :; do date >> journal; sleep 0.02; done');
    await sandbox.pause();
    await sandbox.resume();
    const snapshot = await sandbox.snapshots.create();
    expect([round, 'snapshot', await hashOf(sandbox)]).toEqual([round, 'snapshot', before]);
    await sandbox.exec('rm -r tree/f1 tree/large; echo changed > tree/f2/part.aaa; chmod 777 tree');
    expect(await hashOf(sandbox)).not.toBe(before);
    await miosa.sandboxes.restore(sandbox.id, snapshot.id, { mode: 'in_place' });
    expect([round, 'restore', await hashOf(sandbox)]).toEqual([round, 'restore', before]);
    const fork = await miosa.sandboxes.fork(sandbox.id);
    expect([round, 'fork', await hashOf(fork)]).toEqual([round, 'fork', before]);
    await sandbox.snapshots.delete(snapshot.id);
    // The copy goes on as the original: what copies keep apart adds up over the rounds.
    await sandbox.destroy();
    sandbox = fork;
    if (round % 4 > 0) continue;
    await sandbox.pause();
    await broken.platform.down();
    await broken.platform.up();
    expect([round, 'stop', await hashOf(sandbox)]).toEqual([round, 'stop', before]);
  }
  note(`integrity: ${files} files, ${CYCLES} rounds in ${((Date.now() - started) / 1000).toFixed(1)} s, one hash`);
  await sandbox.destroy();
});

/** Bytes that cost nothing to make and that no two of are alike. */
const counting = (mib: number, hash: Hash): ReadableStream<Uint8Array> => {
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
      const block = new Uint8Array(MIB).fill(sent % 251);
      new DataView(block.buffer).setUint32(0, sent);
      hash.update(block);
      controller.enqueue(block);
      sent += 1;
      if (sent === mib) controller.close();
    },
  });
};

it(`${LARGE_FILES} times ${LARGE_MIB} MiB up and down again pass through every process in constant memory`, {
  timeout: 300_000,
}, async () => {
  const { miosa, platform } = broken;
  const sandbox = await miosa.sandboxes.create({ size: 'small' });
  const watched = {
    'control-plane': platform.pid('control-plane'),
    edge: platform.pid('edge'),
    agent: agentOf(platform.dataDir, sandbox.id),
  };
  await sandbox.files.write('warm.bin', new Uint8Array(64 * MIB));
  await sandbox.files.read('warm.bin');
  const rest = Object.fromEntries(Object.entries(watched).map(([name, pid]) => [name, memoryOf(pid)]));
  const most: Record<string, number> = { ...rest };
  const watch = setInterval(() => {
    for (const [name, pid] of Object.entries(watched)) most[name] = Math.max(most[name] ?? 0, memoryOf(pid));
  }, 50);
  try {
    let [upMs, downMs] = [0, 0];
    for (let file = 0; file < LARGE_FILES; file++) {
      const up = createHash('sha256');
      const started = Date.now();
      await sandbox.files.write(`large-${file}.bin`, counting(LARGE_MIB, up));
      const uploaded = Date.now();
      const down = createHash('sha256');
      for await (const block of await sandbox.files.readStream(`large-${file}.bin`)) down.update(block);
      upMs += uploaded - started;
      downMs += Date.now() - uploaded;
      expect(down.digest('hex')).toBe(up.digest('hex'));
    }
    const rate = (ms: number): string => `${Math.round((LARGE_FILES * LARGE_MIB) / (ms / 1000))} MiB/s`;
    const shown = Object.keys(most).map(
      (name) => `${name} ${Math.round((rest[name] ?? 0) / MIB)} → ${Math.round((most[name] ?? 0) / MIB)} MiB`,
    );
    note(`${LARGE_FILES} × ${LARGE_MIB} MiB up ${rate(upMs)}, down ${rate(downMs)}; at most: ${shown.join(', ')}`);
    for (const [name, bytes] of Object.entries(most)) expect(bytes, name).toBeLessThan((rest[name] ?? 0) + SPARE_MEMORY);
  } finally {
    clearInterval(watch);
  }
  await sandbox.destroy();
});
