import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@miosa/kernel';
import type { Booter } from '../boot.ts';
import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Disk } from '../disk.ts';
import type { Helper } from '../helper.ts';
import type { SlotPool } from '../network/slots.ts';
import type { SandboxRecord } from '../records.ts';
import type { Tier } from './tier.ts';

export interface ProbeParts {
  readonly helper: Helper;
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly slots: SlotPool;
  readonly booter: Booter;
  readonly folder: string;
}

const KILL_TIMEOUT_MS = 5000;
const LEAVING_MS = 200;
const SHAPE = { cpuCount: 1, memoryMiB: 256, diskMiB: 16 };

/**
 * A real boot of nothing but the agent, the same way as every other, and its end. Rejects with what was wrong.
 * It has no record: what a crash leaves of it is swept by the next runner as belonging to nobody.
 */
export const bootProbe =
  ({ helper, cgroups, disk, slots, booter, folder }: ProbeParts) =>
  async (tier: Tier): Promise<void> => {
    const id = newId('sbx');
    const rootfs = join(folder, 'empty');
    mkdirSync(join(rootfs, 'tmp'), { recursive: true, mode: 0o755 });
    const spec = { id, templateId: 'empty', hostname: 'probe', ...SHAPE, pidsMax: 256, env: {} };
    const record: SandboxRecord = { spec, rootfs, phase: 'booting', slot: null, process: null };
    const slot = await slots.take();
    try {
      await disk.create(id, SHAPE.diskMiB);
      const { pid, startTime } = await booter.boot(record, slot, tier);
      await helper.call('kill', { pid, startTime, timeoutMs: KILL_TIMEOUT_MS });
    } catch (error) {
      // What is left in the cgroups is killed, and a thread of the helper that failed in there may take a moment to leave.
      await sleep(LEAVING_MS);
      throw error;
    } finally {
      await cgroups.remove(id);
      await booter.forget(id);
      await disk.remove(id);
      await slots.release(slot.index);
    }
  };
