import { readFileSync } from 'node:fs';
import type { Cgroups } from './cgroups.ts';
import { openCgroupsV1 } from './v1.ts';
import { openCgroupsV2 } from './v2.ts';

/** Mount points by controller (v1) and of the unified hierarchy, from the text of /proc/self/mountinfo. */
export const cgroupMounts = (mountinfo: string): { v1: Map<string, string>; v2: string | null } => {
  const v1 = new Map<string, string>();
  let v2: string | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const path = before?.split(' ')[4];
    const [type, , options] = after?.split(' ') ?? [];
    if (path === undefined) continue;
    if (type === 'cgroup2') v2 ??= path;
    if (type === 'cgroup') for (const option of options?.split(',') ?? []) if (!v1.has(option)) v1.set(option, path);
  }
  return { v1, v2 };
};

/** Picks the implementation by where the memory controller is. */
export const openCgroups = (parent: string): Cgroups => {
  const { v1, v2 } = cgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (v1.has('memory')) return openCgroupsV1(v1, parent, v2 !== null);
  if (v2 !== null) return openCgroupsV2(v2, parent);
  throw new Error('no cgroup hierarchy is mounted below /sys/fs/cgroup');
};
