import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { client, unique } from '../harness/context.ts';

const miosa = client();
const SUM = 'find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum';

it('keeps files in a snapshot, forks them, and gives them back, byte for byte', async () => {
  await using sandbox = await miosa.sandboxes.create({ env: { GREETING: 'salve' }, externalWorkspaceId: unique('clinic') });
  await sandbox.exec('mkdir -p src && head -c 3000000 /dev/urandom > src/data && ln -s data src/link');
  const { stdout: before } = await sandbox.exec(SUM);
  const snapshot = await sandbox.snapshots.create({ comment: 'before the change' });
  expect(snapshot).toMatchObject({ sandboxId: sandbox.id, state: 'ready', workspaceId: sandbox.workspaceId });
  await sandbox.exec('rm -rf src && echo new > other');

  await using now = await sandbox.fork({ name: 'now' });
  expect(now).toMatchObject({ bootPath: 'fork', parentSandboxId: sandbox.id, snapshotId: null, ready: true });
  expect((await now.exec('ls; echo $GREETING')).stdout).toBe('other\nsalve\n');
  const machineId = 'cat /etc/machine-id; hostname';
  expect((await now.exec(machineId)).stdout).not.toBe((await sandbox.exec(machineId)).stdout);

  await using then = await sandbox.restore(snapshot.id);
  expect(then).toMatchObject({ bootPath: 'snapshot', snapshotId: snapshot.id, ready: true });
  expect((await then.exec(SUM)).stdout).toBe(before);
  await using made = await miosa.sandboxes.create({ snapshotId: snapshot.id });
  expect(made.workspaceId).toBe(sandbox.workspaceId);
  expect((await made.exec(SUM)).stdout).toBe(before);

  await sandbox.pause();
  const back = await sandbox.restore(snapshot.id, { mode: 'in_place' });
  expect(back).toMatchObject({ id: sandbox.id, slug: sandbox.slug, state: 'running' });
  expect((await back.exec(SUM)).stdout).toBe(before);

  expect((await sandbox.snapshots.list().all()).map(({ id }) => id)).toEqual([snapshot.id]);
  await sandbox.destroy();
  await using after = await miosa.sandboxes.restore(sandbox.id, snapshot.id);
  expect((await after.exec(SUM)).stdout).toBe(before);
  await miosa.sandboxes.snapshots.delete(sandbox.id, snapshot.id);
  await expect(miosa.sandboxes.restore(sandbox.id, snapshot.id)).rejects.toMatchObject({ status: 410 });
  expect((await after.exec(SUM)).stdout).toBe(before);
});

it('prints how long snapshot, fork and restore of 200 MiB take through the API', async () => {
  await using sandbox = await miosa.sandboxes.create();
  await sandbox.exec('for i in $(seq 20); do head -c 10485760 /dev/urandom > f$i; done; sync');
  const times: Record<'snapshot' | 'fork' | 'restore', number[]> = { snapshot: [], fork: [], restore: [] };
  const timed = async <T>(name: keyof typeof times, act: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await act();
    times[name].push(performance.now() - start);
    return result;
  };
  for (let round = 0; round < 7; round++) {
    const snapshot = await timed('snapshot', () => sandbox.snapshots.create());
    await (await timed('fork', () => sandbox.fork())).destroy();
    await timed('restore', () => sandbox.restore(snapshot.id, { mode: 'in_place' }));
    await sandbox.snapshots.delete(snapshot.id);
  }
  for (const [name, values] of Object.entries(times)) {
    const sorted = values.toSorted((a, b) => a - b).map((ms) => ms.toFixed(0));
    console.log(`${name} of 200 MiB: p50 ${sorted[3]} ms, slowest ${sorted.at(-1)} ms`);
  }
});
