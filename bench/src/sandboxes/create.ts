import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Miosa, Sandbox } from '@miosa/sdk';
import { type Sample, timed } from '../stats.ts';
import { createAndExec, destroyAll } from './target.ts';

const groupsBelow = (root: string): readonly string[] => {
  try {
    return readdirSync(root)
      .filter((name) => name.startsWith('miosa'))
      .flatMap((name) => readdirSync(`${root}/${name}`).map((child) => `${root}/${name}/${child}`));
  } catch {
    return [];
  }
};

/** What the control group of an idle sandbox is charged with, page cache of the shared template included where it was first to read it. */
const groupMemoryBytes = (id: string): number => {
  for (const root of ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'])
    for (const group of groupsBelow(root))
      if (group.endsWith(id))
        for (const file of ['memory.usage_in_bytes', 'memory.current'])
          try {
            return Number(readFileSync(`${group}/${file}`, 'utf8'));
          } catch {
            // the other version of control groups
          }
  return Number.NaN;
};

export interface CreateResults {
  readonly create: Sample;
  readonly destroy: Sample;
  readonly idleBytes: readonly number[];
  /** Of the counted ones, those that started on the path that was asked for. */
  readonly asMeant: number;
}

/**
 * Create and first exec, one after the other, through the public API: SDK → edge → control plane → runner → agent, TLS included. `restMs` lets
 * a pool fill up between two; those that started on another path than `path` do not count.
 */
export const benchCreate = async (
  miosa: Miosa,
  how: { readonly name: string; readonly path: 'cold' | 'warm'; readonly count: number; readonly restMs: number },
): Promise<CreateResults> => {
  const made: Sandbox[] = [];
  const ms: number[] = [];
  const idleBytes: number[] = [];
  const WARM_UP = 3;
  for (let index = -WARM_UP; index < how.count; index++) {
    const run = await timed(() => createAndExec(miosa));
    made.push(run.value);
    if (index >= 0 && run.value.bootPath === how.path) ms.push(run.ms);
    if (how.restMs > 0) await sleep(how.restMs);
  }
  for (const { id } of made.slice(WARM_UP)) {
    const bytes = groupMemoryBytes(id);
    if (!Number.isNaN(bytes)) idleBytes.push(bytes);
  }
  const destroyMs: number[] = [];
  for (const sandbox of made) destroyMs.push((await timed(() => sandbox.destroy())).ms);
  return { create: { name: how.name, ms }, destroy: { name: 'destroy', ms: destroyMs }, idleBytes, asMeant: ms.length };
};

export interface Burst {
  readonly count: number;
  readonly wallMs: number;
  readonly good: number;
}

/** All at once, each with its first exec. */
export const benchBurst = async (miosa: Miosa, count: number): Promise<Burst> => {
  const burst = await timed(() => Promise.allSettled(Array.from({ length: count }, () => createAndExec(miosa))));
  const good = burst.value.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await destroyAll(good);
  return { count, wallMs: burst.ms, good: good.length };
};
