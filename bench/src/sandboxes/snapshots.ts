import type { Miosa, Sandbox } from '@miosa/sdk';
import { type Sample, timed } from '../stats.ts';
import { destroyAll } from './target.ts';

const FILES = 200;

/** Snapshot, fork and restore of a workspace of 200 files of 1 MiB that were just written. */
export const benchSnapshots = async (miosa: Miosa, rounds: number): Promise<readonly Sample[]> => {
  const times: Record<'snapshot' | 'fork' | 'restoreNew' | 'restoreInPlace', number[]> = {
    snapshot: [],
    fork: [],
    restoreNew: [],
    restoreInPlace: [],
  };
  const made: Sandbox[] = [];
  const sandbox = await miosa.sandboxes.create({});
  made.push(sandbox);
  await sandbox.exec(`for i in $(seq ${FILES}); do head -c 1048576 /dev/urandom > f$i; done; sync`);
  const alive = async (one: Sandbox): Promise<void> => {
    const { stdout } = await one.exec('ls | wc -l');
    if (Number(stdout) !== FILES) throw new Error(`${stdout.trim()} files of ${FILES} came back`);
  };
  for (let round = 0; round < rounds; round++) {
    await sandbox.exec('head -c 1048576 /dev/urandom > f1');
    const taken = await timed(() => sandbox.snapshots.create());
    times.snapshot.push(taken.ms);
    const fork = await timed(() => sandbox.fork());
    times.fork.push(fork.ms);
    const restored = await timed(() => sandbox.restore(taken.value.id));
    times.restoreNew.push(restored.ms);
    const inPlace = await timed(() => sandbox.restore(taken.value.id, { mode: 'in_place' }));
    times.restoreInPlace.push(inPlace.ms);
    made.push(fork.value, restored.value);
    for (const one of [fork.value, restored.value, sandbox]) await alive(one);
  }
  await destroyAll(made);
  return [
    { name: 'snapshot, 200 MiB', ms: times.snapshot },
    { name: 'fork, 200 MiB', ms: times.fork },
    { name: 'restore as new, 200 MiB', ms: times.restoreNew },
    { name: 'restore in place, 200 MiB', ms: times.restoreInPlace },
  ];
};
