import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cgroups, Limits } from './cgroups.ts';
import { children, field, read, removeCgroup, until, write, writeIfPresent } from './files.ts';
import { hostShare } from './host-share.ts';

/** null, zero, full, random, urandom, tty, ptmx and pseudo terminals. */
const DEVICES = ['c 1:3 rw', 'c 1:5 rw', 'c 1:7 rw', 'c 1:8 rw', 'c 1:9 rw', 'c 5:0 rw', 'c 5:2 rw', 'c 136:* rw'];
const PERIOD_USEC = 100_000;

/** Cgroup v1 and hybrid hierarchies. `mounts`: controller → mount point; several controllers may share one. */
export const openCgroupsV1 = (mounts: ReadonlyMap<string, string>, parent: string, hybrid: boolean): Cgroups => {
  const base = (controller: string): string => {
    const mount = mounts.get(controller);
    if (mount === undefined) throw new Error(`this kernel has no ${controller} cgroup controller`);
    return join(mount, parent);
  };
  const controllers = ['cpu', 'cpuacct', 'memory', 'pids', 'devices', 'freezer'];
  const parents = [...new Set(controllers.map(base))];
  for (const dir of parents) mkdirSync(dir, { recursive: true });
  const share = hostShare();
  write(base('memory'), 'memory.limit_in_bytes', share.memoryBytes);
  write(base('pids'), 'pids.max', share.pidsMax);
  write(base('cpu'), 'cpu.shares', share.cpus * 1024);
  if (children(base('devices')).length === 0) {
    write(base('devices'), 'devices.deny', 'a');
    for (const device of DEVICES) write(base('devices'), 'devices.allow', device);
  }
  const of = (controller: string, id: string): string => join(base(controller), id);
  const setLimits = (id: string, limits: Limits): void => {
    const memory = limits.memoryMiB * 2 ** 20;
    const names = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
    // The second may at no time be below the first.
    const grows = Number(read(of('memory', id), 'memory.limit_in_bytes')) < memory;
    for (const name of grows ? names.reverse() : names) writeIfPresent(of('memory', id), name, memory);
    write(of('pids', id), 'pids.max', limits.pidsMax);
    write(of('cpu', id), 'cpu.cfs_period_us', PERIOD_USEC);
    write(of('cpu', id), 'cpu.cfs_quota_us', Math.max(1000, Math.round(limits.cpuCount * PERIOD_USEC)));
    write(of('cpu', id), 'cpu.shares', Math.max(2, Math.round(limits.cpuCount * 1024)));
  };
  return {
    create: (id, limits) => {
      for (const dir of parents) mkdirSync(join(dir, id), { recursive: true });
      setLimits(id, limits);
      return { cgroupTasks: parents.map((dir) => join(dir, id, 'tasks')), cgroupDir: '', hideCgroup2: hybrid };
    },
    setLimits,
    has: (id) => existsSync(of('cpuacct', id)),
    heldBytes: (id = '') => {
      const stat = read(of('memory', id), 'memory.stat');
      const files = Number(field(stat, 'total_active_file')) + Number(field(stat, 'total_inactive_file'));
      return Number(read(of('memory', id), 'memory.usage_in_bytes')) - files;
    },
    setFrozen: async (id, frozen) => {
      const wanted = frozen ? 'FROZEN' : 'THAWED';
      write(of('freezer', id), 'freezer.state', wanted);
      // A fork racing the freezer leaves it FREEZING until it is written again.
      await until(`${id} ${wanted}`, 10_000, () => {
        if (read(of('freezer', id), 'freezer.state') === wanted) return true;
        write(of('freezer', id), 'freezer.state', wanted);
        return false;
      });
    },
    isFrozen: (id) => existsSync(of('freezer', id)) && read(of('freezer', id), 'freezer.state') !== 'THAWED',
    usage: (id) => ({
      cpuUsageUsec: Math.floor(Number(read(of('cpuacct', id), 'cpuacct.usage')) / 1000),
      memoryBytes: Number(read(of('memory', id), 'memory.usage_in_bytes')),
      pids: Number(read(of('pids', id), 'pids.current')),
    }),
    remove: async (id) => {
      // A frozen process cannot die.
      if (existsSync(of('freezer', id))) write(of('freezer', id), 'freezer.state', 'THAWED');
      // pids first: what runs is found there, and the others are then empty.
      for (const dir of [base('pids'), ...parents.filter((other) => other !== base('pids'))]) await removeCgroup(join(dir, id));
    },
    list: () => [...new Set(parents.flatMap(children))],
    close: async () => {
      for (const dir of parents) await removeCgroup(dir);
    },
  };
};
