import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@miosa/kernel';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf } from './config.ts';

const missing = requirements();
if (missing.length > 0) it.skip(`recovery is not tested here: it needs ${missing.join(', ')}`, () => {});

/** Everything on this host that carries the installation's name. */
const traces = (dataDir: string): string[] => {
  const instance = instanceOf(dataDir);
  const cgroups = execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd', '-name', `miosa-${instance}`], {
    encoding: 'utf8',
  });
  return [
    ...cgroups.split('\n').filter((line) => line !== ''),
    ...Object.keys(networkInterfaces()).filter((name) => name.startsWith(`mi${instance}-`)),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(dataDir)),
    ...execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(instance)),
    ...execFileSync('losetup', ['--noheadings', '--output', 'NAME,BACK-FILE'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(dataDir)),
    ...(existsSync(`/run/miosa-${instance}`) ? [`/run/miosa-${instance}`] : []),
  ];
};

const cgroupsOf = (dataDir: string): string[] => {
  for (const parent of [`/sys/fs/cgroup/pids/miosa-${instanceOf(dataDir)}`, `/sys/fs/cgroup/miosa-${instanceOf(dataDir)}`])
    if (existsSync(parent))
      return readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
  return [];
};

describe.skipIf(missing.length > 0)('runner after a crash or a restart', () => {
  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner();
  });
  afterAll(async () => {
    await runner.close();
  });
  const expectOnly = async (ids: readonly string[]): Promise<void> => {
    expect((await runner.runtime.list()).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(cgroupsOf(runner.dataDir).sort()).toEqual([...ids].sort());
    expect(readdirSync(join(runner.dataDir, 'runner/disk')).sort()).toEqual([...ids].sort());
    expect(readdirSync(join(runner.dataDir, 'run/s')).sort()).toEqual(ids.map((id) => `${id}.sock`).sort());
  };

  it.each(['killAndRestart', 'restart'] as const)('keeps running and paused sandboxes over %s', async (how) => {
    const one = await runner.runtime.create(contractSpec());
    const two = await runner.runtime.create(contractSpec());
    await execInside(one.endpoint, 'setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! > pid');
    await runner.runtime.pause(two.id);
    await runner[how]();
    expect((await runner.runtime.inspect(one.id))?.state).toBe('running');
    expect((await runner.runtime.inspect(two.id))?.state).toBe('paused');
    expect((await execInside(one.endpoint, 'kill -0 $(cat pid)')).exitCode).toBe(0);
    expect((await runner.runtime.resume(two.id)).state).toBe('running');
    await runner.runtime.destroy(one.id);
    await runner.runtime.destroy(two.id);
    await expectOnly([]);
  });

  it.each([2, 5, 8, 11, 14, 17, 25, 60])('leaves nothing half-made when killed %i ms into a burst of creates', async (delayMs) => {
    const kept = await runner.runtime.create(contractSpec());
    const creating = Array.from({ length: 4 }, () =>
      runner.runtime.create(contractSpec()).then(
        ({ id }) => id,
        () => null,
      ),
    );
    await sleep(delayMs);
    await runner.killAndRestart();
    const answered = (await Promise.all(creating)).filter((id) => id !== null);
    const listed = await runner.runtime.list();
    // What was answered must be there. A create that was done but not answered may be there, running, for the caller's repeat.
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining([kept.id, ...answered]));
    for (const { state, endpoint } of listed) {
      expect(state).toBe('running');
      expect((await agentRequest(endpoint, 'GET', '/health')).status).toBe(200);
    }
    await expectOnly(listed.map(({ id }) => id));
    for (const { id } of listed) await runner.runtime.destroy(id);
    await expectOnly([]);
  });

  it.each([1, 4, 8, 12])('finishes destroys that were under way when killed %i ms in', async (delayMs) => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await runner.runtime.create(contractSpec())).id);
    const destroying = ids.map((id) => runner.runtime.destroy(id).catch(() => {}));
    await sleep(delayMs);
    await runner.killAndRestart();
    await Promise.all(destroying);
    for (const id of ids) await runner.runtime.destroy(id);
    await expectOnly([]);
  });

  it('ends when its launch helper dies, so that its successor recovers everything', async () => {
    const { id, endpoint } = await runner.runtime.create(contractSpec());
    const helper = Number(execFileSync('pgrep', ['-P', String(runner.pid()), '-x', 'launch'], { encoding: 'utf8' }));
    process.kill(helper, 'SIGKILL');
    while (existsSync(`/proc/${runner.pid()}/exe`)) await sleep(10);
    await runner.restart();
    expect((await runner.runtime.inspect(id))?.state).toBe('running');
    expect((await execInside(endpoint, 'echo alive')).stdout).toBe('alive\n');
    expect((await runner.runtime.create(contractSpec())).state).toBe('running');
    for (const other of await runner.runtime.list()) await runner.runtime.destroy(other.id);
  });

  it('sweeps what belongs to no record', async () => {
    const id = newId('sbx');
    const { id: orphan } = await runner.runtime.create(contractSpec());
    writeFileSync(join(runner.dataDir, 'run/s', `${id}.sock`), '');
    execFileSync('btrfs', ['subvolume', 'create', join(runner.dataDir, 'runner/disk', id)]);
    execFileSync('rm', [join(runner.dataDir, 'runner/sandboxes', `${orphan}.json`)]);
    await runner.killAndRestart();
    await expectOnly([]);
  });

  it('keeps files over a clean stop, and a clean stop leaves no trace on the host', async () => {
    const { id, endpoint } = await runner.runtime.create(contractSpec());
    await execInside(endpoint, 'echo kept > mark');
    await runner.shutdown();
    expect(traces(runner.dataDir)).toEqual([]);
    await runner.restart();
    expect((await runner.runtime.inspect(id))?.state).toBe('stopped');
    const again = await runner.runtime.resume(id);
    expect((await execInside(again.endpoint, 'cat mark')).stdout).toBe('kept\n');
    await runner.runtime.destroy(id);
  });

  it('refuses ids and templates that could leave their folder', async () => {
    const endpoint = { socketPath: join(runner.dataDir, 'run/runner.sock') };
    for (const id of ['..', 'sbx_..%2f..%2f..%2fetc', `sbx_${'a'.repeat(25)}/`, `sbx_${'A'.repeat(26)}`])
      expect((await agentRequest(endpoint, 'DELETE', `/sandboxes/${id}`)).status).toBeGreaterThanOrEqual(404);
    for (const templateId of ['../../etc', '.', 'a/b', ''])
      expect((await agentRequest(endpoint, 'POST', '/sandboxes', { ...contractSpec(), templateId })).status).toBe(422);
  });
});
