import { seccompProfile } from './seccomp.ts';

/** What one boot of a sandbox needs to know; limits are not here, the runner's cgroups hold them (ARCHITECTURE §7: no `linux.resources`). */
export interface BootOptions {
  readonly hostname: string;
  /** First host id of the 65 536 that ids 0–65535 inside map to. */
  readonly idBase: number;
  readonly memoryMiB: number;
  /** Directory of root file system, agent and etc/ as the launch helper lays it out. */
  readonly stage: string;
  readonly cgroupNamespace: boolean;
  /** At most the runner's own hard limit: the runtime sets limits inside the user namespace, where none can be raised. */
  readonly openFilesMax: number;
}

/**
 * Bounding set of everything inside; the agent starts with it, user `sandbox` has none of it in effect.
 * CHOWN, DAC_OVERRIDE, FOWNER, FSETID: root inside manages files (package managers). KILL: the agent ends any process.
 * SETUID, SETGID: the agent starts processes as `sandbox`. Absent on purpose: SETPCAP, MKNOD, NET_RAW, NET_BIND_SERVICE (a sysctl opens
 * low ports), SYS_CHROOT, SETFCAP, and every other. All are relative to the sandbox's own user namespace in any case.
 */
const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'];

const MASKED = [
  'acpi',
  'asound',
  'interrupts',
  'kallsyms',
  'kcore',
  'keys',
  'kpagecount',
  'kpageflags',
  'latency_stats',
  'sched_debug',
  'scsi',
  'slabinfo',
  'timer_list',
  'timer_stats',
  'vmallocinfo',
];
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'];

/** Charged to the sandbox's memory, so half of that is a comfort limit and not the safety one. */
export const shmMiB = (memoryMiB: number): number => Math.ceil(memoryMiB / 2);

const mounts = ({ stage, memoryMiB }: BootOptions) => [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  // An empty read-only file system instead of sysfs: nothing in a sandbox manages devices, and sysfs tells much about the host.
  { destination: '/sys', type: 'tmpfs', source: 'none', options: ['nosuid', 'noexec', 'nodev', 'ro', 'size=0', 'mode=0555'] },
  { destination: '/dev', type: 'tmpfs', source: 'dev', options: ['nosuid', 'noexec', 'mode=755', 'size=64k', 'nr_inodes=256'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5', 'max=1024'],
  },
  // /tmp is on disk, under the disk quota.
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmMiB(memoryMiB)}m`, 'nr_inodes=65536'],
  },
  { destination: '/.miosa/agent', type: 'bind', source: `${stage}/agent`, options: ['bind', 'ro', 'nosuid', 'nodev'] },
  ...['resolv.conf', 'hosts', 'hostname', 'machine-id'].map((name) => ({
    destination: `/etc/${name}`,
    type: 'bind',
    source: `${stage}/etc/${name}`,
    options: ['bind', 'nosuid', 'nodev', 'noexec'],
  })),
];

/** OCI runtime configuration (runtime-spec 1.0). The network namespace is the one the runtime is started in. */
export const ociSpec = (options: BootOptions) => ({
  ociVersion: '1.0.2',
  hostname: options.hostname,
  root: { path: `${options.stage}/rootfs`, readonly: false },
  process: {
    args: ['/.miosa/agent'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LISTEN_FDS=1', 'LANG=C.UTF-8'],
    cwd: '/',
    user: { uid: 0, gid: 0, umask: 0o022 },
    capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    noNewPrivileges: true,
    // The host's out-of-memory killer takes a sandbox before any platform process.
    oomScoreAdj: 500,
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: Math.min(65_536, options.openFilesMax), hard: options.openFilesMax },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      { type: 'RLIMIT_MEMLOCK', soft: 65_536, hard: 65_536 },
    ],
  },
  mounts: mounts(options),
  linux: {
    namespaces: ['user', 'mount', 'pid', 'uts', 'ipc', ...(options.cgroupNamespace ? ['cgroup'] : [])].map((type) => ({ type })),
    uidMappings: [{ containerID: 0, hostID: options.idBase, size: 65_536 }],
    gidMappings: [{ containerID: 0, hostID: options.idBase, size: 65_536 }],
    maskedPaths: MASKED.map((name) => `/proc/${name}`),
    readonlyPaths: READ_ONLY.map((name) => `/proc/${name}`),
    seccomp: seccompProfile,
  },
});
