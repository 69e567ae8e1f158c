import { Fault, type Log, networkDigest } from '@miosa/kernel';
import type { RuntimeInstance, RuntimePort, RuntimeSample, RuntimeSpec, RuntimeState } from '@miosa/runtime';
import type { Booter } from './boot.ts';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import type { Helper } from './helper.ts';
import { assertMemory, hostRoom } from './host-room.ts';
import { keyedMutex } from './keyed-mutex.ts';
import type { Meter } from './metrics/meter.ts';
import type { AddressPlan } from './network/addresses.ts';
import { hostsOf, type Secrets } from './network/egress/secrets.ts';
import type { Policies } from './network/policies.ts';
import type { SlotPool } from './network/slots.ts';
import { claimSpare } from './pool/claim.ts';
import type { WarmPool } from './pool/pool.ts';
import type { Spare } from './pool/spares.ts';
import { isAlive } from './process.ts';
import type { Records, SandboxRecord, SnapshotRecords } from './records.ts';
import { applyShape } from './resize.ts';
import { createSnapshots } from './snapshots.ts';
import type { templateStore } from './templates.ts';
import type { Tiers } from './tiers/tiers.ts';

export interface LifecycleParts {
  readonly helper: Helper;
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly slots: SlotPool;
  readonly pool: WarmPool;
  readonly plan: AddressPlan;
  readonly meter: Meter;
  readonly policies: Pick<Policies, 'apply' | 'withdraw' | 'blocked'>;
  readonly secrets: Pick<Secrets, 'set' | 'forget' | 'version'>;
  readonly records: Records;
  readonly snapshots: SnapshotRecords;
  readonly booter: Booter;
  readonly tiers: Tiers;
  readonly templates: ReturnType<typeof templateStore>;
  readonly log: Log;
}

export interface Lifecycle extends RuntimePort {
  /** After a restart: what the record says was under way is finished or undone; what runs is kept. */
  recover(record: SandboxRecord): Promise<void>;
  forgetLostSnapshots(): Promise<void>;
}

const countersIn = ({ cpuUsageUsec, networkRxBytes, networkTxBytes, diskBytes }: RuntimeSample) => ({
  cpuUsageUsec,
  networkRxBytes,
  networkTxBytes,
  diskBytes,
});

const KILL_TIMEOUT_MS = 10_000;
/** What a record says of a boot that has ended. */
const withoutBoot = ({ machine: _, ...kept }: SandboxRecord): SandboxRecord => ({ ...kept, slot: null, process: null });
const absent = (): Fault => new Fault('NOT_FOUND', 'There is no such sandbox on this host.');

