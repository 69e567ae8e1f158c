import type { Log } from '@miosa/kernel';
import type { RuntimeCounters, RuntimeSample, RuntimeStats } from '@miosa/runtime';
import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Disk } from '../disk.ts';
import { isAlive } from '../process.ts';
import type { Records, SandboxRecord } from '../records.ts';
import { countersOfBoot } from '../stats.ts';
import type { Rings } from './ring.ts';

const EVERY_MS = 10_000;
/** One timer for any number of sandboxes, each tick a twentieth of them: a thousand cost a millisecond or two at a time. */
const PARTS = 20;
/** What a volume holds is asked less often than the rest: it is a call to the helper and changes slowly. */
const DISK_EVERY_MS = 60_000;

const NOTHING: RuntimeSample = { at: 0, cpuUsageUsec: 0, memoryBytes: 0, diskBytes: 0, networkRxBytes: 0, networkTxBytes: 0 };

/** Measures sandboxes, and carries their counters over every boot: nothing of it ever goes back. */
export interface Meter {
  stats(record: SandboxRecord): Promise<RuntimeStats>;
  /** To be kept with the record when its processes end; the next boot counts from there. */
  carry(record: SandboxRecord): RuntimeCounters;
  samples(record: SandboxRecord, since: Date): RuntimeSample[];
  last(record: SandboxRecord): RuntimeSample;
  forget(id: string): void;
  start(): void;
  stop(): void;
}

export interface MeterParts {
  readonly records: Records;
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly rings: Rings;
  readonly linkOf: (slot: number) => string;
  readonly log: Log;
}

/** Spread evenly, since ids end in random characters. */
const partOf = (id: string): number => (id.charCodeAt(id.length - 1) * 31 + id.charCodeAt(id.length - 2)) % PARTS;

export const createMeter = ({ records, cgroups, disk, rings, linkOf, log }: MeterParts): Meter => {
  const latest = new Map<string, RuntimeSample>();
  const diskAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let tick = 0;

  const lastOf = (id: string): RuntimeSample => {
    const known = latest.get(id) ?? rings.newest(id) ?? NOTHING;
    latest.set(id, known);
    return known;
  };
  const countersOf = (record: SandboxRecord): RuntimeCounters => {
    const link = record.slot === null ? null : linkOf(record.slot);
    const boot = countersOfBoot(record, { cgroups, link });
    const last = lastOf(record.spec.id);
    const total = (name: keyof RuntimeCounters): number => Math.max(last[name], (record.carried?.[name] ?? 0) + boot[name]);
    return { cpuUsageUsec: total('cpuUsageUsec'), networkRxBytes: total('networkRxBytes'), networkTxBytes: total('networkTxBytes') };
  };
  const isUp = (record: SandboxRecord): boolean => record.phase === 'running' && isAlive(record.process);
  const usage = (record: SandboxRecord) => (isUp(record) ? cgroups.usage(record.spec.id) : { memoryBytes: 0, pids: 0 });

  /** Null: it was removed meanwhile. */
  const bytesOnDisk = async (id: string): Promise<number | null> => {
    const bytes = await disk.usedBytes(id).catch(() => null);
    if (bytes !== null) diskAt.set(id, Date.now());
    return bytes;
  };
  const keep = (record: SandboxRecord, diskBytes: number): RuntimeSample => {
    const sample = { at: Date.now(), ...countersOf(record), memoryBytes: usage(record).memoryBytes, diskBytes };
    latest.set(record.spec.id, sample);
    rings.write(record.spec.id, sample);
    return sample;
  };
  const sample = async (id: string): Promise<void> => {
    const isOld = (diskAt.get(id) ?? 0) < Date.now() - DISK_EVERY_MS;
    const diskBytes = (isOld ? await bytesOnDisk(id) : null) ?? lastOf(id).diskBytes;
    // It may have ended while the disk was asked.
    const record = records.get(id);
    if (record !== undefined && isUp(record)) keep(record, diskBytes);
  };
  const pass = (): void => {
    tick = (tick + 1) % PARTS;
    for (const record of records.all()) {
      if (!isUp(record) || partOf(record.spec.id) !== tick) continue;
      sample(record.spec.id).catch((error: unknown) => log.warn({ err: error, id: record.spec.id }, 'sandbox not measured'));
    }
  };

  return {
    stats: async (record) => {
      const diskBytes = (await bytesOnDisk(record.spec.id)) ?? 0;
      const now = records.get(record.spec.id) ?? record;
      const { memoryBytes, pids } = usage(now);
      const counters = countersOf(now);
      if (records.get(record.spec.id) !== undefined) latest.set(record.spec.id, { at: Date.now(), ...counters, memoryBytes, diskBytes });
      return { ...counters, memoryBytes, pids, diskBytes };
    },
    carry: (record) => {
      const { cpuUsageUsec, networkRxBytes, networkTxBytes } = keep(record, lastOf(record.spec.id).diskBytes);
      return { cpuUsageUsec, networkRxBytes, networkTxBytes };
    },
    samples: (record, since) => rings.since(record.spec.id, since.getTime()),
    last: (record) => lastOf(record.spec.id),
    forget: (id) => {
      latest.delete(id);
      diskAt.delete(id);
      rings.remove(id);
    },
    start: () => {
      timer = setInterval(pass, EVERY_MS / PARTS);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
};
