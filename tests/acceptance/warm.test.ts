import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox, SandboxCreate } from '@miosa/sdk';
import { expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();

/** Creates, with rests in which the host may boot ahead, until one started that way; destroys the others. */
const createWarm = async (input: SandboxCreate = {}): Promise<Sandbox> => {
  for (let attempt = 0; attempt < 30; attempt++) {
    const sandbox = await miosa.sandboxes.create(input);
    if (sandbox.bootPath === 'warm') return sandbox;
    await sandbox.destroy();
    await sleep(500);
  }
  throw new Error('no sandbox started from a machine that was booted ahead');
};
const read = async (sandbox: Sandbox, path: string): Promise<string> => (await sandbox.exec(['cat', path])).stdout;

it('starts from a machine that was booted ahead, says so, and has everything of its own all the same', async () => {
  await using one = await createWarm({ env: { OF_ONE: 'one' }, size: 'xs' });
  await using two = await createWarm({ env: { OF_TWO: 'two' }, size: 'medium' });
  const ids = await Promise.all([one, two].map((sandbox) => read(sandbox, '/etc/machine-id')));
  expect(new Set(ids).size).toBe(2);
  for (const sandbox of [one, two]) {
    expect(sandbox).toMatchObject({ state: 'running', bootPath: 'warm' });
    expect((await sandbox.exec('hostname; cat /etc/hostname')).stdout).toBe(`${sandbox.slug}\n${sandbox.slug}\n`);
    expect((await sandbox.exec('find /workspace /tmp -mindepth 1')).stdout).toBe('');
  }
  const seen = await Promise.all([one, two].map(async (sandbox) => (await sandbox.exec('env | grep ^OF_')).stdout));
  expect(seen).toEqual(['OF_ONE=one\n', 'OF_TWO=two\n']);
  const hog = 'python3 -c "x = bytearray(3 << 30)"';
  expect((await one.exec(hog)).exitCode).not.toBe(0);
  expect((await two.exec(hog)).exitCode).toBe(0);
  expect((await one.usage()).activeCpuMs).not.toBeNull();
}, 120_000);

it('says what else a sandbox started from', async () => {
  await using source = await createWarm();
  await source.files.write('kept.txt', 'kept');
  const snapshot = await source.snapshots.create();
  await using copy = await miosa.sandboxes.create({ snapshotId: snapshot.id });
  expect(copy.bootPath).toBe('snapshot');
  expect(await copy.files.readText('kept.txt')).toBe('kept');
}, 120_000);