export const createLifecycle = (parts: LifecycleParts): Lifecycle => {
  const { helper, cgroups, disk, slots, pool, policies, secrets, records, booter, tiers, templates, meter, log } = parts;
  const exclusive = keyedMutex();

  const stateOf = (record: SandboxRecord): RuntimeState => {
    if (record.phase !== 'running') return 'stopped';
    if (!isAlive(record.process)) return 'lost';
    return cgroups.isFrozen(record.spec.id) ? 'paused' : 'running';
  };
  const instance = (record: SandboxRecord): RuntimeInstance => ({
    id: record.spec.id,
    state: stateOf(record),
    endpoint: { socketPath: booter.socketPath(record.spec.id) },
    isolation: record.spec.isolation ?? 'container',
    bootPath: record.machine === undefined ? 'cold' : 'warm',
    shape: { cpuCount: record.spec.cpuCount, memoryMiB: record.spec.memoryMiB, diskMiB: record.spec.diskMiB },
    networkDigest: networkDigest(record.spec.networkPolicy ?? []),
    secretsVersion: secrets.version(record.spec.id),
  });
  const known = (id: string): SandboxRecord => {
    const record = records.get(id);
    if (record === undefined) throw absent();
    return record;
  };

  /** Its network policy and the hosts of its secrets, of now. */
  const applyNetwork = async ({ spec, slot, brokeredHosts }: SandboxRecord): Promise<void> => {
    if (slot === null || (spec.networkPolicy === undefined && brokeredHosts === undefined)) return;
    await policies.apply({
      id: spec.id,
      address: parts.plan.slot(slot).address,
      levels: spec.networkPolicy ?? [],
      hosts: brokeredHosts ?? [],
    });
  };

  /** Ends every process and what belongs to a boot only. Files stay. */
  const endProcesses = async (id: string, record: SandboxRecord | undefined): Promise<void> => {
    // A frozen process cannot die (cgroup v1); init first, because its end is the end of all in its pid namespace at once.
    if (record?.process != null && isAlive(record.process)) {
      if (cgroups.isFrozen(id)) await cgroups.setFrozen(id, false);
      await helper.call('kill', { ...record.process, timeoutMs: KILL_TIMEOUT_MS });
    }
    await cgroups.remove(id);
    for (const name of [id, record?.machine ?? id]) await booter.forget(name);
    await policies.withdraw(id);
    if (record?.slot != null) await slots.release(record.slot);
  };
  const stopNow = async (record: SandboxRecord): Promise<SandboxRecord> => {
    // Before they end, and once: the second try after a crash finds the phase.
    const counted = record.phase === 'stopping' ? {} : { carried: meter.carry(record) };
    const stopping = await records.save({ ...record, ...counted, phase: 'stopping' });
    await endProcesses(record.spec.id, stopping);
    return records.save({ ...withoutBoot(stopping), phase: 'stopped' });
  };
  const destroyNow = async (id: string): Promise<void> => {
    const record = records.get(id);
    if (record !== undefined) await records.save({ ...record, phase: 'destroying' });
    await endProcesses(id, record);
    for (const name of [id, record?.machine ?? id]) await disk.remove(name);
    await records.remove(id);
    secrets.forget(id);
    meter.forget(id);
  };
  /** Phase `creating` or `booting` must be on disk with its slot before anything of the boot exists. */
  const bootNow = async (before: SandboxRecord, prepare: () => Promise<unknown>): Promise<SandboxRecord> => {
    const slot = await slots.take();
    const record = await records.save({ ...before, slot: slot.index, process: null });
    await prepare();
    await applyNetwork(record);
    const booted = await booter.boot(record, slot, tiers.of(record.spec.isolation));
    log.debug({ id: record.spec.id, ...booted }, 'sandbox started');
    return records.save({ ...record, phase: 'running', process: { pid: booted.pid, startTime: booted.startTime } });
  };

  const snapshots = createSnapshots({
    cgroups,
    disk,
    records,
    snapshots: parts.snapshots,
    exclusive,
    isRunning: (record) => stateOf(record) === 'running',
    stop: stopNow,
    instance,
    log,
  });

  /** Undefined when the machine turned out to be of no use: nothing of it is left then, and a boot is what remains. */
  const claimNow = async (before: SandboxRecord, spare: Spare): Promise<SandboxRecord | undefined> => {
    const { id } = before.spec;
    try {
      return await claimSpare({ helper, cgroups, disk, policies, records, booter }, before, spare);
    } catch (error) {
      log.warn({ err: error, id, machine: spare.name }, 'a machine booted ahead was of no use');
      await (records.get(id) === undefined ? pool.end(spare) : destroyNow(id));
      return undefined;
    }
  };
  const createNow = async (spec: RuntimeSpec): Promise<RuntimeInstance> => {
    const existing = records.get(spec.id);
    if (existing !== undefined) return instance(existing);
    const { fromSnapshot } = spec;
    if (spec.isolation !== undefined) await tiers.assertOffered(spec.isolation);
    const rootfs = fromSnapshot === undefined ? templates.resolve(spec.templateId) : snapshots.rootfsOf(fromSnapshot);
    disk.assertRoom();
    assertMemory(cgroups);
    const record: SandboxRecord = { spec, rootfs, phase: 'creating', slot: null, process: null };
    const layDisk = (): Promise<void> =>
      fromSnapshot === undefined ? disk.create(spec.id, spec.diskMiB) : snapshots.copy(fromSnapshot, spec.id, spec.diskMiB);
    const spare =
      fromSnapshot === undefined && (spec.isolation ?? 'container') === 'container' ? pool.take(spec.templateId, rootfs) : undefined;
    const claimed = spare === undefined ? undefined : await claimNow(record, spare);
    if (claimed !== undefined) return instance(claimed);
    try {
      return instance(await bootNow(record, layDisk));
    } catch (error) {
      await destroyNow(spec.id);
      if (error instanceof Fault) throw error;
      throw new Fault('INTERNAL', 'The sandbox could not be started.', { internal: String(error), cause: error });
    }
  };
  const resumeNow = async (id: string): Promise<RuntimeInstance> => {
    let record = known(id);
    const state = stateOf(record);
    if (state === 'running') return instance(record);
    if (state === 'paused') {
      await cgroups.setFrozen(id, false);
      return instance(record);
    }
    assertMemory(cgroups);
    if (state === 'lost') record = await stopNow(record);
    try {
      return instance(await bootNow({ ...record, phase: 'booting' }, async () => {}));
    } catch (error) {
      await stopNow(known(id));
      if (error instanceof Fault) throw error;
      throw new Fault('INTERNAL', 'The sandbox could not be started again; its files are kept.', { internal: String(error), cause: error });
    }
  };

  return {
    create: (spec) => pool.first(() => exclusive(spec.id, () => createNow(spec))),
    pause: (id) =>
      exclusive(id, async () => {
        const record = known(id);
        const state = stateOf(record);
        if (state === 'lost') throw new Fault('CONFLICT', 'The sandbox is not running.', { details: { state } });
        if (state === 'running') await cgroups.setFrozen(id, true);
        return instance(record);
      }),
    resume: (id) => pool.first(() => exclusive(id, () => resumeNow(id))),
    stop: (id) => exclusive(id, async () => instance(known(id).phase === 'stopped' ? known(id) : await stopNow(known(id)))),
    destroy: (id) => exclusive(id, () => destroyNow(id)),
    snapshot: (id, snapshotId) => exclusive(id, async () => snapshots.take(known(id), snapshotId)),
    restore: (id, snapshotId) => exclusive(id, async () => snapshots.restore(known(id), snapshotId)),
    deleteSnapshot: snapshots.remove,
    listSnapshots: async () => snapshots.list(),
    forgetLostSnapshots: snapshots.forgetLost,
    inspect: (id) => exclusive(id, async () => (records.get(id) === undefined ? null : instance(known(id)))),
    // Without waiting: one slow sandbox must not hold the list. What is half made or half gone is not listed.
    list: async () =>
      records
        .all()
        .filter((record) => record.phase !== 'creating' && record.phase !== 'destroying')
        .map(instance),
    stats: (id) => meter.stats(known(id)),
    samples: async (id, since) => meter.samples(known(id), since),
    counters: async () => records.all().map((record) => ({ id: record.spec.id, ...countersIn(meter.last(record)) })),
    resize: (id, shape) =>
      exclusive(id, async () => {
        const record = known(id);
        await applyShape(record, shape, { cgroups, disk, hasProcesses: record.phase === 'running' && isAlive(record.process) });
        return instance(await records.save({ ...record, spec: { ...record.spec, ...shape } }));
      }),
    setNetworkPolicy: (id, levels) =>
      exclusive(id, async () => {
        const record = known(id);
        // In force before it is on disk: a crash in between shows as another digest than the caller asked for, and is repeated.
        const changed = { ...record, spec: { ...record.spec, networkPolicy: levels } };
        await applyNetwork(changed);
        await records.save(changed);
      }),
    setSecrets: (id, given) =>
      exclusive(id, async () => {
        known(id);
        const trust = await secrets.set(id, given);
        // Connections with earlier values end with this.
        await applyNetwork(await records.save({ ...known(id), brokeredHosts: hostsOf(given) }));
        return { trust };
      }),
    blockedTraffic: async (id, since) => policies.blocked(known(id).spec.id, since),
    capabilities: async () => ({
      driver: 'oci',
      tiers: await tiers.offered(),
      tiersAbsent: await tiers.absent(),
      pauseKeeps: 'memory',
      templates: templates.list(),
      images: templates.images(),
      host: hostRoom(cgroups),
      warm: pool.ready(),
    }),
    recover: (left) =>
      exclusive(left.spec.id, async () => {
        const record = await snapshots.recover(left);
        if (record.phase === 'creating' || record.phase === 'destroying') await destroyNow(record.spec.id);
        else if (record.phase === 'booting' || record.phase === 'stopping') await stopNow(record);
        else if (record.phase === 'running' && !isAlive(record.process)) {
          const carried = meter.carry(record);
          await endProcesses(record.spec.id, record);
          // Its slot may be another's from now on.
          await records.save({ ...withoutBoot(record), carried });
        } else if (record.phase === 'running') {
          // A resize may have been cut off half-way.
          cgroups.setLimits(record.spec.id, record.spec);
          await disk.resize(record.spec.id, record.spec.diskMiB);
        }
      }),
  };
};
