import { type Booter, etcFiles } from '../boot.ts';
import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Disk } from '../disk.ts';
import type { Helper } from '../helper.ts';
import type { Policies } from '../network/policies.ts';
import type { Records, SandboxRecord } from '../records.ts';
import { shmMiB } from '../spec.ts';
import type { Spare } from './spares.ts';

export interface ClaimParts {
  readonly helper: Helper;
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly policies: Pick<Policies, 'apply'>;
  readonly records: Records;
  readonly booter: Booter;
}

/** An idle agent answers in a millisecond; one that does not is worth less than a boot. */
const CLAIM_TIMEOUT_MS = 2000;
const MIB = 2 ** 20;

/**
 * Makes a spare the machine of a sandbox. The record says whose it is before anything of it changes: after a crash it is destroyed as a
 * create that was cut off, with all its names. Network rules stand before the machine has its address back.
 */
export const claimSpare = async (parts: ClaimParts, before: SandboxRecord, spare: Spare): Promise<SandboxRecord> => {
  const { helper, cgroups, disk, policies, records, booter } = parts;
  const { name, slot, process } = spare;
  const { spec } = before;
  const record = await records.save({ ...before, slot: slot.index, process, machine: name });
  const { id, networkPolicy: levels } = spec;
  if (levels !== undefined) await policies.apply({ id, address: slot.address, levels, hosts: [] });
  cgroups.setLimits(spec.id, spec);
  await helper.call('claim', {
    slot: slot.index,
    ...process,
    hostname: spec.hostname,
    etc: etcFiles(spec.id, spec.hostname, slot.host),
    shmBytes: shmMiB(spec.memoryMiB) * MIB,
    volume: { from: disk.volume(name), to: disk.volume(spec.id) },
    diskBytes: spec.diskMiB * MIB,
    socket: { from: booter.socketPath(name), to: booter.socketPath(spec.id) },
    host: slot.host,
    address: slot.address,
    env: { vars: spec.env },
    timeoutMs: CLAIM_TIMEOUT_MS,
  });
  return records.save({ ...record, phase: 'running' });
};
