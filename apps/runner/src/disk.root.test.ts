import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contractSpec } from '@miosa/runtime/contract';
import { execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const missing = requirements();
if (missing.length > 0) it.skip(`the disk image is not tested here: it needs ${missing.join(', ')}`, () => {});

describe.skipIf(missing.length > 0)('the disk image', () => {
  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner();
  });
  afterAll(() => runner?.close());

  const image = (): string => join(runner.dataDir, 'runner/disk.btrfs');
  const devices = (): string[] =>
    execFileSync('losetup', ['--noheadings', '--output', 'NAME', '--associated', image()], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  /** As a process of a sandbox that takes its time to end: a mount namespace in which the file system is still there. */
  const hold = async (): Promise<ChildProcess> => {
    const holder = spawn('unshare', ['--mount', 'sleep', '1000'], { stdio: 'ignore' });
    const holds = (): boolean => {
      try {
        return readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n';
      } catch {
        return false;
      }
    };
    while (!holds()) await sleep(10);
    return holder;
  };
  const release = async (holder: ChildProcess): Promise<void> => {
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
  };

  it('held by somebody at a clean stop is said to be, and the next runner uses the same device: never two of one file system', async () => {
    const { id, endpoint } = await runner.runtime.create(contractSpec());
    await execInside(endpoint, 'seq 1 200000 > kept; sha256sum kept > sum');
    const holder = await hold();
    const before = devices();
    await expect(runner.shutdown()).rejects.toThrow('shutdown answered 500');
    await runner.killAndRestart();
    expect([before.length, devices()]).toEqual([1, before]);
    const again = await runner.runtime.resume(id);
    expect((await execInside(again.endpoint, 'sha256sum -c sum && echo more > later')).exitCode).toBe(0);
    await release(holder);
    await runner.shutdown();
    expect(devices()).toEqual([]);
    execFileSync('btrfs', ['check', '--readonly', image()], { stdio: 'ignore' });
    await runner.killAndRestart();
    expect((await execInside((await runner.runtime.resume(id)).endpoint, 'sha256sum -c sum && cat later')).exitCode).toBe(0);
    await runner.runtime.destroy(id);
  });
});
