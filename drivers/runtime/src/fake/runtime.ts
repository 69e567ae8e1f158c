import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, type NetworkPolicy, networkDigest } from '@miosa/kernel';
import type {
  BrokeredSecrets,
  HostRoom,
  RuntimeInstance,
  RuntimePort,
  RuntimeSample,
  RuntimeSnapshot,
  RuntimeSpec,
  RuntimeState,
} from '../port.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';

export interface FakeRuntime extends RuntimePort {
  /** The machine's init dies unexpectedly. */
  lose(id: string): Promise<void>;
  /** The next call of that method throws the error. */
  failNext(method: keyof RuntimePort, error: Error): void;
  /** What the next answers say was used, over the whole life of the machine; `at` makes it a sample of that time. */
  use(id: string, used: Partial<RuntimeSample>): void;
  setRoom(host: Partial<HostRoom>): void;
  /** So many machines are ready ahead of demand. */
  setWarm(count: number): void;
  /** As given last. */
  secretsOf(id: string): BrokeredSecrets | null;
  /** Ends everything and removes the files. */
  close(): Promise<void>;
}

interface Machine {
  spec: RuntimeSpec;
  bootPath: 'cold' | 'warm';
  readonly samples: RuntimeSample[];
  used: RuntimeSample;
  readonly folder: string;
  state: RuntimeState;
  agent: FakeAgent | null;
  levels: readonly NetworkPolicy[];
  secrets: BrokeredSecrets | null;
}

const UNUSED = { cpuUsageUsec: 0, memoryBytes: 2 ** 20, diskBytes: 16_384, networkRxBytes: 0, networkTxBytes: 0 };
const MIB = 2 ** 20;

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

const TEMPLATES = ['miosa-sandbox', 'alpine'];
const IMAGES = { 'docker.io/library/alpine:3.20': 'alpine' };
const absent = (): Fault => new Fault('NOT_FOUND', 'There is no such sandbox on this host.');

/** For tests: machines are folders and an in-process agent that runs commands on the host, with no isolation whatsoever. */
export const createFakeRuntime = (): FakeRuntime => {
  const root = mkdtempSync(join(tmpdir(), 'miosa-fake-'));
  const machines = new Map<string, Machine>();
  const failures = new Map<keyof RuntimePort, Error>();
  const snapshots = new Map<string, RuntimeSnapshot>();
  const creating = new Map<string, Promise<RuntimeInstance>>();

  let warm = 0;
  let host: HostRoom = { cpuCount: 2, memoryBytes: 2 ** 34, memoryFreeBytes: 2 ** 33 };

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
  const instance = ({ spec, state, levels, bootPath, secrets }: Machine): RuntimeInstance => ({
    id: spec.id,
    state,
    endpoint: { socketPath: socketPath(spec.id) },
    isolation: spec.isolation ?? 'container',
    bootPath,
    shape: { cpuCount: spec.cpuCount, memoryMiB: spec.memoryMiB, diskMiB: spec.diskMiB },
    networkDigest: networkDigest(levels),
    secretsVersion: secrets?.version ?? '',
  });
  const boot = async (machine: Machine): Promise<void> => {
    machine.agent = await startFakeAgent({ socketPath: socketPath(machine.spec.id), folder: machine.folder, env: machine.spec.env });
    machine.state = 'running';
  };
  /** Machines that wait are neither copies nor behind another kernel. */
  const pathOf = ({ fromSnapshot, isolation }: RuntimeSpec): 'cold' | 'warm' => {
    if (warm === 0 || fromSnapshot !== undefined || isolation === 'gvisor') return 'cold';
    warm -= 1;
    return 'warm';
  };
  const end = async (machine: Machine, state: RuntimeState): Promise<void> => {
    await machine.agent?.close();
    machine.agent = null;
    machine.state = state;
  };
  const createNow = async (spec: RuntimeSpec): Promise<RuntimeInstance> => {
    if (spec.fromSnapshot === undefined && !TEMPLATES.includes(spec.templateId))
      throw new Fault('NOT_FOUND', `There is no template '${spec.templateId}' on this host.`);
    const folder = join(root, spec.id);
    if (spec.fromSnapshot !== undefined) copyFiles(filesOf(spec.fromSnapshot), folder);
    mkdirSync(join(folder, 'workspace'), { recursive: true });
    const machine: Machine = {
      spec,
      bootPath: pathOf(spec),
      samples: [],
      used: { ...UNUSED, at: Date.now() },
      folder,
      state: 'stopped',
      agent: null,
      levels: spec.networkPolicy ?? [],
      secrets: null,
    };
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
      const { state, used } = known(id);
      const { at: _, memoryBytes, ...rest } = used;
      return { ...rest, memoryBytes: state === 'running' ? memoryBytes : 0, pids: state === 'running' ? 1 : 0 };
    },
    samples: async (id, since) => {
      trip('samples');
      return known(id).samples.filter(({ at }) => at >= since.getTime());
    },
    counters: async () => {
      trip('counters');
      return [...machines.values()].map(({ spec, used: { at: _, memoryBytes: __, ...counted } }) => ({ id: spec.id, ...counted }));
    },
    resize: async (id, shape) => {
      trip('resize');
      const machine = known(id);
      const held = { disk: bytesIn(machine.folder), memory: machine.used.memoryBytes };
      for (const [reason, limit] of [
        ['disk', shape.diskMiB],
        ['memory', shape.memoryMiB],
      ] as const)
        if (held[reason] > limit * MIB) {
          const details = { reason, limit_bytes: limit * MIB, used_bytes: held[reason] };
          throw new Fault('CONFLICT', `The sandbox uses more ${reason} than that.`, { details });
        }
      machine.spec = { ...machine.spec, ...shape };
      return instance(machine);
    },
    // Kept and reported, not enforced: these machines are processes of the host.
    setNetworkPolicy: async (id, levels) => {
      trip('setNetworkPolicy');
      known(id).levels = levels;
    },
    setSecrets: async (id, secrets) => {
      trip('setSecrets');
      known(id).secrets = secrets.secrets.length === 0 ? null : secrets;
      return { trust: secrets.secrets.length === 0 ? null : `-----BEGIN CERTIFICATE-----\n${id}\n-----END CERTIFICATE-----\n` };
    },
    secretsOf: (id) => known(id).secrets,
    blockedTraffic: async (id) => {
      trip('blockedTraffic');
      known(id);
      return [];
    },
    capabilities: async () => ({
      driver: 'fake',
      tiers: ['container', 'gvisor'],
      tiersAbsent: [],
      pauseKeeps: 'memory',
      templates: TEMPLATES,
      images: IMAGES,
      host,
      warm: { 'miosa-sandbox': warm },
    }),
    use: (id, used) => {
      const machine = known(id);
      machine.used = { ...machine.used, ...used };
      if (used.at !== undefined) machine.samples.push(machine.used);
    },
    setWarm: (count) => {
      warm = count;
    },
    setRoom: (room) => {
      host = { ...host, ...room };
    },
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
