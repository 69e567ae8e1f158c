import type { Spec, Tier } from './tier.ts';

/** gVisor looks these up itself and knows no other options than size and mode. */
const TMPFS_OPTIONS = /^(size|mode)=|^(ro|nosuid|nodev|noexec)$/;

const mountsOf = ({ mounts, root }: Spec) => [
  ...mounts.map((mount) =>
    mount.type === 'tmpfs' ? { ...mount, options: mount.options.filter((option) => TMPFS_OPTIONS.test(option)) } : mount,
  ),
  // Or gVisor lays a tmpfs over a /tmp that is empty: no disk quota, and gone with a stop.
  { destination: '/tmp', type: 'bind', source: `${root.path}/tmp`, options: ['bind', 'nosuid', 'nodev'] },
];

/**
 * gVisor: system calls are answered by a kernel in user space, itself confined by seccomp in namespaces of its own, without a network
 * but the packets of its interface.
 * ptrace: the platform that needs nothing of the host; KVM was seen to hang where virtual machines are nested.
 * The seccomp profile of the specification is left out (`--oci-seccomp` answers all it refuses with EPERM, on which the C library gives up
 * threads instead of falling back): what it would keep from the host's kernel does not get there anyway.
 * The user-space kernel owns the network namespace's address, so raw packets are its alone; `--net-raw` stays off.
 */
export const gvisorTier = (runtime: string): Tier => ({
  isolation: 'gvisor',
  runtime,
  runtimeFlags: ['--platform=ptrace', '--network=sandbox', '--ignore-cgroups', '--host-uds=none', '--file-access-mounts=exclusive'],
  // Older ones take a namespace that shows rmem_default for the host's; newer kernels show it in every one.
  hideDirs: ['/proc/sys/net/core'],
  relayed: true,
  adapt: (spec) => ({
    ...spec,
    process: { ...spec.process, args: [...spec.process.args, '-channel'] },
    mounts: mountsOf(spec),
    linux: {
      ...spec.linux,
      // Without one named, a new and empty one would be made; the runtime is started in the slot's.
      namespaces: [...spec.linux.namespaces, { type: 'network', path: '/proc/self/ns/net' }],
    },
  }),
});
