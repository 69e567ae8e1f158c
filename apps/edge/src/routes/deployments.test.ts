import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@miosa/kernel';
import { describe, expect, it } from 'vitest';
import { createFakeDeploymentStore } from '../testing/fake-deployments.ts';
import type { DeploymentRoute } from './deployment-types.ts';
import { createDeployments } from './deployments.ts';
import { createSnapshotWriter, readSnapshot } from './snapshot.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const setUp = (maxDeployments = 50_000) => {
  const store = createFakeDeploymentStore();
  const state = { now: Date.now() };
  const left: string[] = [];
  const deployments = createDeployments({ store, log, maxDeployments, now: () => state.now, onMachineLeft: (id) => left.push(id) });
  let hear = (_id: string): void => {};
  let gap = (): void => {};
  const follow = () =>
    deployments.follow(async (_channel, onPayload, onGap) => {
      [hear, gap] = [onPayload, onGap];
    }, new AbortController().signal);
  const route = (name: string, fields: Partial<DeploymentRoute> = {}): DeploymentRoute => ({
    ...{ space: 'managed', name, deploymentId: `dep_${name}`, tenantId: 'ten_1', state: 'running', spa: 'auto' },
    ...{ versionId: 'ver_1', kind: 'static', manifestSha256: 'aa', instances: [] },
    ...fields,
  });
  const put = (name: string, fields: Partial<DeploymentRoute> = {}): void => void store.live.set(name, route(name, fields));
  const version = (name: string): string | null | undefined => deployments.peek('managed', name)?.versionId;
  return { store, state, left, deployments, follow, put, version, route, hear: (id: string) => hear(id), gap: () => gap() };
};

const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 100 && !done(); i++) await sleep(20);
};

describe('the memory of deployments', () => {
  it('holds all from the start, and follows what the database tells', async () => {
    const { store, deployments, follow, put, version, hear } = setUp();
    for (const name of ['a.o', 'b.o']) put(name);
    await follow();
    await until(() => deployments.size === 2);
    expect([version('a.o'), version('b.o'), version('c.o')]).toEqual(['ver_1', 'ver_1', undefined]);
    put('a.o', { versionId: 'ver_2' });
    put('c.o');
    for (const id of ['dep_a.o', 'dep_c.o']) hear(id);
    await until(() => version('c.o') !== undefined);
    expect([version('a.o'), version('b.o'), version('c.o')]).toEqual(['ver_2', 'ver_1', 'ver_1']);
    store.live.delete('b.o');
    hear('dep_b.o');
    await until(() => version('b.o') === undefined);
    expect(version('b.o')).toBeUndefined();
  });

  it('reads at most once more for any number of changes during a reading, and ends with the last one', async () => {
    const { store, deployments, follow, put, version, hear } = setUp();
    put('a.o');
    await follow();
    await until(() => deployments.size === 1);
    const before = store.reads;
    for (let i = 2; i <= 50; i++) {
      put('a.o', { versionId: `ver_${i}` });
      hear('dep_a.o');
    }
    await until(() => version('a.o') === 'ver_50');
    expect(version('a.o')).toBe('ver_50');
    expect(store.reads - before).toBeLessThanOrEqual(2);
  });

  it('heals what was lost: after a gap at once, otherwise half a minute later by being used', async () => {
    const { state, deployments, follow, put, version, gap } = setUp();
    put('a.o');
    await follow();
    await until(() => deployments.size === 1);
    put('a.o', { versionId: 'ver_2' });
    gap();
    await until(() => version('a.o') === 'ver_2');
    expect(version('a.o')).toBe('ver_2');
    put('a.o', { versionId: 'ver_3' });
    state.now += 30_001;
    expect(version('a.o')).toBe('ver_2'); // nobody waits
    await until(() => version('a.o') === 'ver_3');
    expect(version('a.o')).toBe('ver_3');
  });

  it('keeps serving while the source is down, and catches up afterwards', async () => {
    const { store, deployments, follow, put, version, hear, route } = setUp();
    put('a.o');
    await follow();
    await until(() => deployments.complete);
    store.down = true;
    put('a.o', { versionId: 'ver_2' });
    hear('dep_a.o');
    await until(() => !deployments.complete);
    expect([version('a.o'), deployments.complete]).toEqual(['ver_1', false]);
    await deployments.refresh('dep_a.o'); // says what it has instead of waiting for the database
    await expect(deployments.find('managed', 'unknown.o')).rejects.toThrow('down');
    store.down = false;
    await until(() => version('a.o') === 'ver_2');
    expect([version('a.o'), deployments.complete]).toEqual(['ver_2', true]);
    expect(await deployments.find('managed', 'a.o')).toEqual(route('a.o', { versionId: 'ver_2' }));
  });

  it('comes up without a database, with what an earlier edge knew', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edge-routes-'));
    const path = join(folder, 'routes.json');
    try {
      const first = setUp();
      first.put('a.o');
      await first.follow();
      await until(() => first.deployments.size === 1);
      const writer = createSnapshotWriter(path, first.deployments, log);
      first.put('a.o', { versionId: 'ver_2' });
      first.hear('dep_a.o');
      await until(() => first.version('a.o') === 'ver_2');
      await writer.write();
      writer.close();
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const second = setUp();
      second.store.down = true;
      second.deployments.restore(await readSnapshot(path, log));
      await second.follow();
      expect(second.version('a.o')).toBe('ver_2');
      second.put('a.o', { versionId: 'ver_3' });
      second.store.down = false;
      await until(() => second.version('a.o') === 'ver_3');
      expect(second.version('a.o')).toBe('ver_3');
      await writeFile(path, '{"format":1,"routes"');
      expect(await readSnapshot(path, log)).toEqual([]);
      expect(await readSnapshot(join(folder, 'absent'), log)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells which machines left a deployment', async () => {
    const { left, deployments, follow, put, hear, version } = setUp();
    const instance = (machineId: string) =>
      ({ id: newId('ins'), state: 'healthy', port: 1, machineId, endpoint: null, machineState: 'running', transition: null }) as const;
    put('a.o', { instances: [instance('sbx_1'), instance('sbx_2')] });
    await follow();
    await until(() => deployments.size === 1);
    put('a.o', { versionId: 'ver_2', instances: [instance('sbx_2'), instance('sbx_3')] });
    hear('dep_a.o');
    await until(() => version('a.o') === 'ver_2');
    expect(left).toEqual(['sbx_1']);
  });

  it('follows a name to its next owner, and back', async () => {
    const { store, deployments, follow, put, hear, route } = setUp();
    put('a.o');
    await follow();
    await until(() => deployments.size === 1);
    store.live.set('a.o', route('a.o', { deploymentId: 'dep_other' }));
    for (const id of ['dep_other', 'dep_a.o']) hear(id);
    await until(() => deployments.peek('managed', 'a.o')?.deploymentId === 'dep_other');
    expect(deployments.peek('managed', 'a.o')?.deploymentId).toBe('dep_other');
  });

  it('stays within its bound, and looks the others up', async () => {
    const { deployments, follow, put } = setUp(10);
    for (let i = 0; i < 20; i++) put(`a${i}.o`);
    await follow();
    await until(() => deployments.size === 10);
    expect([deployments.size, deployments.complete]).toEqual([10, false]);
    expect((await deployments.find('managed', 'a19.o'))?.name).toBe('a19.o');
    expect(deployments.size).toBe(10);
  });
});
