import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { networkDigest, newId, parseNetworkPolicy } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Isolation, RuntimeInstance, RuntimePort, RuntimeSpec } from './port.ts';
import { agentBytes, agentRequest, execInside } from './testing/agent-request.ts';

export interface ContractSubject {
  readonly runtime: RuntimePort;
  /** Makes the machine's init die behind the driver's back. */
  lose(instance: RuntimeInstance): Promise<void>;
  close(): Promise<void>;
}

export const contractSpec = (overrides: Partial<RuntimeSpec> = {}): RuntimeSpec => ({
  id: newId('sbx'),
  templateId: 'miosa-sandbox',
  hostname: 'contract',
  cpuCount: 1,
  memoryMiB: 256,
  diskMiB: 256,
  pidsMax: 256,
  env: { GREETING: 'salve' },
  ...overrides,
});

/** A frozen machine does not answer; one that runs does within a fraction of this. */
const FROZEN_PROBE_MS = 300;

/** What every driver of `RuntimePort` guarantees. */
export const describeRuntimeContract = (name: string, open: () => Promise<ContractSubject>, isolation?: Isolation): void => {
  describe(`runtime contract: ${name}`, () => {
    let subject: ContractSubject;
    let runtime: RuntimePort;
    const asked = isolation === undefined ? {} : { isolation };
    const made: string[] = [];
    const kept: string[] = [];
    const keep = async (id: string): Promise<string> => {
      const snapshotId = newId('snp');
      kept.push(snapshotId);
      expect(await runtime.snapshot(id, snapshotId)).toMatchObject({ id: snapshotId, sandboxId: id });
      return snapshotId;
    };
    const create = (overrides: Partial<RuntimeSpec> = {}): Promise<RuntimeInstance> => {
      const spec = contractSpec({ ...asked, ...overrides });
      made.push(spec.id);
      return runtime.create(spec);
    };
    const isAnswering = (instance: RuntimeInstance): Promise<boolean> =>
      agentRequest(instance.endpoint, 'GET', '/health', undefined, FROZEN_PROBE_MS).then(
        () => true,
        () => false,
      );
    beforeAll(async () => {
      subject = await open();
      runtime = subject.runtime;
    });
    afterAll(async () => {
      for (const id of made) await runtime.destroy(id);
      for (const id of kept) await runtime.deleteSnapshot(id);
      expect(await runtime.listSnapshots()).toEqual([]);
      expect(await runtime.list()).toEqual([]);
      await subject.close();
    });

    it('names a template that it can create from', async () => {
      const { templates } = await runtime.capabilities();
      expect(templates).toContain('miosa-sandbox');
    });
    it('resolves create when the agent answers', async () => {
      const instance = await create();
      expect(instance.state).toBe('running');
      expect(instance.isolation).toBe(isolation ?? 'container');
      expect((await agentRequest(instance.endpoint, 'GET', '/health')).status).toBe(200);
    });
    it('gives every process the base environment and its true exit code', async () => {
      const { endpoint } = await create();
      expect(await execInside(endpoint, 'echo $GREETING; exit 7')).toMatchObject({ stdout: 'salve\n', exitCode: 7 });
    });
    it('lists the files below a folder by their hashes, and gives out those that are named', async () => {
      const { endpoint } = await create();
      const long = `site/${'deeper/'.repeat(20)}end`;
      await execInside(
        endpoint,
        `mkdir -p ${dirname(long)} site/x; printf hello > site/a; printf no > site/x/y.log; ln -s ../a site/x/again; : > ${long}`,
      );
      const listed = await agentRequest(endpoint, 'POST', '/files/manifest', { path: 'site', exclude: ['*.log'] });
      const sha256 = createHash('sha256').update('hello').digest('hex');
      const hello = { sizeBytes: 5, mode: '0644', sha256 };
      expect(listed).toMatchObject({
        status: 200,
        body: {
          root: '/workspace/site',
          files: [{ path: 'a', ...hello }, { sizeBytes: 0 }, { path: 'x/again', ...hello }],
          totalBytes: 10,
          skipped: 0,
        },
      });
      const tar = await agentBytes(endpoint, '/files/pack', { path: 'site', files: ['x/again', long.slice(5)] });
      const untar = (...how: string[]): string => spawnSync('tar', [...how, '-f', '-'], { input: tar }).stdout.toString();
      expect([untar('-t'), untar('-xO')]).toEqual([`x/again\n${long.slice(5)}\n`, 'hello']);
      await execInside(endpoint, 'ln -s /etc site/out');
      const refused = await agentRequest(endpoint, 'POST', '/files/manifest', { path: 'site' });
      expect(refused).toMatchObject({
        status: 422,
        body: { code: 'VALIDATION_ERROR', message: expect.stringContaining('out is a link that leads out') },
      });
      expect(await agentRequest(endpoint, 'POST', '/files/manifest', { path: 'none' })).toMatchObject({
        status: 404,
        body: { code: 'NOT_FOUND' },
      });
    });
    it('creates one machine however often and however concurrently an id is created', async () => {
      const spec = contractSpec(asked);
      made.push(spec.id);
      const [first, second] = await Promise.all([runtime.create(spec), runtime.create(spec)]);
      await execInside(first.endpoint, 'echo kept > mark');
      expect(second).toEqual(first);
      const third = await runtime.create(spec);
      expect((await execInside(third.endpoint, 'cat mark')).stdout).toBe('kept\n');
    });
    it('refuses an unknown template and keeps nothing of the attempt', async () => {
      const id = newId('sbx');
      await expect(create({ id, templateId: 'no-such-template' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await runtime.inspect(id)).toBeNull();
    });
    it('freezes on pause and goes on where it was on resume', async () => {
      const instance = await create();
      await execInside(instance.endpoint, 'echo before > mark');
      expect((await runtime.pause(instance.id)).state).toBe('paused');
      expect((await runtime.pause(instance.id)).state).toBe('paused');
      expect(await isAnswering(instance)).toBe(false);
      expect((await runtime.inspect(instance.id))?.state).toBe('paused');
      expect((await runtime.resume(instance.id)).state).toBe('running');
      expect((await execInside(instance.endpoint, 'cat mark')).stdout).toBe('before\n');
    });
    it('obeys the network policy it was given last, in any state, and over stop', async () => {
      const deny = parseNetworkPolicy('policy', { default_effect: 'deny', rules: [{ effect: 'allow', destination: '2001:db8::/32' }] });
      const other = parseNetworkPolicy('policy', { default_effect: 'deny', rules: [{ effect: 'allow', destination: 'api.example.com' }] });
      const digest = async (): Promise<string> => (await runtime.inspect(id))?.networkDigest ?? '';
      const { id } = await create({ networkPolicy: [deny] });
      expect(await digest()).toBe(networkDigest([deny]));
      await runtime.pause(id);
      await runtime.setNetworkPolicy(id, [deny, other]);
      await runtime.resume(id);
      expect(await digest()).toBe(networkDigest([deny, other]));
      await runtime.stop(id);
      await runtime.setNetworkPolicy(id, [other]);
      await runtime.resume(id);
      expect(await digest()).toBe(networkDigest([other]));
      await runtime.setNetworkPolicy(id, []);
      expect(await digest()).toBe('');
      expect(await runtime.blockedTraffic(id, new Date(0))).toEqual([]);
      await expect(runtime.setNetworkPolicy(newId('sbx'), [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(runtime.blockedTraffic(newId('sbx'), new Date(0))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    it('takes secrets in any state, says which it has, and what to trust', async () => {
      const { id } = await create();
      const secret = { placeholder: `miosa-secret-${'0'.repeat(32)}`, value: 'true-value', hosts: ['api.example.com', '*.example.org'] };
      const given = { version: 'first', seed: 'A'.repeat(43), secrets: [secret] };
      const version = async (): Promise<string> => (await runtime.inspect(id))?.secretsVersion ?? '';
      expect(await version()).toBe('');
      expect((await runtime.setSecrets(id, given)).trust).toContain('BEGIN CERTIFICATE');
      expect(await version()).toBe('first');
      await runtime.pause(id);
      await runtime.setSecrets(id, { ...given, version: 'second' });
      await runtime.resume(id);
      await runtime.stop(id);
      expect(await version()).toBe('second');
      await runtime.resume(id);
      expect(await runtime.setSecrets(id, { ...given, version: '', secrets: [] })).toEqual({ trust: null });
      expect(await version()).toBe('');
      await expect(runtime.setSecrets(newId('sbx'), given)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    it('keeps files over stop and boots again on resume', async () => {
      const instance = await create();
      await execInside(instance.endpoint, 'echo kept > mark');
      expect((await runtime.stop(instance.id)).state).toBe('stopped');
      expect((await runtime.stop(instance.id)).state).toBe('stopped');
      expect((await runtime.pause(instance.id)).state).toBe('stopped');
      expect(await isAnswering(instance)).toBe(false);
      const again = await runtime.resume(instance.id);
      expect(again.state).toBe('running');
      expect((await execInside(again.endpoint, 'cat mark; echo $GREETING')).stdout).toBe('kept\nsalve\n');
    });
    it('stops a paused machine', async () => {
      const { id } = await create();
      await runtime.pause(id);
      expect((await runtime.stop(id)).state).toBe('stopped');
    });
    it('reports a machine whose init died as lost, and boots it again with its files', async () => {
      const instance = await create();
      await execInside(instance.endpoint, 'echo kept > mark');
      await subject.lose(instance);
      expect((await runtime.inspect(instance.id))?.state).toBe('lost');
      expect((await runtime.list()).find(({ id }) => id === instance.id)?.state).toBe('lost');
      const again = await runtime.resume(instance.id);
      expect((await execInside(again.endpoint, 'cat mark')).stdout).toBe('kept\n');
    });
    it.each(['running', 'paused', 'stopped', 'lost'] as const)('destroys a %s machine and forgets it', async (state) => {
      const instance = await create();
      if (state === 'paused') await runtime.pause(instance.id);
      if (state === 'stopped') await runtime.stop(instance.id);
      if (state === 'lost') await subject.lose(instance);
      await runtime.destroy(instance.id);
      await runtime.destroy(instance.id);
      expect(await runtime.inspect(instance.id)).toBeNull();
      expect((await runtime.list()).map(({ id }) => id)).not.toContain(instance.id);
      expect(await isAnswering(instance)).toBe(false);
    });
    it('ends with nothing when destroy overtakes create', async () => {
      const spec = contractSpec(asked);
      const creating = runtime.create(spec).catch(() => null);
      await runtime.destroy(spec.id);
      await creating;
      await runtime.destroy(spec.id);
      expect(await runtime.inspect(spec.id)).toBeNull();
    });
    it('counts what a machine uses', async () => {
      const { id } = await create();
      const stats = await runtime.stats(id);
      expect(stats.pids).toBeGreaterThan(0);
      expect(stats.memoryBytes).toBeGreaterThan(0);
    });
    it('counts what a machine uses over its whole life: nothing of it goes back with a stop, a loss or a boot', async () => {
      const instance = await create();
      const { id } = instance;
      const burn = 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done';
      let last = await runtime.stats(id);
      const expectMore = async (): Promise<void> => {
        const now = await runtime.stats(id);
        for (const name of ['cpuUsageUsec', 'networkRxBytes', 'networkTxBytes'] as const)
          expect(now[name]).toBeGreaterThanOrEqual(last[name]);
        last = now;
      };
      await execInside(instance.endpoint, burn);
      await expectMore();
      await runtime.stop(id);
      await expectMore();
      await execInside((await runtime.resume(id)).endpoint, burn);
      await expectMore();
      await subject.lose(instance);
      await expectMore();
      await runtime.resume(id);
      await expectMore();
      expect((await runtime.counters()).map((counted) => counted.id)).toContain(id);
      const samples = await runtime.samples(id, new Date(0));
      expect(samples.every(({ at }, n) => at >= (samples[n - 1]?.at ?? 0))).toBe(true);
    });
    it.each(['running', 'paused', 'stopped', 'lost'] as const)('gives a %s machine other limits, for all its boots', async (state) => {
      const instance = await create();
      if (state === 'paused') await runtime.pause(instance.id);
      if (state === 'stopped') await runtime.stop(instance.id);
      if (state === 'lost') await subject.lose(instance);
      const shape = { cpuCount: 2, memoryMiB: 512, diskMiB: 300 };
      expect(await runtime.resize(instance.id, shape)).toMatchObject({ state, shape });
      expect(await runtime.resize(instance.id, shape)).toMatchObject({ state, shape });
      const { endpoint } = await runtime.resume(instance.id);
      expect((await execInside(endpoint, 'echo fine')).stdout).toBe('fine\n');
      await runtime.stop(instance.id);
      await runtime.resume(instance.id);
      expect((await runtime.list()).find(({ id }) => id === instance.id)?.shape).toEqual(shape);
      expect((await runtime.resize(instance.id, { cpuCount: 1, memoryMiB: 256, diskMiB: 256 })).shape.memoryMiB).toBe(256);
    });
    it('refuses less disk than is in use, and changes nothing', async () => {
      const { id, endpoint } = await create();
      await execInside(endpoint, 'head -c 67108864 /dev/urandom > big');
      const small = { cpuCount: 2, memoryMiB: 128, diskMiB: 32 };
      await expect(runtime.resize(id, small)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'disk' } });
      expect((await runtime.inspect(id))?.shape).toEqual({ cpuCount: 1, memoryMiB: 256, diskMiB: 256 });
      await execInside(endpoint, 'rm big');
      expect((await runtime.resize(id, { ...small, diskMiB: 64 })).shape.diskMiB).toBe(64);
      await expect(runtime.resize(newId('sbx'), small)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    it.each(['running', 'paused', 'stopped'] as const)('keeps the files of a %s machine, which goes on as it was', async (state) => {
      const instance = await create();
      await execInside(instance.endpoint, 'echo kept > mark; ln -s mark link');
      if (state === 'paused') await runtime.pause(instance.id);
      if (state === 'stopped') await runtime.stop(instance.id);
      const snapshotId = await keep(instance.id);
      expect((await runtime.inspect(instance.id))?.state).toBe(state);
      const { endpoint } = await runtime.resume(instance.id);
      expect((await execInside(endpoint, 'cat link; echo changed > mark')).stdout).toBe('kept\n');
      const copy = await create({ fromSnapshot: snapshotId, hostname: 'copy' });
      expect((await execInside(copy.endpoint, 'cat link; echo mine > mark')).stdout).toBe('kept\n');
      expect((await execInside(endpoint, 'cat mark')).stdout).toBe('changed\n');
      await runtime.destroy(instance.id);
      const second = await create({ fromSnapshot: snapshotId });
      expect((await execInside(second.endpoint, 'cat mark')).stdout).toBe('kept\n');
      await runtime.deleteSnapshot(snapshotId);
      expect((await execInside(copy.endpoint, 'cat mark')).stdout).toBe('mine\n');
    });
    it('makes one snapshot however often and however concurrently its id is given', async () => {
      const { id, endpoint } = await create();
      await execInside(endpoint, 'echo first > mark');
      const snapshotId = newId('snp');
      kept.push(snapshotId);
      const [one, two] = await Promise.all([runtime.snapshot(id, snapshotId), runtime.snapshot(id, snapshotId)]);
      expect(two).toEqual(one);
      await execInside(endpoint, 'echo later > mark');
      expect(await runtime.snapshot(id, snapshotId)).toEqual(one);
      const copy = await create({ fromSnapshot: snapshotId });
      expect((await execInside(copy.endpoint, 'cat mark')).stdout).toBe('first\n');
      expect((await runtime.listSnapshots()).filter((snapshot) => snapshot.id === snapshotId)).toEqual([one]);
    });
    it.each(['running', 'paused', 'stopped', 'lost'] as const)(
      'gives a %s machine the files of a snapshot back, however often',
      async (state) => {
        const instance = await create();
        await execInside(instance.endpoint, 'echo kept > mark');
        const snapshotId = await keep(instance.id);
        await execInside(instance.endpoint, 'echo changed > mark; echo new > other');
        if (state === 'paused') await runtime.pause(instance.id);
        if (state === 'stopped') await runtime.stop(instance.id);
        if (state === 'lost') await subject.lose(instance);
        expect((await runtime.restore(instance.id, snapshotId)).state).toBe('stopped');
        expect((await runtime.restore(instance.id, snapshotId)).state).toBe('stopped');
        const { endpoint } = await runtime.resume(instance.id);
        expect(await execInside(endpoint, 'cat mark; test -e other')).toMatchObject({ stdout: 'kept\n', exitCode: 1 });
      },
    );
    it('answers NOT_FOUND to what needs an unknown snapshot, changes nothing, and deletes one without complaint', async () => {
      const { id, endpoint } = await create();
      await execInside(endpoint, 'echo kept > mark');
      const unknown = newId('snp');
      const copy = newId('sbx');
      await expect(create({ id: copy, fromSnapshot: unknown })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await runtime.inspect(copy)).toBeNull();
      await expect(runtime.restore(id, unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(runtime.snapshot(newId('sbx'), unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await execInside(endpoint, 'cat mark')).stdout).toBe('kept\n');
      await runtime.deleteSnapshot(unknown);
      expect((await runtime.listSnapshots()).map((snapshot) => snapshot.id)).not.toContain(unknown);
    });
    it.each(['pause', 'resume', 'stop', 'stats'] as const)('answers NOT_FOUND to %s of an unknown id', async (method) => {
      await expect(runtime[method](newId('sbx'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    it('destroys an unknown id without complaint', async () => {
      await runtime.destroy(newId('sbx'));
    });
  });
};
