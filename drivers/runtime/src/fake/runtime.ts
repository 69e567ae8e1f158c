import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, type NetworkPolicy, networkDigest } from '@miosa/kernel';
import type { RuntimeInstance, RuntimePort, RuntimeSnapshot, RuntimeSpec, RuntimeState } from '../port.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';

export interface FakeRuntime extends RuntimePort {
  /** The machine's init dies unexpectedly. */
  lose(id: string): Promise<void>;
  /** The next call of that method throws the error. */
  failNext(method: keyof RuntimePort, error: Error): void;
  /** Ends everything and removes the files. */
  close(): Promise<void>;
}

interface Machine {
  readonly spec: RuntimeSpec;
  readonly folder: string;
  state: RuntimeState;
  agent: FakeAgent | null;
  levels: readonly NetworkPolicy[];
}

const TEMPLATES = ['miosa-sandbox'];
const absent = (): Fault => new Fault('NOT_FOUND', 'There is no such sandbox on this host.');

/** For tests: machines are folders and an in-process agent that runs commands on the host, with no isolation whatsoever. */
export const createFakeRuntime = (): FakeRuntime => {
  const root = mkdtempSync(join(tmpdir(), 'miosa-fake-'));
  const machines = new Map<string, Machine>();
  const failures = new Map<keyof RuntimePort, Error>();
  const snapshots = new Map<string, RuntimeSnapshot>();
  const creating = new Map<string, Promise<RuntimeInstance>>();

  const trip = (method: keyof RuntimePort): void => {
    const error = failures.get(method);
    failures.delete(method);
    if (error !== undefined) throw error;
  };
  const known = (id: string): Machine => {
    const machine = machines.get(id);
    if (machine === undefined) throw absent();
    return machine;
  };
  const filesOf = (snapshotId: string): string => {
    if (!snapshots.has(snapshotId)) throw new Fault('NOT_FOUND', 'There is no such snapshot on this host.');
    return join(root, snapshotId);
  };
  const copyFiles = (from: string, to: string): void => {
    rmSync(`${to}.part`, { recursive: true, force: true });
    cpSync(from, `${to}.part`, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    rmSync(to, { recursive: true, force: true });
    renameSync(`${to}.part`, to);
  };
  const socketPath = (id: string): string => join(root, `${id.slice(-12)}.sock`);
  const instance = ({ spec, state, levels }: Machine): RuntimeInstance => ({
    id: spec.id,
    state,
    endpoint: { socketPath: socketPath(spec.id) },
    isolation: 'container',
    networkDigest: networkDigest(levels),
  });
  const boot = async (machine: Machine): Promise<void> => {
    machine.agent = await startFakeAgent({ socketPath: socketPath(machine.spec.id), folder: machine.folder, env: machine.spec.env });
    machine.state = 'running';
  };
  const end = async (machine: Machine, state: RuntimeState): Promise<void> => {
    await machine.agent?.close();
    machine.agent = null;
    machine.state = state;
  };
  const createNow = async (spec: RuntimeSpec): Promise<RuntimeInstance> => {
    if (!TEMPLATES.includes(spec.templateId)) throw new Fault('NOT_FOUND', `There is no template '${spec.templateId}' on this host.`);
    const folder = join(root, spec.id);
    if (spec.fromSnapshot !== undefined) copyFiles(filesOf(spec.fromSnapshot), folder);
    mkdirSync(join(folder, 'workspace'), { recursive: true });
    const machine: Machine = { spec, folder, state: 'stopped', agent: null, levels: spec.networkPolicy ?? [] };
    await boot(machine);
    machines.set(spec.id, machine);
    return instance(machine);
  };
  return {
    create: async (spec) => {
      trip('create');
      const existing = machines.get(spec.id);
      if (existing !== undefined) return instance(existing);
      const running = creating.get(spec.id) ?? createNow(spec).finally(() => creating.delete(spec.id));
      creating.set(spec.id, running);
      return running;
    },
    pause: async (id) => {
      trip('pause');
      const machine = known(id);
      if (machine.state === 'lost') throw new Fault('CONFLICT', 'The sandbox is not running.', { details: { state: 'lost' } });
      if (machine.state === 'running') {
        machine.agent?.setFrozen(true);
        machine.state = 'paused';
      }
      return instance(machine);
    },
    resume: async (id) => {
      trip('resume');
      const machine = known(id);
      if (machine.state === 'paused') {
        machine.agent?.setFrozen(false);
        machine.state = 'running';
      } else if (machine.state !== 'running') await boot(machine);
      return instance(machine);
    },
    stop: async (id) => {
      trip('stop');
      const machine = known(id);
      await end(machine, 'stopped');
      return instance(machine);
    },
    destroy: async (id) => {
      trip('destroy');
      await creating.get(id);
      const machine = machines.get(id);
      if (machine === undefined) return;
      await end(machine, 'stopped');
      rmSync(machine.folder, { recursive: true, force: true });
      machines.delete(id);
    },
    snapshot: async (id, snapshotId) => {
      trip('snapshot');
      const made = snapshots.get(snapshotId);
      if (made !== undefined) return made;
      copyFiles(known(id).folder, join(root, snapshotId));
      const snapshot = { id: snapshotId, sandboxId: id, sizeBytes: 16_384 };
      snapshots.set(snapshotId, snapshot);
      return snapshot;
    },
    restore: async (id, snapshotId) => {
      trip('restore');
      const machine = known(id);
      const files = filesOf(snapshotId);
      await end(machine, 'stopped');
      copyFiles(files, machine.folder);
      return instance(machine);
    },
    deleteSnapshot: async (snapshotId) => {
      trip('deleteSnapshot');
      snapshots.delete(snapshotId);
      rmSync(join(root, snapshotId), { recursive: true, force: true });
    },
    listSnapshots: async () => {
      trip('listSnapshots');
      return [...snapshots.values()];
    },
    inspect: async (id) => {
      trip('inspect');
      const machine = machines.get(id);
      return machine === undefined ? null : instance(machine);
    },
    list: async () => {
      trip('list');
      return [...machines.values()].map(instance);
    },
    stats: async (id) => {
      trip('stats');
      const running = known(id).state === 'running' ? 1 : 0;
      return {
        cpuUsageUsec: running,
        memoryBytes: running * 2 ** 20,
        pids: running,
        diskBytes: 16_384,
        networkRxBytes: 0,
        networkTxBytes: 0,
      };
    },
    // Kept and reported, not enforced: these machines are processes of the host.
    setNetworkPolicy: async (id, levels) => {
      trip('setNetworkPolicy');
      known(id).levels = levels;
    },
    blockedTraffic: async (id) => {
      trip('blockedTraffic');
      known(id);
      return [];
    },
    capabilities: async () => ({ driver: 'fake', isolation: 'container', pauseKeeps: 'memory', templates: TEMPLATES }),
    lose: async (id) => end(known(id), 'lost'),
    failNext: (method, error) => {
      failures.set(method, error);
    },
    close: async () => {
      for (const machine of machines.values()) await end(machine, 'stopped');
      machines.clear();
      rmSync(root, { recursive: true, force: true });
    },
  };
};
