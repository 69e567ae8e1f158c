import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, type Log } from '@miosa/kernel';
import type { Helper } from '../helper.ts';
import type { AddressPlan, Slot } from './addresses.ts';

/** Network namespaces with addresses, made ahead: making one takes 2–4 ms, taking one nothing. */
export interface SlotPool {
  take(): Promise<Slot>;
  /** Gives the index back. Its namespace ends with the last process in it, its link a moment later; neither is used again. */
  release(index: number): Promise<void>;
  /** Marks a slot of a sandbox that outlived the runner as taken. */
  adopt(index: number): void;
  /** Makes the first few, then goes on in the background. */
  fill(): Promise<void>;
  readonly ready: number;
  close(): Promise<void>;
}

/** Small batches: the kernel's network lock is held meanwhile and a create may be waiting for it. */
const BATCH = 4;
/** Refilling waits until no slot was taken for this long, so that a burst of creates has the processor to itself. */
const QUIET_MS = 250;

export const slotPool = (options: { helper: Helper; plan: AddressPlan; target: number; log: Log }): SlotPool => {
  const { helper, plan, target, log } = options;
  const taken = new Set<number>();
  const ready: Slot[] = [];
  let next = 0;
  let lastTaken = 0;
  let filling: Promise<void> | null = null;
  let closed = false;

  // Round robin: the host's end of a slot just released may take a moment to go.
  const freeIndex = (): number => {
    for (let tried = 0; tried < plan.slotCount; tried++) {
      const index = next;
      next = (next + 1) % plan.slotCount;
      if (!taken.has(index)) return index;
    }
    throw new Fault('UNAVAILABLE', 'This host has no room for another sandbox.', { details: { reason: 'network_slots' } });
  };
  const make = async (count: number): Promise<Slot[]> => {
    const slots = Array.from({ length: count }, () => {
      const slot = plan.slot(freeIndex());
      taken.add(slot.index);
      return slot;
    });
    try {
      await helper.call('links.destroy', { names: slots.map((slot) => slot.link) });
      await helper.call('slots.make', { slots });
      return slots;
    } catch (error) {
      for (const slot of slots) {
        await helper.call('slots.drop', { index: slot.index });
        taken.delete(slot.index);
      }
      throw error;
    }
  };
  const refill = async (): Promise<void> => {
    while (!closed && ready.length < target) {
      const quietIn = lastTaken + QUIET_MS - performance.now();
      if (quietIn > 0 && ready.length > BATCH) await sleep(quietIn);
      else ready.push(...(await make(Math.min(BATCH, target - ready.length))));
    }
  };
  const refillInBackground = (): void => {
    filling ??= refill()
      .catch((error: unknown) => log.error({ err: error }, 'network slots could not be made'))
      .finally(() => {
        filling = null;
      });
  };
  const release = async (index: number): Promise<void> => {
    await helper.call('slots.drop', { index });
    taken.delete(index);
  };
  return {
    take: async () => {
      lastTaken = performance.now();
      const slot = ready.shift() ?? (await make(1))[0];
      refillInBackground();
      if (slot === undefined) throw new Error('no slot was made');
      return slot;
    },
    release,
    adopt: (index) => {
      taken.add(index);
    },
    fill: async () => {
      ready.push(...(await make(Math.min(BATCH, target))));
      refillInBackground();
    },
    get ready() {
      return ready.length;
    },
    close: async () => {
      closed = true;
      await filling;
      for (const slot of ready.splice(0)) await release(slot.index);
    },
  };
};
