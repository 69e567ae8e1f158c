import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockedTraffic } from '@miosa/runtime';

/** What a runner must know of its predecessor's answers about one sandbox, so that names a program has looked up go on working. */
export interface Remembered {
  readonly grants: readonly { readonly names: readonly string[]; readonly address: string; readonly until: number }[];
  readonly blocked: readonly BlockedTraffic[];
}

export interface Memory {
  load(id: string): Remembered | null;
  /** Written at once, or a moment after the last time; `read` is asked then, null = forget it. */
  save(id: string, read: () => Remembered | null): void;
  /** Resolves when nothing is left to write. */
  close(): Promise<void>;
}

/** What a sandbox can make us write by asking for names without end. */
const AT_MOST_EVERY_MS = 250;

/** A file a sandbox, replaced atomically and not synced: losing one costs a program a name lookup. Files of others than `known` are removed. */
export const openMemory = (folder: string, known: ReadonlySet<string>, onError: (error: unknown) => void): Memory => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (!known.has(name.replace(/\.json$/, ''))) rmSync(join(folder, name), { force: true });
  const waiting = new Map<string, () => Remembered | null>();
  const writing = new Map<string, Promise<void>>();
  const closing = new AbortController();
  const path = (id: string): string => join(folder, `${id}.json`);

  const write = async (id: string): Promise<void> => {
    for (;;) {
      const read = waiting.get(id);
      if (read === undefined) return;
      waiting.delete(id);
      const now = read();
      if (now === null) {
        await rm(path(id), { force: true });
        continue;
      }
      await writeFile(`${path(id)}.tmp`, JSON.stringify(now), { mode: 0o600 });
      await rename(`${path(id)}.tmp`, path(id));
      await sleep(AT_MOST_EVERY_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  };
  return {
    load: (id) => {
      try {
        return JSON.parse(readFileSync(path(id), 'utf8')) as Remembered;
      } catch {
        return null; // absent, or cut off by a power loss
      }
    },
    save: (id, read) => {
      waiting.set(id, read);
      if (writing.has(id)) return;
      const run = write(id)
        .catch(onError)
        .finally(() => writing.delete(id));
      writing.set(id, run);
    },
    close: async () => {
      closing.abort();
      await Promise.all(writing.values());
    },
  };
};
