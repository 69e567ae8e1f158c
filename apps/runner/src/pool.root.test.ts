import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeInstance } from '@miosa/runtime';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf } from './config.ts';

const missing = requirements();
if (missing.length > 0) it.skip(`machines booted ahead are not tested here: it needs ${missing.join(', ')}`, () => {});

const POOL = 3;

const groupsOf = (dataDir: string): string[] => {
  for (const parent of [`/sys/fs/cgroup/pids/miosa-${instanceOf(dataDir)}`, `/sys/fs/cgroup/miosa-${instanceOf(dataDir)}`])
    try {
      return readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    } catch {
      // the other version of control groups
    }
  return [];
};
const sparesOf = (dataDir: string): string[] => groupsOf(dataDir).filter((name) => name.startsWith('spare_'));
const agentOf = (dataDir: string, group: string): number => {
  const parents = [`/sys/fs/cgroup/pids/miosa-${instanceOf(dataDir)}`, `/sys/fs/cgroup/miosa-${instanceOf(dataDir)}`];
  for (const parent of parents)
    try {
      return Number.parseInt(readFileSync(join(parent, group, 'cgroup.procs'), 'utf8'), 10);
    } catch {
      // the other version of control groups
    }
  throw new Error(`${group} has no control group`);
};
/** Never to process 0, which would be this test and all that started it. */
const signalAgents = (dataDir: string, signal: 'SIGKILL' | 'SIGSTOP'): void => {
  for (const spare of sparesOf(dataDir)) {
    const agent = agentOf(dataDir, spare);
    if (agent > 1) process.kill(agent, signal);
  }
};
const recordOf = (dataDir: string, id: string): { machine?: string; phase: string } =>
  JSON.parse(readFileSync(join(dataDir, 'runner/sandboxes', `${id}.json`), 'utf8'));

