import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeInstance, RuntimePort, RuntimeSpec } from './port.ts';
import { agentRequest, execInside } from './testing/agent-request.ts';

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
export const describeRuntimeContract = (name: string, open: () => Promise<ContractSubject>): void => {
  describe(`runtime contract: ${name}`, () => {
    let subject: ContractSubject;
    let runtime: RuntimePort;
    const made: string[] = [];
    const create = (overrides: Partial<RuntimeSpec> = {}): Promise<RuntimeInstance> => {
      const spec = contractSpec(overrides);
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
      expect((await agentRequest(instance.endpoint, 'GET', '/health')).status).toBe(200);
    });
    it('gives every process the base environment and its true exit code', async () => {
      const { endpoint } = await create();
      expect(await execInside(endpoint, 'echo $GREETING; exit 7')).toMatchObject({ stdout: 'salve\n', exitCode: 7 });
    });
    it('creates one machine however often and however concurrently an id is created', async () => {
      const spec = contractSpec();
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
      const spec = contractSpec();
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
    it.each(['pause', 'resume', 'stop', 'stats'] as const)('answers NOT_FOUND to %s of an unknown id', async (method) => {
      await expect(runtime[method](newId('sbx'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    it('destroys an unknown id without complaint', async () => {
      await runtime.destroy(newId('sbx'));
    });
  });
};
