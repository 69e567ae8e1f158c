import { Fault, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { cleanHost, destroyRow } from '../lifecycle/effects.ts';
import { settleFor } from '../lifecycle/settled.ts';
import { findAny } from '../store.ts';
import { endItem, keepLease, type Leased, leaseItems, purgeOperations, releaseItem } from './store.ts';

/** Sandboxes worked on at once by one process: hundreds must neither take minutes nor flood the host. */
const AT_ONCE = 8;
/** So long after a process died another goes on; renewed while it works. */
const LEASE_MS = 15_000;
const RENEW_MS = 4000;
const KEPT_MS = 30 * 24 * 3600_000;

const opOf = (core: Core, { actor, request_id }: Leased): Op => ({
  requestId: request_id,
  actor,
  ip: null,
  userAgent: null,
  log: core.log,
  now: core.now,
  signal: core.stopping,
});

const act = async (core: Core, item: Leased): Promise<void> => {
  const op = opOf(core, item);
  // What the caller may see was judged when the work was accepted.
  const lookup = async () => {
    const row = await findAny(core.db.read, item.sandbox_id);
    return row?.tenant_id === item.tenant_id ? row : undefined;
  };
  if (item.action !== 'destroy') {
    await settleFor(op, core, lookup, item.action);
    return;
  }
  if (await destroyRow(op, core, item.sandbox_id, 'user')) await cleanHost(core, item.sandbox_id);
};

/** All three acts may be repeated, so an item whose process died half-way is simply done again. */
const carryOut = async (core: Core, item: Leased): Promise<void> => {
  const renewing = setInterval(() => {
    keepLease(core.db.read, item, new Date(Date.now() + LEASE_MS)).catch(() => {}); // lost: done twice at worst
  }, RENEW_MS);
  try {
    await act(core, item);
    await endItem(core.db.read, item, null);
  } catch (error) {
    if (core.stopping.aborted) return await releaseItem(core.db.read, item);
    if (!(error instanceof Fault)) core.log.warn({ err: error, sandboxId: item.sandbox_id }, 'bulk operation failed on a sandbox');
    await endItem(core.db.read, item, error instanceof Fault ? error.code : 'INTERNAL');
  } finally {
    clearInterval(renewing);
  }
};

/** Works until nothing is queued. A slow sandbox holds up one of the workers, not the others. */
export const runQueued = async (core: Core): Promise<void> => {
  const worker = async (): Promise<void> => {
    while (!core.stopping.aborted) {
      const [item] = await leaseItems(core.db.read, LEASE_MS, 1);
      if (item === undefined) return;
      await carryOut(core, item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

export const forgetOldBulk = (core: Core): Promise<void> => purgeOperations(core.db.read, new Date(core.now().getTime() - KEPT_MS));
