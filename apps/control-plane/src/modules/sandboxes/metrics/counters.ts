import type { Core } from '../deps.ts';
import type { SandboxRow } from '../types.ts';
import { type Counted, findCounters, recordCounters } from './store.ts';

/** One call to the host and one statement, for any number of sandboxes. */
export const collectCounters = async (core: Core): Promise<void> => {
  await recordCounters(core.db.read, await core.runtime.counters(), core.now());
};

/** Before the machine of a destroyed sandbox goes: what it used since the last collection. A host that is away keeps that to itself. */
export const lastCounters = async (core: Core, id: string): Promise<Counted | undefined> => {
  try {
    return { ...(await core.runtime.stats(id)), id, diskBytes: 0 };
  } catch (error) {
    core.log.debug({ err: error, sandboxId: id }, 'last counters of a sandbox not known');
    return undefined;
  }
};

export const keepLastCounters = async (core: Core, last: Counted | undefined): Promise<void> => {
  try {
    if (last !== undefined) await recordCounters(core.db.read, [last], core.now());
  } catch (error) {
    core.log.debug({ err: error, sandboxId: last?.id }, 'last counters of a sandbox not kept');
  }
};

/** What it has used in its whole life, of now where the host answers; undefined when it was never measured. */
export const countersOf = async (core: Core, row: SandboxRow): Promise<Omit<Counted, 'id'> | undefined> => {
  const hasMachine = row.state !== 'destroyed' && row.state !== 'provisioning';
  const [kept, live] = await Promise.all([
    findCounters(core.db.read, row.id),
    hasMachine ? core.runtime.stats(row.id).catch(() => undefined) : undefined,
  ]);
  if (live === undefined || kept === undefined) return live ?? kept;
  return {
    cpuUsageUsec: Math.max(kept.cpuUsageUsec, live.cpuUsageUsec),
    networkRxBytes: Math.max(kept.networkRxBytes, live.networkRxBytes),
    networkTxBytes: Math.max(kept.networkTxBytes, live.networkTxBytes),
    diskBytes: live.diskBytes,
  };
};
