import { Fault, type NetworkPolicyWire, networkPolicyWire, notFound, type Op, parseNetworkPolicy } from '@miosa/kernel';
import type { BlockedTraffic } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import { hostFault } from '../lifecycle/faults.ts';
import { lookupFor, settleFor } from '../lifecycle/settled.ts';
import type { SandboxRow } from '../types.ts';
import { enforce } from './enforce.ts';
import { deletePolicy, findPolicy, putPolicy } from './store.ts';

const OPEN: NetworkPolicyWire = { default_effect: 'allow', rules: [] };
/** As far back as hosts remember. */
const REMEMBERED_MS = 3600_000;

const visible = async (op: Op, core: Core, id: string): Promise<SandboxRow> => {
  const row = await lookupFor(op, core, id)();
  if (row === undefined) throw notFound();
  return row;
};

/** The sandbox's own policy; what its levels above forbid is not in it. */
export const getPolicy = async (op: Op, core: Core, id: string): Promise<NetworkPolicyWire> => {
  await visible(op, core, id);
  return (await findPolicy(core.db.read, id)) ?? OPEN;
};

/** The answer says that it is in force; a host that is away makes an error of it although it is stored and will be carried out. */
const carriedOut = async (core: Core, id: string): Promise<void> => {
  try {
    await enforce(core, id);
  } catch (error) {
    throw hostFault(
      error,
      'The network policy is stored; it comes into force as soon as the host answers. It could not be carried out now',
    );
  }
};

export const setPolicy = async (op: Op, core: Core, id: string, body: NetworkPolicyWire): Promise<NetworkPolicyWire> => {
  // First whose sandbox it is: what is wrong with the body is told to those who may know that it exists.
  const row = await settleFor(op, core, lookupFor(op, core, id), 'change');
  const policy = networkPolicyWire(parseNetworkPolicy('network_policy', body));
  await core.db.tx(op, 'sandboxes.networkPolicy.set', async (tx) => {
    await putPolicy(tx, row, policy, op.now());
    await auditSandbox(tx, op, 'sandboxes.network_policy.set', row, { metadata: { network_policy: policy } });
  });
  await carriedOut(core, id);
  return policy;
};

export const removePolicy = async (op: Op, core: Core, id: string): Promise<void> => {
  const row = await settleFor(op, core, lookupFor(op, core, id), 'change');
  await core.db.tx(op, 'sandboxes.networkPolicy.delete', async (tx) => {
    if (await deletePolicy(tx, id)) await auditSandbox(tx, op, 'sandboxes.network_policy.delete', row);
  });
  await carriedOut(core, id);
};

/** Newest first. A sandbox without a machine has nothing to tell. */
export const blockedSince = async (op: Op, core: Core, id: string, since: Date | undefined): Promise<readonly BlockedTraffic[]> => {
  await visible(op, core, id);
  try {
    return await core.runtime.blockedTraffic(id, since ?? new Date(core.now().getTime() - REMEMBERED_MS));
  } catch (error) {
    if (error instanceof Fault && error.code === 'NOT_FOUND') return [];
    throw hostFault(error, 'What was blocked cannot be read');
  }
};
