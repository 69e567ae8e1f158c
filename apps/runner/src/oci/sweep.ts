import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import type { Helper } from './helper.ts';

export interface SweepOptions {
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly helper: Helper;
  readonly socketsDir: string;
  /** Ids with a record. */
  readonly known: ReadonlySet<string>;
  readonly links: readonly string[];
  /** Links of sandboxes that run. */
  readonly liveLinks: ReadonlySet<string>;
  readonly log: Log;
}

/** Removes what belongs to no record: processes and cgroups, volumes, sockets, links. Mounts and namespaces end with their processes. */
export const sweepOrphans = async (options: SweepOptions): Promise<void> => {
  const { cgroups, disk, helper, socketsDir, known, log } = options;
  const swept: string[] = [];
  for (const id of cgroups.list().filter((id) => !known.has(id))) {
    await cgroups.remove(id);
    swept.push(`cgroup ${id}`);
  }
  for (const id of disk.list().filter((id) => !known.has(id))) {
    await disk.remove(id);
    swept.push(`volume ${id}`);
  }
  for (const name of existsSync(socketsDir) ? readdirSync(socketsDir) : []) {
    if (known.has(name.replace(/\.sock$/, ''))) continue;
    await rm(join(socketsDir, name), { force: true });
    swept.push(`socket ${name}`);
  }
  const dead = options.links.filter((link) => !options.liveLinks.has(link));
  await helper.call('links.destroy', { names: dead });
  if (swept.length + dead.length > 0) log.warn({ swept, links: dead.length }, 'removed leftovers of an earlier run');
};
