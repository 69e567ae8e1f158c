import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { arch, release, totalmem } from 'node:os';
import { dirname } from 'node:path';

/** What one line of the report says. `bad`: the platform cannot run; `warn`: it runs, and something could be better. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'bad';
  readonly value: string;
  readonly advice?: string;
}

export const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

/** Standard output, or null when the program is absent or fails. */
export const output = (file: string, args: readonly string[]): string | null => {
  const run = spawnSync(file, args, { encoding: 'utf8', timeout: 10_000 });
  return run.status === 0 ? run.stdout.trim() : null;
};

export const operatingSystem = (): Finding => {
  const text = read('/etc/os-release');
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? 'unknown';
  const good = /^ID=debian$/m.test(text) && /^VERSION_ID="12"$/m.test(text);
  return good
    ? { name: 'system', state: 'ok', value: name }
    : {
        name: 'system',
        state: 'warn',
        value: name,
        advice: 'the launcher installs packages on Debian 12 only; elsewhere install them yourself',
      };
};

export const kernel = (): Finding => {
  const value = `${release()} ${arch()}`;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  // 5.12 brought idmapped mounts, 5.13 overlay mounts inside user namespaces.
  if (major > 5 || (major === 5 && minor >= 13)) return { name: 'kernel', state: 'ok', value };
  return { name: 'kernel', state: 'warn', value, advice: 'kernel 5.13 or newer has what sandboxes need' };
};

export const cgroups = (): Finding => {
  const mounts = read('/proc/self/mountinfo').split('\n');
  const controllers = read('/sys/fs/cgroup/cgroup.controllers');
  if (controllers.includes('memory')) return { name: 'cgroups', state: 'ok', value: `v2 (${controllers})` };
  const v1 = mounts.flatMap((line) => (line.includes(' - cgroup ') ? [line.split(' ')[4]?.split('/').pop() ?? ''] : []));
  const hybrid = mounts.some((line) => line.includes(' - cgroup2 '));
  const missing = ['cpu', 'memory', 'pids', 'freezer'].filter((name) => !v1.some((mount) => mount.split(',').includes(name)));
  if (missing.length > 0)
    return {
      name: 'cgroups',
      state: 'bad',
      value: `v1 without ${missing.join(', ')}`,
      advice: 'enable these controllers on the kernel command line',
    };
  return {
    name: 'cgroups',
    state: 'warn',
    value: `${hybrid ? 'hybrid: v1 controllers beside v2' : 'v1'} (${v1.join(' ')})`,
    advice: 'works; a pure v2 host (systemd.unified_cgroup_hierarchy=1) has pressure figures and stricter memory limits',
  };
};

export const userNamespaces = (): Finding => {
  const max = Number(read('/proc/sys/user/max_user_namespaces'));
  const works = output('unshare', ['--user', '--map-root-user', 'true']) !== null;
  return works
    ? { name: 'user namespaces', state: 'ok', value: `allowed (up to ${max})` }
    : { name: 'user namespaces', state: 'bad', value: 'refused', advice: 'set sysctl user.max_user_namespaces above 0' };
};

export const fileSystems = (): Finding[] => {
  const known = read('/proc/filesystems');
  const has = (name: string) => new RegExp(`\\b${name}$`, 'm').test(known) || output('modprobe', ['--dry-run', name]) !== null;
  return [
    has('overlay')
      ? { name: 'overlay', state: 'ok', value: 'yes' }
      : { name: 'overlay', state: 'bad', value: 'no', advice: 'load the kernel module overlay' },
    has('btrfs')
      ? { name: 'btrfs', state: 'ok', value: 'yes (snapshots and quotas of sandboxes)' }
      : { name: 'btrfs', state: 'warn', value: 'no', advice: 'the kernel module btrfs gives disk limits and cheap snapshots' },
    existsSync('/dev/loop-control')
      ? { name: 'loop devices', state: 'ok', value: 'yes' }
      : { name: 'loop devices', state: 'warn', value: 'no', advice: 'the kernel module loop keeps sandboxes on a disk image of their own' },
  ];
};

export const kvm = (): Finding => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    // A nested machine may have the device of a kernel that cannot use it.
    const isUsable = arch() !== 'x64' || /^flags\s.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
    if (!isUsable) throw new Error('no virtualization extensions');
    return { name: 'KVM', state: 'ok', value: 'yes (micro virtual machines possible)' };
  } catch {
    return {
      name: 'KVM',
      state: 'warn',
      value: 'no',
      advice: 'isolation tier microvm needs /dev/kvm and a processor that shows vmx or svm; tier container works without',
    };
  }
};

export const memory = (): Finding => {
  const gib = totalmem() / 2 ** 30;
  const value = `${gib.toFixed(1)} GiB`;
  return gib >= 2
    ? { name: 'memory', state: 'ok', value }
    : { name: 'memory', state: 'warn', value, advice: '2 GiB or more leave room for sandboxes' };
};

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

export const disk = (what: string, path: string, wantGiB: number): Finding => {
  const { bavail, bsize } = statfsSync(nearestExisting(path));
  const gib = (bavail * bsize) / 2 ** 30;
  const value = `${gib.toFixed(0)} GiB free for ${path}`;
  return gib >= wantGiB
    ? { name: what, state: 'ok', value }
    : { name: what, state: 'bad', value, advice: `${wantGiB} GiB are needed; choose another disk with --data or --cache` };
};
