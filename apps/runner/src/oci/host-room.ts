import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Fault } from '@miosa/kernel';
import type { HostRoom } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import { hostShare } from './cgroups/host-share.ts';

const availableBytes = (): number => Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;

/** Below this a new machine would only bring the kernel to kill inside the others. */
const LEAST = 128 * 2 ** 20;

/** What all sandboxes may hold together, and what of that is free: neither used by them nor by the rest of the host. */
export const hostRoom = (cgroups: Cgroups): HostRoom => {
  const { memoryBytes } = hostShare();
  const free = Math.min(availableBytes(), memoryBytes - cgroups.heldBytes());
  return { cpuCount: availableParallelism(), memoryBytes, memoryFreeBytes: Math.max(0, free) };
};

/** Plenty: what is booted ahead of demand takes nothing from what is asked for. */
export const hasMemoryToSpare = (cgroups: Cgroups): boolean => {
  const { memoryBytes, memoryFreeBytes } = hostRoom(cgroups);
  return memoryFreeBytes > Math.max(4 * LEAST, memoryBytes * 0.1);
};

export const assertMemory = (cgroups: Cgroups): void => {
  const { memoryBytes, memoryFreeBytes } = hostRoom(cgroups);
  if (memoryFreeBytes < Math.max(LEAST, memoryBytes * 0.02))
    throw new Fault('UNAVAILABLE', 'This host has no memory for another running sandbox now.', { details: { reason: 'memory' } });
};
