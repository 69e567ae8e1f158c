import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cgroups, Limits } from './cgroups.ts';
import { children, field, read, removeCgroup, until, write, writeIfPresent } from './files.ts';
import { hostShare } from './host-share.ts';

/**
 * Pure cgroup v2. Devices need no rule here: making nodes takes a capability in the initial user namespace, and all mounts a sandbox
 * can write to are `nodev`.
 */
export const openCgroupsV2 = (root: string, parent: string): Cgroups => {
  const base = join(root, parent);
  mkdirSync(base, { recursive: true });
  for (const dir of [root, base]) write(dir, 'cgroup.subtree_control', '+cpu +memory +pids');
  const share = hostShare();
  write(base, 'memory.max', share.memoryBytes);
  write(base, 'pids.max', share.pidsMax);
  write(base, 'cpu.weight', Math.min(10_000, share.cpus * 100));
  const of = (id: string): string => join(base, id);
  const isFrozen = (id: string): boolean => existsSync(of(id)) && field(read(of(id), 'cgroup.events'), 'frozen') === '1';
  const setLimits = (id: string, limits: Limits): void => {
    write(of(id), 'memory.max', limits.memoryMiB * 2 ** 20);
    write(of(id), 'pids.max', limits.pidsMax);
    write(of(id), 'cpu.max', `${Math.max(1000, Math.round(limits.cpuCount * 100_000))} 100000`);
    write(of(id), 'cpu.weight', Math.min(10_000, Math.max(1, Math.round(limits.cpuCount * 100))));
  };
  return {
    create: (id, limits) => {
      mkdirSync(of(id), { recursive: true });
      writeIfPresent(of(id), 'memory.swap.max', 0);
      setLimits(id, limits);
      return { cgroupTasks: [], cgroupDir: of(id), hideCgroup2: false };
    },
    setLimits,
    has: (id) => existsSync(of(id)),
    heldBytes: (id = '') => {
      const stat = read(of(id), 'memory.stat');
      return Number(read(of(id), 'memory.current')) - Number(field(stat, 'active_file')) - Number(field(stat, 'inactive_file'));
    },
    setFrozen: async (id, frozen) => {
      write(of(id), 'cgroup.freeze', frozen ? 1 : 0);
      await until(`${id} ${frozen ? 'frozen' : 'thawed'}`, 10_000, () => isFrozen(id) === frozen);
    },
    isFrozen,
    usage: (id) => ({
      cpuUsageUsec: Number(field(read(of(id), 'cpu.stat'), 'usage_usec')),
      memoryBytes: Number(read(of(id), 'memory.current')),
      pids: Number(read(of(id), 'pids.current')),
    }),
    remove: async (id) => {
      if (existsSync(of(id))) writeIfPresent(of(id), 'cgroup.kill', 1);
      await removeCgroup(of(id));
    },
    list: () => children(base),
    close: () => removeCgroup(base),
  };
};
