import { describe, expect, it } from 'vitest';
import { cgroupMounts } from './cgroups/open.ts';
import { keyedMutex } from './keyed-mutex.ts';
import { seccompProfile } from './seccomp.ts';
import { ociSpec } from './spec.ts';

const spec = ociSpec({ hostname: 'box', idBase: 2 ** 30, memoryMiB: 512, stage: '/run/x', cgroupNamespace: true, openFilesMax: 20_000 });

describe('system call filter', () => {
  const allowed = new Set(seccompProfile.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names));
  it('denies what it does not name', () => {
    expect(seccompProfile.defaultAction).toBe('SCMP_ACT_ERRNO');
  });
  it.each(
    'mount umount2 unshare setns pivot_root keyctl bpf perf_event_open userfaultfd io_uring_setup kexec_load open_by_handle_at clone3 reboot'.split(
      ' ',
    ),
  )('does not allow %s', (name) => expect(allowed).not.toContain(name));
  it('names no call both ways', () => {
    const refused = seccompProfile.syscalls.filter(({ action }) => action !== 'SCMP_ACT_ALLOW').flatMap(({ names }) => names);
    expect(refused.filter((name) => allowed.has(name))).toEqual([]);
  });
  it('allows clone only without new namespaces', () => {
    expect(seccompProfile.syscalls.find(({ names }) => names.includes('clone'))).toMatchObject({
      args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    });
  });
});

describe('OCI specification', () => {
  it('maps root inside to an id that nobody has outside', () => {
    expect(spec.linux.uidMappings).toEqual([{ containerID: 0, hostID: 2 ** 30, size: 65_536 }]);
  });
  it('gives neither new privileges nor capabilities over the system', () => {
    expect(spec.process.noNewPrivileges).toBe(true);
    for (const name of ['SYS_ADMIN', 'NET_ADMIN', 'NET_RAW', 'MKNOD', 'SYS_PTRACE', 'SETPCAP', 'SYS_CHROOT'])
      expect(spec.process.capabilities.bounding).not.toContain(`CAP_${name}`);
  });
  it('mounts nothing of the host but the agent, read-only, and three small files', () => {
    const binds = spec.mounts.filter(({ type }) => type === 'bind');
    expect(binds.map(({ destination }) => destination)).toEqual([
      '/.miosa/agent',
      '/etc/resolv.conf',
      '/etc/hosts',
      '/etc/hostname',
      '/etc/machine-id',
    ]);
    expect(binds[0]?.options).toContain('ro');
  });
});

describe('cgroup hierarchies', () => {
  it('finds v1 controllers, also two in one mount, and the unified hierarchy beside them', () => {
    const { v1, v2 } = cgroupMounts(
      [
        '33 27 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
        '35 27 0:33 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory',
        '41 27 0:39 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      ].join('\n'),
    );
    expect([v1.get('cpu'), v1.get('cpuacct'), v1.get('memory'), v2]).toEqual([
      '/sys/fs/cgroup/cpu,cpuacct',
      '/sys/fs/cgroup/cpu,cpuacct',
      '/sys/fs/cgroup/memory',
      '/sys/fs/cgroup/unified',
    ]);
  });
});

describe('keyed mutex', () => {
  it('runs tasks of one key in order and lets other keys pass, also after a failure', async () => {
    const exclusive = keyedMutex();
    const seen: string[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = exclusive('a', async () => {
      await gate;
      seen.push('a1');
      throw new Error('a1 fails');
    });
    const second = exclusive('a', async () => seen.push('a2'));
    await exclusive('b', async () => seen.push('b'));
    open();
    await expect(first).rejects.toThrow('a1 fails');
    await second;
    expect(seen).toEqual(['b', 'a1', 'a2']);
  });
});
