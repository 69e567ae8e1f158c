import { Fault } from '@miosa/kernel';
import type { RuntimeShape } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import type { SandboxRecord } from './records.ts';

const MIB = 2 ** 20;

const tooSmall = (reason: 'memory' | 'disk', limitBytes: number, usedBytes: number): Fault =>
  new Fault('CONFLICT', `The sandbox uses more ${reason} than it would have: ${Math.ceil(usedBytes / MIB)} MiB. Free some first.`, {
    details: { reason, limit_bytes: limitBytes, used_bytes: usedBytes },
  });

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** Gives a sandbox the limits of `shape`. Throws CONFLICT and changes nothing when what it holds would not fit. */
export const applyShape = async (
  record: SandboxRecord,
  shape: RuntimeShape,
  on: { readonly cgroups: Cgroups; readonly disk: Disk; readonly hasProcesses: boolean },
): Promise<void> => {
  const { spec } = record;
  const { cgroups, disk } = on;
  if (shape.diskMiB < spec.diskMiB) {
    const used = await disk.settledBytes(spec.id);
    if (used > shape.diskMiB * MIB) throw tooSmall('disk', shape.diskMiB * MIB, used);
  }
  if (on.hasProcesses) {
    // Before the kernel is told: with cgroup v2 it would kill what does not fit.
    const held = cgroups.heldBytes(spec.id);
    if (held > shape.memoryMiB * MIB) throw tooSmall('memory', shape.memoryMiB * MIB, held);
    try {
      cgroups.setLimits(spec.id, { ...shape, pidsMax: spec.pidsMax });
    } catch (error) {
      cgroups.setLimits(spec.id, spec);
      if (hasCode(error, 'EBUSY')) throw tooSmall('memory', shape.memoryMiB * MIB, cgroups.heldBytes(spec.id));
      throw error;
    }
  }
  try {
    await disk.resize(spec.id, shape.diskMiB);
  } catch (error) {
    if (on.hasProcesses) cgroups.setLimits(spec.id, spec);
    throw error;
  }
};
