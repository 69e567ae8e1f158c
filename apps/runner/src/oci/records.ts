import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '@miosa/kernel';
import type { RuntimeCounters, RuntimeSpec } from '@miosa/runtime';

/**
 * What is being done, written before it is done, so that after a crash it can be finished or undone:
 * `creating` and `destroying` end in nothing, `booting`, `stopping` and `restoring` in `stopped`. `running` without its process is a lost
 * machine.
 */
export type Phase = 'creating' | 'booting' | 'running' | 'stopping' | 'stopped' | 'restoring' | 'destroying';

export interface SandboxRecord {
  readonly spec: RuntimeSpec;
  /** The template build it was made from; the overlay's lower layer must stay the same for life. */
  readonly rootfs: string;
  readonly phase: Phase;
  /** Network slot and id range while booting or running. */
  readonly slot: number | null;
  readonly process: { readonly pid: number; readonly startTime: number } | null;
  /** It has brokered secrets for these; their values are never on disk. */
  readonly brokeredHosts?: readonly string[];
  /** Name of the cgroups of this boot, where that is not the sandbox's id: its machine was booted ahead. */
  readonly machine?: string;
  /** What earlier boots have counted. */
  readonly carried?: RuntimeCounters;
  /** Frozen for a snapshot, not paused. */
  readonly snapshotting?: true;
  /** While `restoring`. */
  readonly restoringFrom?: string;
}

/** A volume that nothing writes to any more. */
export interface SnapshotRecord {
  readonly id: string;
  readonly sandboxId: string;
  /** The lower layer its files lie on. */
  readonly rootfs: string;
  readonly sizeBytes: number;
}

interface Store<T> {
  get(id: string): T | undefined;
  all(): readonly T[];
  save(record: T): Promise<T>;
  remove(id: string): Promise<void>;
}
export type Records = Store<SandboxRecord>;
export type SnapshotRecords = Store<SnapshotRecord>;

interface StoreOptions<T> {
  readonly prefix: 'sbx' | 'snp';
  readonly idOf: (record: T) => string;
  /** Whether a record must survive a power loss. */
  readonly durable: boolean;
}

const sync = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

/** One JSON file a record (0600: a sandbox's holds its environment), replaced atomically; read once, then served from memory. */
const openStore = <T>(folder: string, { prefix, idOf, durable }: StoreOptions<T>): Store<T> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const records = new Map<string, T>();
  for (const name of readdirSync(folder)) {
    // What a runner was writing when it was killed.
    if (name.endsWith('.tmp')) rmSync(join(folder, name));
    const id = name.replace(/\.json$/, '');
    if (isId(prefix, id) && name.endsWith('.json')) records.set(id, JSON.parse(readFileSync(join(folder, name), 'utf8')) as T);
  }
  return {
    get: (id) => records.get(id),
    all: () => [...records.values()],
    save: async (record) => {
      const path = join(folder, `${idOf(record)}.json`);
      await writeFile(`${path}.tmp`, JSON.stringify(record), { mode: 0o600, flush: durable });
      await rename(`${path}.tmp`, path);
      if (durable) await sync(folder);
      records.set(idOf(record), record);
      return record;
    },
    remove: async (id) => {
      await rm(join(folder, `${id}.json`), { force: true });
      records.delete(id);
    },
  };
};

/** Not durable: a record describes processes and mounts, which a power loss ends as well. Rename alone survives the death of the runner. */
export const openRecords = (folder: string): Records => openStore(folder, { prefix: 'sbx', idOf: ({ spec }) => spec.id, durable: false });

/** Durable: a volume without its record is taken for half made and removed. */
export const openSnapshotRecords = (folder: string): SnapshotRecords =>
  openStore(folder, { prefix: 'snp', idOf: ({ id }) => id, durable: true });