describe.skipIf(missing.length > 0)('a machine that was booted ahead', () => {
  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner('/var/tmp', { MIOSA_WARM_POOL: String(POOL) });
  });
  afterEach(async () => {
    for (const { id } of await runner.runtime.list()) await runner.runtime.destroy(id);
  });
  afterAll(() => runner.close());

  const ready = async (): Promise<number> => (await runner.runtime.capabilities()).warm?.['miosa-sandbox'] ?? 0;
  const filled = () => expect.poll(ready, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  const create = (overrides: Parameters<typeof contractSpec>[0] = {}): Promise<RuntimeInstance> =>
    runner.runtime.create(contractSpec(overrides));
  const createWarm = async (overrides: Parameters<typeof contractSpec>[0] = {}): Promise<RuntimeInstance> => {
    await filled();
    const made = await create(overrides);
    expect(made.bootPath).toBe('warm');
    return made;
  };
  const createCold = async (overrides: Parameters<typeof contractSpec>[0] = {}): Promise<RuntimeInstance> => {
    for (;;) {
      const made = await create(overrides);
      if (made.bootPath === 'cold') return made;
    }
  };
  /** Nothing but what belongs to those ids and to machines that wait. */
  const expectOnly = async (ids: readonly string[]): Promise<void> => {
    const others = (names: readonly string[]): string[] => names.filter((name) => !name.startsWith('spare_')).sort();
    const machines = ids.map((id) => recordOf(runner.dataDir, id).machine ?? id);
    expect((await runner.runtime.list()).map(({ id }) => id).sort()).toEqual([...ids].sort());
    const groups = groupsOf(runner.dataDir).filter((name) => !machines.includes(name));
    expect(others(groups)).toEqual([]);
    expect(others(readdirSync(join(runner.dataDir, 'runner/disk')))).toEqual([...ids].sort());
    expect(others(readdirSync(join(runner.dataDir, 'run/s')))).toEqual(ids.map((id) => `${id}.sock`).sort());
    expect(readdirSync(join(runner.dataDir, 'runner/sandboxes')).sort()).toEqual(ids.map((id) => `${id}.json`).sort());
    // One of each a machine, once the pool has settled.
    await expect
      .poll(() => {
        const spares =
          groups.length >= 0
            ? sparesOf(runner.dataDir)
                .filter((name) => !machines.includes(name))
                .sort()
            : [];
        const volumes = readdirSync(join(runner.dataDir, 'runner/disk')).filter((name) => name.startsWith('spare_'));
        const sockets = readdirSync(join(runner.dataDir, 'run/s')).filter((name) => name.startsWith('spare_'));
        return JSON.stringify([volumes.sort(), sockets.sort()]) === JSON.stringify([spares, spares.map((name) => `${name}.sock`)]);
      })
      .toBe(true);
  };

  it('is no sandbox before it is claimed: in no list, in no count, without a name for anybody', async () => {
    await filled();
    expect(sparesOf(runner.dataDir).length).toBeGreaterThanOrEqual(2);
    expect(await runner.runtime.list()).toEqual([]);
    expect(await runner.runtime.counters()).toEqual([]);
    const [spare = ''] = sparesOf(runner.dataDir);
    const endpoint = { socketPath: join(runner.dataDir, 'run/runner.sock') };
    expect((await agentRequest(endpoint, 'GET', `/sandboxes/${spare}`)).status).toBe(422);
    expect((await agentRequest(endpoint, 'DELETE', `/sandboxes/${spare}`)).status).toBe(422);
  });

  it('reaches nobody while it waits', async () => {
    await filled();
    const [spare = ''] = sparesOf(runner.dataDir);
    const inside = (...command: string[]): string =>
      execFileSync('nsenter', ['--net', '--target', String(agentOf(runner.dataDir, spare)), ...command], { encoding: 'utf8' }).trim();
    expect(inside('ip', '-4', 'route', 'show', 'table', 'main')).toBe('');
    expect(inside('ip', '-4', '-brief', 'address', 'show', 'dev', 'eth0')).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
  });

  it('cannot be told from one that was booted for its sandbox', async () => {
    // What a sandbox can see of itself, without what must differ between any two.
    const look = async (made: RuntimeInstance, hostname: string): Promise<Record<string, string>> => {
      const sh = async (command: string): Promise<string> => (await execInside(made.endpoint, command, { user: 'root' })).stdout;
      const known = JSON.stringify((await agentRequest(made.endpoint, 'GET', '/processes')).body);
      const machineId = (await sh('cat /etc/machine-id')).trim();
      const address = (await sh("awk '/32 host/ { print f } { f = $2 }' /proc/net/fib_trie | grep -v 127 | head -1")).trim();
      expect(machineId).toMatch(/^[0-9a-f]{32}$/);
      expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      const seen = {
        names: await sh('hostname; cat /etc/hostname /etc/hosts; cat /proc/sys/kernel/hostname'),
        // By the shell alone, which starts nothing for it.
        processes: await sh('for p in /proc/[0-9]*; do read -r name < $p/comm; echo $name; done'),
        known,
        files: await sh(
          "find / -xdev -newer /.miosa/agent ! -type d -printf '%p %m %U\\n' 2>/dev/null | sort; find /tmp /workspace /home /root /var/log -printf '%p %m %U %s\\n'; ls -la --time-style=+ /etc/hostname /etc/hosts /etc/machine-id /etc/resolv.conf",
        ),
        environment: await sh('env | sort; echo --; tr "\\0" "\\n" < /proc/1/environ | sort'),
        mounts: await sh("sed -e 's/^[0-9]* [0-9]* [0-9]*:[0-9]* //' /proc/self/mountinfo | sort"),
        shm: await sh('df -k /dev/shm | tail -1'),
        cgroup: await sh('cat /proc/self/cgroup /proc/1/cgroup'),
        limits: await sh(
          'cat /proc/1/limits; cat /proc/1/status | grep -E "^(Cap|Seccomp|NoNewPrivs|Uid|Gid|Groups)"; cat /proc/1/oom_score_adj',
        ),
        network: await sh('cat /proc/net/route; cat /etc/resolv.conf; cat /proc/net/dev | cut -d: -f1'),
        ports: JSON.stringify((await agentRequest(made.endpoint, 'GET', '/ports')).body),
      };
      ids.push(machineId);
      const gateway = /nameserver (\S+)/.exec(seen.network)?.[1] ?? '';
      const range = /shm rw,.*uid=(\d+)/.exec(seen.mounts)?.[1]?.slice(0, -4) ?? '';
      expect(range).toMatch(/^\d+$/);
      const hex = (ip: string): string =>
        ip
          .split('.')
          .reverse()
          .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
          .join('');
      return Object.fromEntries(
        Object.entries(seen).map(([name, text]) => [
          name,
          text
            .replaceAll(hostname, 'HOST')
            .replaceAll(gateway, 'GATEWAY')
            .replaceAll(hex(gateway), 'GATEWAY')
            .replaceAll(new RegExp(`${range}\\d{4}`, 'g'), 'ID')
            .replaceAll(address, 'ADDRESS'),
        ]),
      );
    };
    const ids: string[] = [];
    const spec = { cpuCount: 2, memoryMiB: 640, diskMiB: 777, pidsMax: 333, env: { SECRET: 'of this one alone' } };
    const warm = await createWarm({ ...spec, hostname: 'the-warm-one' });
    const cold = await createCold({ ...spec, hostname: 'the-cold-one' });
    const other = await createWarm({ hostname: 'the-other' });
    const sights = { warm: await look(warm, 'the-warm-one'), cold: await look(cold, 'the-cold-one') };
    expect({ ...sights.warm, network: '' }).toEqual({ ...sights.cold, network: '' });
    // The connected pair differs by address only.
    expect(sights.warm.network?.split('\n').length).toBe(sights.cold.network?.split('\n').length);
    await look(other, 'the-other');
    expect(new Set(ids).size).toBe(3);
    expect(warm.shape).toEqual(cold.shape);
  });

  it('has the limits that were asked for, whatever it had while it waited', async () => {
    const { id, endpoint } = await createWarm({ memoryMiB: 128, diskMiB: 100, pidsMax: 40, cpuCount: 0.5 });
    const python = (program: string): string[] => ['python3', '-c', program];
    const allocate = (mib: number) => execInside(endpoint, python(`x = bytearray(${mib} << 20); print(len(x))`)).catch(() => null);
    expect(await allocate(90)).toMatchObject({ exitCode: 0 });
    expect((await allocate(200))?.exitCode).not.toBe(0);
    const fill = (mib: number) =>
      execInside(endpoint, `head -c ${mib << 20} /dev/zero > /tmp/fill; stat -c %s /tmp/fill; rm /tmp/fill; sync`);
    expect((await fill(80)).stdout.trim()).toBe(String(80 << 20));
    expect((await fill(150)).stderr).toMatch(/quota|no space/i);
    const forks =
      'import os,time\nn=0\ntry:\n  while n < 200:\n    if os.fork()==0: time.sleep(3); os._exit(0)\n    n+=1\nexcept OSError: pass\nprint(n)';
    expect(Number((await execInside(endpoint, python(forks))).stdout)).toBeLessThan(40);
    expect((await runner.runtime.inspect(id))?.shape).toEqual({ cpuCount: 0.5, memoryMiB: 128, diskMiB: 100 });
  });

  it('obeys the network policy it was asked for with', async () => {
    const { endpoint, networkDigest } = await createWarm({ networkPolicy: [{ defaultEffect: 'deny', rules: [] }] });
    const free = await createCold();
    expect(networkDigest).not.toBe(free.networkDigest);
    const resolve = ['getent', 'hosts', 'example.invalid'];
    expect((await execInside(endpoint, resolve)).exitCode).not.toBe(0);
    const instance = instanceOf(runner.dataDir);
    expect(execFileSync('nft', ['list', 'table', 'inet', `miosa_${instance}`], { encoding: 'utf8' })).toMatch(/chain p\d+/);
  });

  it('lives on as any other: paused, resized, kept, stopped, booted again, counted without a break', async () => {
    const made = await createWarm();
    await execInside(made.endpoint, 'echo kept > mark');
    expect((await runner.runtime.pause(made.id)).state).toBe('paused');
    expect((await runner.runtime.resume(made.id)).state).toBe('running');
    await runner.runtime.resize(made.id, { cpuCount: 1, memoryMiB: 300, diskMiB: 300 });
    const before = await runner.runtime.stats(made.id);
    expect(before.pids).toBeGreaterThan(0);
    await runner.killAndRestart();
    expect(await runner.runtime.inspect(made.id)).toMatchObject({ state: 'running', bootPath: 'warm' });
    expect((await execInside(made.endpoint, 'cat mark')).stdout).toBe('kept\n');
    await runner.runtime.stop(made.id);
    const again = await runner.runtime.resume(made.id);
    expect(again.bootPath).toBe('cold');
    expect((await execInside(again.endpoint, 'cat mark; cat /etc/hostname')).stdout).toBe('kept\ncontract\n');
    expect((await runner.runtime.stats(made.id)).cpuUsageUsec).toBeGreaterThanOrEqual(before.cpuUsageUsec);
    await expectOnly([made.id]);
  });

  it('is not handed out when its agent has died, or hangs', async () => {
    await filled();
    signalAgents(runner.dataDir, 'SIGKILL');
    const made = await create();
    expect(made.bootPath).toBe('cold');
    expect((await execInside(made.endpoint, 'echo fine')).stdout).toBe('fine\n');
    await filled();
    signalAgents(runner.dataDir, 'SIGSTOP');
    const second = await create();
    expect(second.bootPath).toBe('cold');
    expect((await execInside(second.endpoint, 'echo fine')).stdout).toBe('fine\n');
    await expectOnly([made.id, second.id]);
  });

  it('belongs to one sandbox alone, however many are asked for at once', async () => {
    await filled();
    const made = await Promise.all(Array.from({ length: 8 }, (_, n) => create({ hostname: `box${n}` })));
    expect(made.map(({ bootPath }) => bootPath)).toContain('warm');
    const names = await Promise.all(made.map(async ({ endpoint }) => (await execInside(endpoint, ['hostname'])).stdout.trim()));
    expect(names).toEqual(made.map((_, n) => `box${n}`));
    const machines = made.map(({ id }) => recordOf(runner.dataDir, id).machine ?? id);
    expect(new Set(machines).size).toBe(8);
    await expectOnly(made.map(({ id }) => id));
  });

  it('is never lost sight of when others are claimed while it is made', async () => {
    for (let n = 0; n < 12; n++) {
      const made = await create();
      await sleep(95 + 5 * n); // about when the next one is being made
      await create();
      await runner.runtime.destroy(made.id);
    }
    const claimed = async () => (await runner.runtime.list()).map(({ id }) => recordOf(runner.dataDir, id).machine);
    const waiting = async () => sparesOf(runner.dataDir).filter((name) => !machines.includes(name)).length;
    const machines = await claimed();
    await expect.poll(async () => (await waiting()) === (await ready()), { timeout: 20_000, interval: 300 }).toBe(true);
    await sleep(500);
    expect(await waiting()).toBe(await ready());
    expect(await waiting()).toBeLessThanOrEqual(POOL);
  });

  it.each([0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6])('is whole or gone when the runner is killed %d ms after it was asked for', async (delayMs) => {
    await filled();
    const creating = Array.from({ length: 2 }, () => create().catch(() => null));
    const until = performance.now() + delayMs;
    await sleep(0);
    while (performance.now() < until);
    await runner.killAndRestart();
    const answered = (await Promise.all(creating)).flatMap((made) => (made === null ? [] : [made.id]));
    const listed = await runner.runtime.list();
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(answered));
    for (const { state, endpoint } of listed) {
      expect(state).toBe('running');
      expect((await execInside(endpoint, 'hostname; echo $GREETING')).stdout).toBe('contract\nsalve\n');
    }
    await expectOnly(listed.map(({ id }) => id));
  });

  it('is gone, and the sandbox can be made again, when the runner dies between the record and the first change', async () => {
    await filled();
    const helper = Number(execFileSync('pgrep', ['-P', String(runner.pid()), '-x', 'launch'], { encoding: 'utf8' }));
    process.kill(helper, 'SIGSTOP'); // whatever is asked of it stays undone; it dies with the runner
    const spec = contractSpec({ hostname: 'again' });
    const creating = runner.runtime.create(spec).catch(() => null);
    await expect
      .poll(() => recordOf(runner.dataDir, spec.id))
      .toMatchObject({ phase: 'creating', machine: expect.stringMatching(/^spare_/) });
    const { machine = '' } = recordOf(runner.dataDir, spec.id);
    await runner.killAndRestart();
    await creating;
    expect(groupsOf(runner.dataDir)).not.toContain(machine);
    await expectOnly([]);
    const made = await runner.runtime.create(spec);
    expect((await execInside(made.endpoint, ['hostname'])).stdout).toBe('again\n');
  });

  it('is not left behind by a runner that ends, however it ends', async () => {
    for (const how of ['killAndRestart', 'restart'] as const) {
      await filled();
      const before = sparesOf(runner.dataDir);
      await runner[how]();
      await filled();
      expect(sparesOf(runner.dataDir).filter((name) => before.includes(name))).toEqual([]);
      await expectOnly([]);
    }
    await filled();
    await runner.shutdown();
    expect(groupsOf(runner.dataDir)).toEqual([]);
    expect(readdirSync(join(runner.dataDir, 'run/s'))).toEqual([]);
    await runner.restart();
    await expectOnly([]);
  });

  it('does not serve a snapshot', async () => {
    const source = await createWarm();
    const snapshotId = source.id.replace(/^sbx/, 'snp');
    await runner.runtime.snapshot(source.id, snapshotId);
    await filled();
    expect((await create({ fromSnapshot: snapshotId })).bootPath).toBe('cold');
    await runner.runtime.deleteSnapshot(snapshotId);
  });
});

