import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { RuntimeInstance } from '@miosa/runtime';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, type ExecResult, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const missing = requirements();
if (missing.length > 0) it.skip(`isolation is not tested here: it needs ${missing.join(', ')}`, () => {});

const MIB = 2 ** 20;
const python = (program: string): string[] => ['python3', '-c', program];

describe.skipIf(missing.length > 0)('a sandbox that misbehaves', () => {
  let runner: RunnerProcess;
  let bad: RuntimeInstance;
  let neighbour: RuntimeInstance;
  const asRoot = (command: string | string[], timeoutMs?: number): Promise<ExecResult> =>
    execInside(bad.endpoint, command, { user: 'root', ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  beforeAll(async () => {
    runner = await launchRunner();
    bad = await runner.runtime.create(contractSpec({ memoryMiB: 128, diskMiB: 64, pidsMax: 64 }));
    neighbour = await runner.runtime.create(contractSpec());
  });
  afterAll(async () => {
    await runner.close();
  });
  const expectNeighbourWell = async (): Promise<void> => {
    expect(await execInside(neighbour.endpoint, 'echo fine > mark && cat mark')).toMatchObject({ stdout: 'fine\n', exitCode: 0 });
  };

  it('cannot have more processes than its limit, and ends with its command', async () => {
    const bomb = execInside(bad.endpoint, python('import os\nwhile True:\n  try: os.fork()\n  except OSError: pass'), { timeoutMs: 2000 });
    await expectNeighbourWell();
    expect((await runner.runtime.stats(bad.id)).pids).toBeLessThanOrEqual(64);
    await bomb;
    expect((await runner.runtime.inspect(bad.id))?.state).toBe('running');
    expect((await execInside(bad.endpoint, 'echo alive')).stdout).toBe('alive\n');
  });

  it('pays for a flood of output with its own time only', async () => {
    const flood = await execInside(bad.endpoint, 'head -c 1073741824 /dev/zero', { timeoutMs: 60_000 });
    expect(flood).toMatchObject({ exitCode: 0, truncated: true });
    expect((await runner.runtime.stats(bad.id)).memoryBytes).toBeLessThan(128 * MIB);
  });

  it.each(['root', 'sandbox'] as const)('cannot write past its disk limit as %s', async (user) => {
    const full = await execInside(bad.endpoint, 'dd if=/dev/zero of=/tmp/fill bs=1M count=200; stat -c %s /tmp/fill', { user });
    expect(full.stderr).toMatch(/quota exceeded|no space/i);
    expect(Number(full.stdout)).toBeLessThan(64 * MIB);
    await expectNeighbourWell();
    expect((await execInside(bad.endpoint, 'rm /tmp/fill && sync && echo again > /tmp/again && cat /tmp/again', { user })).stdout).toBe(
      'again\n',
    );
    await execInside(bad.endpoint, 'rm -f /tmp/again', { user });
  });

  it('cannot make files without end, however small', async () => {
    const program = `
import os
os.makedirs('/tmp/many')
made = 0
try:
  while made < 2_000_000:
    os.close(os.open(f'/tmp/many/{made:0200d}', os.O_CREAT | os.O_WRONLY)); made += 1
except OSError as error: print(os.strerror(error.errno))
print(made < 2_000_000)`;
    const result = await asRoot(python(program), 120_000);
    expect(result.stdout).toMatch(/(quota exceeded|no space).*\nTrue/i);
    await expectNeighbourWell();
    await asRoot('rm -rf /tmp/many', 120_000);
  }, 300_000);

  it('is killed inside when it takes more memory than its limit, and the machine goes on or is reported', async () => {
    const hog = await execInside(bad.endpoint, python('x = bytearray(1 << 30)')).catch(() => null);
    if (hog !== null) expect(hog).toMatchObject({ exitCode: 137, signal: 'KILL' });
    await expectNeighbourWell();
    expect(['running', 'lost']).toContain((await runner.runtime.inspect(bad.id))?.state);
    if ((await runner.runtime.inspect(bad.id))?.state === 'lost') await runner.runtime.resume(bad.id);
    // /dev/shm counts as memory too.
    await execInside(bad.endpoint, 'dd if=/dev/zero of=/dev/shm/x bs=1M count=200').catch(() => null);
    expect((await runner.runtime.stats(bad.id)).memoryBytes).toBeLessThanOrEqual(128 * MIB);
    await asRoot('rm -f /dev/shm/x');
  });

  it.each([
    ['write a kernel setting', 'echo 1 > /proc/sys/kernel/panic'],
    ['write a kernel setting of its network', 'echo 1 > /proc/sys/net/ipv4/ip_forward'],
    ['trigger sysrq', 'echo h > /proc/sysrq-trigger'],
    ['mount a file system', 'mount -t tmpfs none /mnt'],
    ['mount proc again', 'mount -t proc proc /mnt'],
    ['mount a cgroup hierarchy for its release_agent', 'mkdir -p /tmp/cg && mount -t cgroup -o memory cgroup /tmp/cg'],
    ['unmount a mask', 'umount /proc/kcore'],
    ['remount read-write', 'mount -o remount,rw /proc/sys'],
    ['make a block device', 'mknod /tmp/disk b 254 0'],
    ['make a character device', 'mknod /tmp/mem c 1 1'],
    ['make a user namespace', 'unshare -U true'],
    ['make a mount namespace', 'unshare -m true'],
    ['change the host name', 'hostname other'],
    ['set the clock', 'date -s 2001-01-01'],
    ['read kernel memory', 'test -s /proc/kcore'],
    ['read kernel messages', 'dmesg'],
    ['see hardware', 'ls /sys/*'],
    ['see the agent socket of any sandbox', 'find / -xdev -name "sbx_*" | grep .'],
    ['write the agent', 'echo x > /.miosa/agent'],
    ['replace the agent', 'rm -f /.miosa/agent'],
    ['change addresses', 'python3 -c "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"'],
    ['send raw packets', 'python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"'],
    ['talk to the hypervisor', 'python3 -c "import socket; socket.socket(40, socket.SOCK_STREAM)"'],
    ['signal outside its pid namespace', 'test $(ps -e --no-headers | wc -l) -gt 50'],
    [
      'reach the host through open files of init',
      'for fd in /proc/1/fd/*; do readlink $fd; done | grep -vE "^(socket|pipe|anon_inode):|^/dev/null|^/proc/" | grep .',
    ],
    ['walk out through the root of init', 'test -e /proc/1/root/work || test -e /proc/1/root/var/cache/miosa'],
  ])('cannot, as root inside: %s', async (_what, command) => {
    const result = await asRoot(command);
    expect(result.exitCode, `${command}\n${result.stdout}${result.stderr}`).not.toBe(0);
  });

  it.each([
    ['bpf', 321],
    ['keyctl', 250],
    ['perf_event_open', 298],
    ['userfaultfd', 323],
    ['io_uring_setup', 425],
    ['kexec_load', 246],
    ['open_by_handle_at', 304],
    ['setns', 308],
    ['fsopen', 430],
    ['init_module', 175],
  ])('cannot call %s', async (_name, number) => {
    const result = await asRoot(
      python(
        `import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.syscall(${number}, 0, 0, 0, 0, 0, 0), ctypes.get_errno())`,
      ),
    );
    expect(result.stdout).toBe('-1 1\n');
  });

  it('has no IPv6 address on either end of its link', async () => {
    expect((await asRoot('cat /proc/net/if_inet6 2>/dev/null | grep -v " lo$"')).stdout).toBe('');
    const route = "ip = open('/proc/net/route').read().split()[13]; print('.'.join(str(b) for b in reversed(bytes.fromhex(ip))))";
    const gateway = (await asRoot(python(route))).stdout.trim();
    const ends = Object.values(networkInterfaces()).filter((addresses) => addresses?.some(({ address }) => address === gateway));
    expect(ends.map((addresses) => addresses?.map(({ family }) => family))).toEqual([['IPv4']]);
  });

  it('has no capability beyond those of file and process management, and none as its user', async () => {
    const caps = 'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status';
    expect((await asRoot(caps)).stdout.replace(/\t/g, '')).toBe(
      'CapEff:00000000000000fb\nCapBnd:00000000000000fb\nNoNewPrivs:1\nSeccomp:2\n',
    );
    expect((await execInside(bad.endpoint, caps)).stdout).toMatch(/CapEff:\t0{16}/);
  });

  describe('on the network', () => {
    let server: Server;
    let port = 0;
    beforeAll(async () => {
      server = createServer((socket) => socket.end('host')).listen(0, '::');
      await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    });
    afterAll(() => {
      server.close();
    });
    /** `reached` when a TCP connection inside the sandbox succeeds within a second. */
    const reach = (address: string, to: number): Promise<string> =>
      execInside(
        bad.endpoint,
        python(`
import socket
try: socket.create_connection((${JSON.stringify(address)}, ${to}), 1); print('reached')
except OSError: print('refused')`),
      ).then(({ stdout }) => stdout.trim());
    const spellings = (address: string): string[] => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      return [address, String(((a * 256 + b) * 256 + c) * 256 + d), `0x${a.toString(16)}.${b}.${c}.${d}`, `::ffff:${address}`];
    };

    it('does not reach any address of the host, however spelled', async () => {
      const addresses = Object.values(networkInterfaces())
        .flatMap((list) => list ?? [])
        .filter(({ internal }) => !internal);
      const gateway = (await execInside(bad.endpoint, "awk '/nameserver/ {print $2}' /etc/resolv.conf")).stdout.trim();
      const targets = addresses
        .filter(({ address }) => !address.startsWith('10.213.'))
        .flatMap(({ address, family }) => (family === 'IPv4' ? spellings(address) : [address]));
      for (const target of [...targets, gateway, '0.0.0.0', '127.0.0.1', '::1', 'localhost'])
        expect(await reach(target, port), target).toBe('refused');
    });

    it('does not reach its neighbour, and the host does not reach it', async () => {
      await agentRequest(neighbour.endpoint, 'POST', '/processes', {
        command: ['python3', '-m', 'http.server', '8000', '--bind', '0.0.0.0'],
        timeoutMs: 60_000,
      });
      const address = (
        await execInside(
          neighbour.endpoint,
          python(
            'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("203.0.113.1", 9)); print(s.getsockname()[0])',
          ),
        )
      ).stdout.trim();
      expect(
        await execInside(
          neighbour.endpoint,
          `for i in 1 2 3 4 5 6 7 8 9; do curl -sf http://${address}:8000/ > /dev/null && exit 0; sleep 0.2; done; exit 1`,
        ),
      ).toMatchObject({ exitCode: 0 });
      expect(await reach(address, 8000)).toBe('refused');
      await expect(fetch(`http://${address}:8000/`, { signal: AbortSignal.timeout(1000) })).rejects.toThrow();
    });

    it('does not reach metadata services', async () => {
      for (const address of ['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', ...spellings('169.254.169.254')])
        expect(await reach(address, 80), address).toBe('refused');
    });
  });
});
