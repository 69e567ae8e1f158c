import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@miosa/kernel';
import type { AgentEndpoint, RuntimeInstance } from '@miosa/runtime';
import { contractSpec } from '@miosa/runtime/contract';
import { execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const missing = requirements();
if (missing.length > 0) it.skip(`snapshots are not tested here: they need ${missing.join(', ')}`, () => {});

/** Names, modes, times, links and bytes of everything in the workspace, in one line. */
const FINGERPRINT =
  'cd /workspace && { find . -printf "%P %M %U %G %l %T@\\n" | sort; find . -type f -print0 | sort -z | xargs -0 -r sha256sum; } | sha256sum';

describe.skipIf(missing.length > 0)('snapshots on the real host', () => {
  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner();
  });
  afterAll(async () => {
    await runner?.close();
  });
  const run = async (endpoint: AgentEndpoint, command: string): Promise<string> => {
    const { stdout, stderr, exitCode } = await execInside(endpoint, command);
    expect(exitCode, stderr).toBe(0);
    return stdout.trim();
  };
  const create = (over: object = {}): Promise<RuntimeInstance> => runner.runtime.create(contractSpec(over));
  const volumes = (): string[] => readdirSync(join(runner.dataDir, 'runner/disk')).sort();
  const clean = async (): Promise<void> => {
    for (const { id } of await runner.runtime.list()) await runner.runtime.destroy(id);
    for (const { id } of await runner.runtime.listSnapshots()) await runner.runtime.deleteSnapshot(id);
    expect(volumes()).toEqual([]);
  };

  it('files are the same byte for byte over twenty cycles of snapshot, fork, restore, pause and boot', async () => {
    const source = await create();
    await run(
      source.endpoint,
      `cd /workspace && mkdir -p a/b && head -c 3000000 /dev/urandom > a/random && printf x > a/b/.hidden && ln -s ../random a/b/link && ln a/random a/hard && chmod 4711 a/b/.hidden && truncate -s 5M sparse && mkdir empty && printf 'ü' > 'name with ü and space'`,
    );
    let current = source;
    for (let cycle = 0; cycle < 20; cycle++) {
      await run(current.endpoint, `cd /workspace && echo ${cycle} >> log && head -c 100000 /dev/urandom > part${cycle % 3}`);
      const before = await run(current.endpoint, FINGERPRINT);
      if (cycle % 3 === 1) await runner.runtime.pause(current.id);
      const snapshotId = newId('snp');
      await runner.runtime.snapshot(current.id, snapshotId);
      await runner.runtime.resume(current.id);
      await run(current.endpoint, 'rm -rf /workspace/a /workspace/part*; echo changed > /workspace/log');
      const fork = await create({ fromSnapshot: snapshotId });
      expect(await run(fork.endpoint, FINGERPRINT)).toBe(before);
      await runner.runtime.restore(current.id, snapshotId);
      const restored = await runner.runtime.resume(current.id);
      expect(await run(restored.endpoint, FINGERPRINT)).toBe(before);
      await runner.runtime.destroy(cycle % 2 === 0 ? current.id : fork.id);
      current = cycle % 2 === 0 ? fork : restored;
      await runner.runtime.deleteSnapshot(snapshotId);
      expect(await run(current.endpoint, FINGERPRINT)).toBe(before);
    }
    await clean();
  });

  it('what is written until a moment before the snapshot is in it, without a sync inside', async () => {
    const { id, endpoint } = await create();
    const sum = await run(endpoint, 'head -c 20000000 /dev/urandom > big; sha256sum < big');
    const snapshotId = newId('snp');
    await runner.runtime.snapshot(id, snapshotId);
    const fork = await create({ fromSnapshot: snapshotId });
    expect(await run(fork.endpoint, 'sha256sum < big')).toBe(sum);
    await clean();
  });

  it('a fork has a hostname and a machine id of its own, stable over boots', async () => {
    const source = await create({ hostname: 'source' });
    const snapshotId = newId('snp');
    await runner.runtime.snapshot(source.id, snapshotId);
    const fork = await create({ fromSnapshot: snapshotId, hostname: 'fork' });
    const who = (endpoint: AgentEndpoint) => run(endpoint, 'cat /etc/machine-id; hostname');
    const [one, two] = [await who(source.endpoint), await who(fork.endpoint)];
    expect(one).toMatch(/^[0-9a-f]{32}\nsource$/);
    expect(two).toMatch(/^[0-9a-f]{32}\nfork$/);
    expect(one.slice(0, 32)).not.toBe(two.slice(0, 32));
    await runner.runtime.stop(fork.id);
    expect(await who((await runner.runtime.resume(fork.id)).endpoint)).toBe(two);
    await clean();
  });

  it('a fork and a restored sandbox cannot write past the limit of their own disk, root inside included', async () => {
    const source = await create({ diskMiB: 64 });
    await run(source.endpoint, 'head -c 20000000 /dev/urandom > kept');
    const snapshotId = newId('snp');
    await runner.runtime.snapshot(source.id, snapshotId);
    const fork = await create({ fromSnapshot: snapshotId, diskMiB: 96 });
    await runner.runtime.restore(source.id, snapshotId);
    const restored = await runner.runtime.resume(source.id);
    for (const [endpoint, mib] of [
      [fork.endpoint, 96],
      [restored.endpoint, 64],
    ] as const) {
      const { stdout } = await execInside(
        endpoint,
        'head -c 200000000 /dev/urandom > more; sync; du -sb --total kept more | tail -1 | cut -f1',
      );
      expect(Number(stdout)).toBeLessThanOrEqual(mib * 2 ** 20);
      expect(Number(stdout)).toBeGreaterThan(mib * 2 ** 19);
    }
    // A sandbox that is full can still be kept.
    await runner.runtime.snapshot(fork.id, newId('snp'));
    await clean();
  });

  it.each([1, 2, 4, 7, 12, 20])('killed %i ms into snapshots, nothing stays frozen and no half snapshot is listed', async (delayMs) => {
    const { id, endpoint } = await create();
    await run(endpoint, 'head -c 5000000 /dev/urandom > big');
    const ids = [newId('snp'), newId('snp'), newId('snp')];
    const taking = ids.map((snapshotId) => runner.runtime.snapshot(id, snapshotId).catch(() => null));
    await sleep(delayMs);
    await runner.killAndRestart();
    const answered = (await Promise.all(taking)).flatMap((made) => (made === null ? [] : [made.id]));
    expect((await runner.runtime.inspect(id))?.state).toBe('running');
    const sum = await run(endpoint, 'sha256sum < big');
    const listed = (await runner.runtime.listSnapshots()).map((snapshot) => snapshot.id);
    expect(listed).toEqual(expect.arrayContaining(answered));
    expect(volumes()).toEqual([id, ...listed].sort());
    for (const snapshotId of ids) await runner.runtime.snapshot(id, snapshotId);
    for (const snapshotId of ids) {
      const fork = await create({ fromSnapshot: snapshotId });
      expect(await run(fork.endpoint, 'sha256sum < big')).toBe(sum);
      await runner.runtime.destroy(fork.id);
    }
    await clean();
  });

  it.each([1, 3, 6, 10, 15, 22, 30])('killed %i ms into a restore, the files are the old ones or the new ones, whole', async (delayMs) => {
    const { id, endpoint } = await create();
    const old = await run(endpoint, 'head -c 2000000 /dev/urandom > big; cat big | sha256sum');
    const snapshotId = newId('snp');
    await runner.runtime.snapshot(id, snapshotId);
    const later = await run(endpoint, 'head -c 2000000 /dev/urandom > big; sync; cat big | sha256sum');
    const restoring = runner.runtime.restore(id, snapshotId).catch(() => null);
    await sleep(delayMs);
    await runner.killAndRestart();
    await restoring;
    expect(volumes()).toEqual([id, snapshotId].sort());
    expect([old, later]).toContain(await run((await runner.runtime.resume(id)).endpoint, 'cat big | sha256sum'));
    await runner.runtime.restore(id, snapshotId);
    expect(await run((await runner.runtime.resume(id)).endpoint, 'cat big | sha256sum')).toBe(old);
    await clean();
  });

  it('snapshots stay over a clean stop of the host; one whose files are gone is forgotten', async () => {
    const { id, endpoint } = await create();
    await run(endpoint, 'echo kept > mark');
    const [kept, lost] = [newId('snp'), newId('snp')];
    await runner.runtime.snapshot(id, kept);
    await runner.runtime.snapshot(id, lost);
    await runner.runtime.destroy(id);
    execFileSync('btrfs', ['subvolume', 'delete', join(runner.dataDir, 'runner/disk', lost)]);
    await runner.shutdown();
    await runner.restart();
    expect((await runner.runtime.listSnapshots()).map((snapshot) => snapshot.id)).toEqual([kept]);
    expect(await run((await create({ fromSnapshot: kept })).endpoint, 'cat mark')).toBe('kept');
    await clean();
  });

  it('prints how long they take with a workspace of 200 MiB', async () => {
    const { id, endpoint } = await create({ diskMiB: 1024, memoryMiB: 1024 });
    await run(endpoint, 'for i in $(seq 20); do head -c 10485760 /dev/urandom > f$i; done; sync');
    const timed = async (act: () => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      await act();
      return performance.now() - start;
    };
    const times: Record<string, number[]> = { snapshot: [], dirty: [], fork: [], restore: [], delete: [] };
    for (let round = 0; round < 10; round++) {
      const snapshotId = newId('snp');
      times.snapshot?.push(await timed(() => runner.runtime.snapshot(id, snapshotId)));
      let fork = '';
      times.fork?.push(await timed(async () => ({ id: fork } = await create({ fromSnapshot: snapshotId, diskMiB: 1024 }))));
      times.restore?.push(await timed(() => runner.runtime.restore(id, snapshotId).then(() => runner.runtime.resume(id))));
      await runner.runtime.destroy(fork);
      await run(endpoint, 'head -c 20971520 /dev/urandom > f1');
      const dirty = newId('snp');
      times.dirty?.push(await timed(() => runner.runtime.snapshot(id, dirty)));
      times.delete?.push(await timed(() => runner.runtime.deleteSnapshot(snapshotId)));
    }
    const p = (values: number[], q: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * q)]?.toFixed(1);
    for (const [name, values] of Object.entries(times))
      console.log(`${name} of 200 MiB: p50 ${p(values, 0.5)} ms, p90 ${p(values, 0.9)} ms`);
    await clean();
  });
});
