import { Fault, type Log } from '@miosa/kernel';
import type { RuntimeInstance, RuntimeSnapshot } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import type { keyedMutex } from './keyed-mutex.ts';
import { isAlive } from './process.ts';
import type { Records, SandboxRecord, SnapshotRecord, SnapshotRecords } from './records.ts';

export interface SnapshotParts {
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly records: Records;
  readonly snapshots: SnapshotRecords;
  readonly exclusive: ReturnType<typeof keyedMutex>;
  readonly isRunning: (record: SandboxRecord) => boolean;
  readonly stop: (record: SandboxRecord) => Promise<SandboxRecord>;
  readonly instance: (record: SandboxRecord) => RuntimeInstance;
  readonly log: Log;
}

const shown = ({ id, sandboxId, sizeBytes }: SnapshotRecord): RuntimeSnapshot => ({ id, sandboxId, sizeBytes });

/** Where the files of a restore are laid out until they take the place of the old ones. */
const fresh = (id: string): string => `${id}.new`;

/**
 * Snapshots are volumes without a machine. Locks are taken in the order sandbox, snapshot. A snapshot exists iff its record does: the volume
 * is made before the record and removed after it, so that a crash leaves at most a volume without a record, which the next start removes.
 */
export const createSnapshots = (parts: SnapshotParts) => {
  const { cgroups, disk, records, snapshots, exclusive, log } = parts;
  const known = (snapshotId: string): SnapshotRecord => {
    const found = snapshots.get(snapshotId);
    if (found === undefined) throw new Fault('NOT_FOUND', 'There is no such snapshot on this host.');
    return found;
  };

  /** The mark must be on disk before anything is frozen: a successor thaws what this process leaves frozen. */
  const still = async <T>(record: SandboxRecord, act: () => Promise<T>): Promise<T> => {
    if (!parts.isRunning(record)) return act();
    const marked = await records.save({ ...record, snapshotting: true });
    try {
      await cgroups.setFrozen(record.spec.id, true);
      return await act();
    } finally {
      await thaw(marked);
    }
  };
  const thaw = async ({ snapshotting: _, ...record }: SandboxRecord): Promise<void> => {
    await cgroups.setFrozen(record.spec.id, false);
    await records.save(record);
  };

  const takeNow = async (record: SandboxRecord, snapshotId: string): Promise<RuntimeSnapshot> => {
    const earlier = snapshots.get(snapshotId);
    if (earlier !== undefined) return shown(earlier);
    disk.assertRoomToKeep();
    try {
      const sizeBytes = await still(record, () => disk.freeze(record.spec.id, snapshotId));
      return shown(await snapshots.save({ id: snapshotId, sandboxId: record.spec.id, rootfs: record.rootfs, sizeBytes }));
    } catch (error) {
      await disk.remove(snapshotId);
      throw error;
    }
  };

  /** From `restoring` to `stopped`, from wherever a crash has left it: done again it ends in the same files. */
  const finishRestore = async (record: SandboxRecord, snapshotId: string): Promise<SandboxRecord> => {
    const { id, diskMiB } = record.spec;
    const { restoringFrom: _, ...kept } = record;
    let { rootfs } = record;
    try {
      await disk.fork(snapshotId, fresh(id), diskMiB);
      await disk.swap(fresh(id), id);
      ({ rootfs } = known(snapshotId));
    } finally {
      await records.save({ ...kept, rootfs, phase: 'stopped' });
      await disk.remove(fresh(id));
    }
    return { ...kept, rootfs, phase: 'stopped' };
  };

  return {
    take: (record: SandboxRecord, snapshotId: string): Promise<RuntimeSnapshot> => exclusive(snapshotId, () => takeNow(record, snapshotId)),
    restore: (record: SandboxRecord, snapshotId: string): Promise<RuntimeInstance> =>
      exclusive(snapshotId, async () => {
        known(snapshotId);
        disk.assertRoom();
        const stopped = record.phase === 'stopped' ? record : await parts.stop(record);
        const restoring = await records.save({ ...stopped, phase: 'restoring', restoringFrom: snapshotId });
        return parts.instance(await finishRestore(restoring, snapshotId));
      }),
    rootfsOf: (snapshotId: string): string => known(snapshotId).rootfs,
    /** The volume of a new sandbox. */
    copy: (snapshotId: string, id: string, diskMiB: number): Promise<void> =>
      exclusive(snapshotId, async () => disk.fork(known(snapshotId).id, id, diskMiB)),
    remove: (snapshotId: string): Promise<void> =>
      exclusive(snapshotId, async () => {
        if (records.all().some(({ restoringFrom }) => restoringFrom === snapshotId))
          throw new Fault('CONFLICT', 'A sandbox is being restored from this snapshot.');
        await snapshots.remove(snapshotId);
        await disk.remove(snapshotId);
      }),
    list: (): RuntimeSnapshot[] => snapshots.all().map(shown),
    /** After a crash of the runner: thaws, and finishes a restore. What cannot be finished stays stopped, with one of the two file trees. */
    recover: async (record: SandboxRecord): Promise<SandboxRecord> => {
      if (record.phase === 'running' && record.snapshotting === true && isAlive(record.process)) await thaw(record);
      if (record.phase !== 'restoring' || record.restoringFrom === undefined) return record;
      const { restoringFrom } = record;
      return finishRestore(record, restoringFrom).catch((error: unknown) => {
        log.warn({ err: error, id: record.spec.id }, 'a restore could not be finished');
        return records.get(record.spec.id) ?? record;
      });
    },
    /** Records whose volume is gone: nothing can be made of them. */
    forgetLost: async (): Promise<void> => {
      const volumes = new Set(disk.list());
      for (const { id } of snapshots.all().filter(({ id }) => !volumes.has(id))) {
        log.warn({ id }, 'snapshot without files forgotten');
        await snapshots.remove(id);
      }
    },
  };
};
