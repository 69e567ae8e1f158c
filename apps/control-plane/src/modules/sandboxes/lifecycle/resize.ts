import { Fault, type Op } from '@miosa/kernel';
import type { RuntimeShape } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { inBackground } from '../deps.ts';
import { claimFor } from '../snapshots/claim.ts';
import { findAny, settle } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { auditSandbox, startMetering, stopMetering } from './audit.ts';
import { assertCapacity } from './capacity.ts';
import { fenceOf } from './effects.ts';
import { hostFault } from './faults.ts';
import { recorded } from './patience.ts';
import { lookupFor } from './settled.ts';
import type { Shape } from './shape.ts';
import { gone } from './states.ts';

export const shapeOnHost = (row: SandboxRow): RuntimeShape => ({
  cpuCount: row.cpu_count,
  memoryMiB: row.memory_mb,
  diskMiB: row.disk_size_mb,
});

/** Other limits for a sandbox that runs or is paused, without a stop. CONFLICT with what is in use when that would not fit. */
export const resizeSandbox = async (op: Op, core: Core, id: string, shape: Shape): Promise<SandboxRow> => {
  const { claimed } = await claimFor(op, core, lookupFor(op, core, id), {
    action: 'resize',
    write: async (tx, row) => {
      if (row.state === 'running') await assertCapacity(tx, core, { ...row, cpu_count: shape.cpuCount, memory_mb: shape.memoryMiB });
    },
  });
  return inBackground(core, carryOut(op, core, claimed, shape));
};

/** A process that dies in here leaves the size as it was: the reconciler ends the transition and gives the host the row's size again. */
const carryOut = async (op: Op, core: Core, claimed: SandboxRow, shape: Shape): Promise<SandboxRow> => {
  const fence = fenceOf(claimed);
  try {
    await core.runtime.resize(claimed.id, { cpuCount: shape.cpuCount, memoryMiB: shape.memoryMiB, diskMiB: shape.diskMiB });
  } catch (error) {
    await recorded(core, () => settle(core.db.read, claimed.id, fence, { updated_at: core.now() }));
    const refused = error instanceof Fault && error.code === 'CONFLICT';
    throw refused ? error : hostFault(error, 'The sandbox could not be resized');
  }
  const now = core.now();
  const resized = await recorded(core, () =>
    core.db.tx(op, 'sandboxes.resize', async (tx) => {
      const row = await settle(tx, claimed.id, fence, {
        size: shape.size,
        cpu_count: shape.cpuCount,
        memory_mb: shape.memoryMiB,
        disk_size_mb: shape.diskMiB,
        updated_at: now,
      });
      if (row === undefined) return undefined;
      if (row.state === 'running') {
        await stopMetering(tx, row, now);
        await startMetering(tx, row, now);
      }
      await auditSandbox(tx, op, 'sandboxes.update', row, { metadata: { fields: ['size'], from: claimed.size, to: row.size } });
      return row;
    }),
  );
  if (resized !== undefined) return resized;
  throw gone((await findAny(core.db.read, claimed.id)) ?? { ended_reason: null });
};