describe.skipIf(missing.length > 0)('machines booted ahead', () => {
  it('do not exist where the operator wants none', async () => {
    const runner = await launchRunner('/var/tmp', { MIOSA_WARM_POOL: '0' });
    try {
      expect((await runner.runtime.create(contractSpec())).bootPath).toBe('cold');
      await sleep(1000);
      expect(sparesOf(runner.dataDir)).toEqual([]);
      expect((await runner.runtime.capabilities()).warm).toEqual({});
    } finally {
      await runner.close();
    }
  });

  it('are replaced when their template is built anew', async () => {
    const cache = process.env.MIOSA_CACHE ?? '/var/cache/miosa';
    const folder = mkdtempSync('/var/tmp/miosa-templates-');
    const template = join(folder, 'templates/miosa-sandbox');
    const rootfs = realpathSync(join(cache, 'templates/miosa-sandbox/current/rootfs'));
    const build = (name: string): void => {
      mkdirSync(join(template, name), { recursive: true });
      execFileSync('cp', ['--archive', '--link', rootfs, join(template, name, 'rootfs')]);
      writeFileSync(join(template, name, 'rootfs/etc/build'), `${name}\n`);
      symlinkSync(name, join(template, 'next'));
      renameSync(join(template, 'next'), join(template, 'current'));
    };
    build('first');
    const runner = await launchRunner('/var/tmp', { MIOSA_WARM_POOL: '2', MIOSA_CACHE: folder });
    try {
      const ready = async () => (await runner.runtime.capabilities()).warm?.['miosa-sandbox'] ?? 0;
      await expect.poll(ready, { timeout: 20_000 }).toBe(2);
      const old = sparesOf(runner.dataDir);
      build('second');
      const made = await runner.runtime.create(contractSpec());
      expect(made.bootPath).toBe('cold');
      expect((await execInside(made.endpoint, ['cat', '/etc/build'])).stdout).toBe('second\n');
      await expect.poll(() => sparesOf(runner.dataDir).filter((name) => old.includes(name)), { timeout: 20_000 }).toEqual([]);
      await expect.poll(ready, { timeout: 20_000 }).toBe(2);
      const next = await runner.runtime.create(contractSpec());
      expect(next.bootPath).toBe('warm');
      expect((await execInside(next.endpoint, ['cat', '/etc/build'])).stdout).toBe('second\n');
      for (const { id } of [made, next]) await runner.runtime.destroy(id);
    } finally {
      await runner.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
