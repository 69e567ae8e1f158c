import type { RuntimePort } from '@miosa/runtime';
import { createFakeRuntime, type FakeRuntime } from '@miosa/runtime/fake';

type Call = 'create' | 'pause' | 'resume' | 'destroy' | 'list' | 'snapshot' | 'restore' | 'deleteSnapshot' | 'resize' | 'stop';

/** The fake runtime, with its calls counted, failing or held on demand. Only in tests. */
export interface TestHost {
  readonly fake: FakeRuntime;
  readonly runtime: RuntimePort;
  /** Calls so far, e.g. `resume sbx_…`. */
  readonly calls: string[];
  /** Every call of this kind fails until cleared with `undefined`. */
  fail(call: Call, error: Error | undefined): void;
  /** Calls of this kind wait before they do anything; the returned function lets them go. */
  hold(call: Call): () => void;
}

export const createTestHost = (): TestHost => {
  const fake = createFakeRuntime();
  const calls: string[] = [];
  const failures = new Map<Call, Error>();
  const holds = new Map<Call, Promise<void>>();
  const enter = async (call: Call, id = ''): Promise<void> => {
    calls.push(`${call} ${id}`.trim());
    await holds.get(call);
    const failure = failures.get(call);
    if (failure !== undefined) throw failure;
  };
  return {
    fake,
    runtime: {
      ...fake,
      create: async (spec) => {
        await enter('create', spec.id);
        return fake.create(spec);
      },
      pause: async (id) => {
        await enter('pause', id);
        return fake.pause(id);
      },
      resume: async (id) => {
        await enter('resume', id);
        return fake.resume(id);
      },
      resize: async (id, shape) => {
        await enter('resize', id);
        return fake.resize(id, shape);
      },
      stop: async (id) => {
        await enter('stop', id);
        return fake.stop(id);
      },
      destroy: async (id) => {
        await enter('destroy', id);
        return fake.destroy(id);
      },
      snapshot: async (id, snapshotId) => {
        await enter('snapshot', id);
        return fake.snapshot(id, snapshotId);
      },
      restore: async (id, snapshotId) => {
        await enter('restore', id);
        return fake.restore(id, snapshotId);
      },
      deleteSnapshot: async (snapshotId) => {
        await enter('deleteSnapshot', snapshotId);
        return fake.deleteSnapshot(snapshotId);
      },
      list: async () => {
        await enter('list');
        return fake.list();
      },
    },
    calls,
    fail: (call, error) => {
      if (error === undefined) failures.delete(call);
      else failures.set(call, error);
    },
    hold: (call) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      holds.set(call, promise);
      return () => {
        holds.delete(call);
        resolve();
      };
    },
  };
};
