import type { Tx } from '@miosa/db';
import { Fault } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { holdCapacity, sumOfRunning } from '../store.ts';
import type { SandboxRow } from '../types.ts';

const RETRY_SECONDS = 10;
const MIB = 2 ** 20;

type Need = Pick<SandboxRow, 'id' | 'cpu_count' | 'memory_mb'>;

const full = (reason: 'cpu' | 'memory'): Fault =>
  new Fault('UNAVAILABLE', `All ${reason} that this installation gives to sandboxes is taken. Try again later.`, {
    details: { reason },
    retryAfterSeconds: RETRY_SECONDS,
  });

export const isLimited = ({ policy }: Core): boolean => policy.memoryOvercommit !== null || policy.cpuOvercommit !== null;

/** Whether the operator's overcommit rules have room for it among those that run; held until the end of the transaction. */
export const assertCapacity = async (tx: Tx, core: Core, need: Need): Promise<void> => {
  if (!isLimited(core)) return;
  const { memoryOvercommit, cpuOvercommit } = core.policy;
  const { host } = await core.capabilities();
  await holdCapacity(tx);
  const taken = await sumOfRunning(tx, need.id);
  if (memoryOvercommit !== null && (taken.memoryMiB + need.memory_mb) * MIB > host.memoryBytes * memoryOvercommit) throw full('memory');
  if (cpuOvercommit !== null && taken.vcpus + need.cpu_count > host.cpuCount * cpuOvercommit) throw full('cpu');
};
