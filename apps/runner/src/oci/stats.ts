import { readFileSync } from 'node:fs';
import type { RuntimeStats } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import { isAlive } from './process.ts';
import type { SandboxRecord } from './records.ts';

const counter = (link: string, name: string): number => Number(readFileSync(`/sys/class/net/${link}/statistics/${name}`, 'utf8'));

/** Counters since the last boot; a sandbox without processes uses disk only. */
export const readStats = async (
  record: SandboxRecord,
  from: { cgroups: Cgroups; disk: Disk; link: string | null },
): Promise<RuntimeStats> => {
  const diskBytes = await from.disk.usedBytes(record.spec.id);
  if (record.phase !== 'running' || !isAlive(record.process) || from.link === null)
    return { cpuUsageUsec: 0, memoryBytes: 0, pids: 0, diskBytes, networkRxBytes: 0, networkTxBytes: 0 };
  return {
    ...from.cgroups.usage(record.spec.id),
    diskBytes,
    // Seen from the host's end of the pair: what we transmit, the sandbox receives.
    networkRxBytes: counter(from.link, 'tx_bytes'),
    networkTxBytes: counter(from.link, 'rx_bytes'),
  };
};
