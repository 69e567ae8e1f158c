import { readFileSync } from 'node:fs';
import type { RuntimeCounters } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { SandboxRecord } from './records.ts';

/** A link goes with the last process of its sandbox, and what is asked of it then cannot be answered. */
const counter = (link: string, name: string): number => {
  try {
    return Number(readFileSync(`/sys/class/net/${link}/statistics/${name}`, 'utf8'));
  } catch {
    return 0;
  }
};

/** Counters of the boot that runs or has just ended; zero when nothing is left to ask. */
export const countersOfBoot = (record: SandboxRecord, from: { cgroups: Cgroups; link: string | null }): RuntimeCounters => {
  if (from.link === null) return { cpuUsageUsec: 0, networkRxBytes: 0, networkTxBytes: 0 };
  return {
    cpuUsageUsec: from.cgroups.has(record.spec.id) ? from.cgroups.usage(record.spec.id).cpuUsageUsec : 0,
    // Seen from the host's end of the pair: what we transmit, the sandbox receives.
    networkRxBytes: counter(from.link, 'tx_bytes'),
    networkTxBytes: counter(from.link, 'rx_bytes'),
  };
};
