import { type Op, tenantOf } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { type Lookup, lookupFor } from '../lifecycle/settled.ts';
import { machinesAmong } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import type { Machine } from './types.ts';

export const machineOf = (row: SandboxRow): Machine => {
  if (row.purpose === null) throw new Error(`${row.id} is no machine`);
  return {
    id: row.id,
    slug: row.slug,
    purpose: row.purpose,
    state: row.state,
    transition: row.transition,
    stateReason: row.state_reason,
    endpoint: row.endpoint,
    lastActivityAt: row.last_activity_at,
  };
};

/** A machine of the organization; never a sandbox. */
export const machineIn =
  (op: Op, core: Core, id: string): Lookup =>
  async () =>
    (await machinesAmong(core.db.read, tenantOf(op), [id]))[0];

/** A machine of the organization, else a sandbox that the caller sees. */
export const machineOrSandbox =
  (op: Op, core: Core, id: string): Lookup =>
  async () =>
    (await machineIn(op, core, id)()) ?? lookupFor(op, core, id)();
