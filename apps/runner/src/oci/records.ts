import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '@miosa/kernel';
import type { RuntimeSpec } from '@miosa/runtime';

/**
 * What is being done, written before it is done, so that after a crash it can be finished or undone:
 * `creating` and `destroying` end in nothing, `booting` and `stopping` in `stopped`. `running` without its process is a lost machine.
 */
export type Phase = 'creating' | 'booting' | 'running' | 'stopping' | 'stopped' | 'destroying';

export interface SandboxRecord {
  readonly spec: RuntimeSpec;
  /** The template build it was made from; the overlay's lower layer must stay the same for life. */
  readonly rootfs: string;
  readonly phase: Phase;
  /** Network slot and id range while booting or running. */
  readonly slot: number | null;
  readonly process: { readonly pid: number; readonly startTime: number } | null;
}

export interface Records {
  get(id: string): SandboxRecord | undefined;
  all(): readonly SandboxRecord[];
  save(record: SandboxRecord): Promise<SandboxRecord>;
  remove(id: string): Promise<void>;
}

/** One JSON file a sandbox (0600: it holds the environment), replaced atomically; read once, then served from memory. */
export const openRecords = (folder: string): Records => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const records = new Map<string, SandboxRecord>();
  for (const name of readdirSync(folder)) {
    const id = name.replace(/\.json$/, '');
    if (isId('sbx', id) && name.endsWith('.json')) records.set(id, JSON.parse(readFileSync(join(folder, name), 'utf8')) as SandboxRecord);
  }
  return {
    get: (id) => records.get(id),
    all: () => [...records.values()],
    save: async (record) => {
      const path = join(folder, `${record.spec.id}.json`);
      // No fsync: the record describes processes and mounts, which a power loss ends as well. Rename alone survives the death of the runner.
      await writeFile(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${path}.tmp`, path);
      records.set(record.spec.id, record);
      return record;
    },
    remove: async (id) => {
      await rm(join(folder, `${id}.json`), { force: true });
      records.delete(id);
    },
  };
};
