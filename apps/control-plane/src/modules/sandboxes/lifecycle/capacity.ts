import type { Tx } from '@miosa/db';
import { Fault } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { exceeded } from '../policy.ts';
import { countIn, holdCapacity, holdOrganization, sumOfRunning } from '../store.ts';
import type { SandboxRow } from '../types.ts';

const RETRY_SECONDS = 10;
const MIB = 2 ** 20;

type Need = Pick<SandboxRow, 'id' | 'tenant_id' | 'cpu_count' | 'memory_mb'> & { readonly purpose?: SandboxRow['purpose'] | undefined };

const full = (reason: 'cpu' | 'memory'): Fault =>
  new Fault('UNAVAILABLE', `All ${reason} that this installation gives to sandboxes is taken. Try again later.`, {
    details: { reason },
    retryAfterSeconds: RETRY_SECONDS,
  });

const isShared = ({ policy }: Core): boolean => policy.memoryOvercommit !== null || policy.cpuOvercommit !== null;
const isCapped = ({ policy }: Core): boolean => policy.runningPerOrganization !== null || policy.sandboxesPerOrganization !== null;

/** Whether anything limits how much may run. */
export const isLimited = (core: Core): boolean => isShared(core) || isCapped(core);

const assertCaps = async (tx: Tx, { policy }: Core, need: Need): Promise<void> => {
  await holdOrganization(tx, need.tenant_id);
  const { running, living } = await countIn(tx, need.tenant_id, need.id);
  const caps = [
    ['running_sandboxes', policy.runningPerOrganization, running, 'run at once. Pause or destroy one'],
    ['sandboxes', policy.sandboxesPerOrganization, living, 'exist. Destroy one'],
  ] as const;
  for (const [quota, limit, used, what] of caps)
    if (limit !== null && used >= limit)
      throw exceeded(`At most ${limit} sandboxes of an organization may ${what}.`, { quota, limit, used, level: 'organization' });
};

/**
 * Whether the operator's caps and overcommit rules have room for it among the others; held until the end of the transaction, in which it
 * counts as running from then on.
 */
export const assertCapacity = async (tx: Tx, core: Core, need: Need): Promise<void> => {
  if (isCapped(core) && (need.purpose ?? null) === null) await assertCaps(tx, core, need);
  if (!isShared(core)) return;
  const { memoryOvercommit, cpuOvercommit } = core.policy;
  const { host } = await core.capabilities();
  await holdCapacity(tx);
  const taken = await sumOfRunning(tx, need.id);
  if (memoryOvercommit !== null && (taken.memoryMiB + need.memory_mb) * MIB > host.memoryBytes * memoryOvercommit) throw full('memory');
  if (cpuOvercommit !== null && taken.vcpus + need.cpu_count > host.cpuCount * cpuOvercommit) throw full('cpu');
};
