import { realpathSync } from 'node:fs';
import { randomBase32 } from '@miosa/kernel';
import type { Booter } from '../boot.ts';
import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Disk } from '../disk.ts';
import type { Helper } from '../helper.ts';
import type { Slot } from '../network/addresses.ts';
import type { SlotPool } from '../network/slots.ts';
import { isAlive } from '../process.ts';
import type { SandboxRecord } from '../records.ts';
import type { templateStore } from '../templates.ts';
import type { Tier } from '../tiers/tier.ts';

/** A machine that was booted before anybody asked for it. */
export interface Spare {
  /** Of its cgroups; until it is claimed also of its volume and socket. Like an id, 30 characters. */
  readonly name: string;
  readonly templateId: string;
  /** The template build and the agent program that it runs. */
  readonly rootfs: string;
  readonly agent: string;
  readonly slot: Slot;
  readonly process: { readonly pid: number; readonly startTime: number };
}

export interface SpareParts {
  readonly helper: Helper;
  readonly cgroups: Cgroups;
  readonly disk: Disk;
  readonly slots: SlotPool;
  readonly booter: Booter;
  readonly tier: Tier;
  readonly templates: ReturnType<typeof templateStore>;
  readonly agentPath: string;
}

/** While it waits; a claim gives it those of its sandbox. An idle agent uses a fraction. */
const WAITING = { cpuCount: 1, memoryMiB: 64, diskMiB: 64, pidsMax: 64 } as const;
const KILL_TIMEOUT_MS = 10_000;

/**
 * Makes and ends spares. They have no records: one that nobody claimed is an orphan to the next runner and swept, so none can be handed out
 * twice, and a claim is one record more and no record less.
 */
export const createSpares = ({ helper, cgroups, disk, slots, booter, tier, templates, agentPath }: SpareParts) => {
  const end = async ({ name, slot, process }: Pick<Spare, 'name' | 'slot'> & { process: Spare['process'] | null }): Promise<void> => {
    if (process !== null) await helper.call('kill', { ...process, timeoutMs: KILL_TIMEOUT_MS });
    await cgroups.remove(name);
    await booter.forget(name);
    await slots.release(slot.index);
    await disk.remove(name);
  };
  return {
    make: async (templateId: string): Promise<Spare> => {
      const rootfs = templates.resolve(templateId);
      const agent = realpathSync(agentPath);
      const slot = await slots.take();
      const name = `spare_${randomBase32(24)}`;
      const spec = { id: name, templateId, hostname: 'spare', env: {}, ...WAITING };
      const record: SandboxRecord = { spec, rootfs, phase: 'creating', slot: slot.index, process: null };
      try {
        await disk.create(name, WAITING.diskMiB);
        const { pid, startTime } = await booter.boot(record, slot, tier, { waiting: true });
        return { name, templateId, rootfs, agent, slot, process: { pid, startTime } };
      } catch (error) {
        await end({ name, slot, process: null });
        throw error;
      }
    },
    end,
    /** Whether a sandbox of that build would be booted like this now. */
    isFit: (spare: Spare, rootfs: string): boolean =>
      spare.rootfs === rootfs && isAlive(spare.process) && spare.agent === realpathSync(agentPath),
  };
};
