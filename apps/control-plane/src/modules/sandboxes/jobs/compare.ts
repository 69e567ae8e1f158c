import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeInstance, RuntimeState } from '@miosa/runtime';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { alignSecrets } from '../env/brokered.ts';
import { carryOutPause, carryOutResume, cleanHost, deadlineAfter } from '../lifecycle/effects.ts';
import { shapeOnHost } from '../lifecycle/resize.ts';
import { alignNetworkPolicies } from '../network-policy/enforce.ts';
import type { SandboxRow } from '../types.ts';
import { endLostBoots } from './boots.ts';
import { hostAnswered } from './overdue.ts';
import { claimUnchanged, idsWithClaim, markHibernated, restingBefore } from './store.ts';

/** A machine of a sandbox destroyed this recently is being removed by whoever destroyed it. */
const DESTROYED_GRACE_MS = 5000;
const RETRY_MS = 2000;

/** What the host has, against what the rows say. Without an answer from the host nothing is concluded. */
export const compareWithHost = async (core: Core): Promise<void> => {
  const asked = core.now();
  const machines = await core.runtime.list();
  // Rows are read after the list: every machine in it has a row by now, since the row is inserted before the machine is made. Rows that
  // changed after the list was asked for are left out: the list may be older than they are.
  await sweepOrphans(core, machines, asked);
  await alignNetworkPolicies(core, machines);
  await alignSecrets(core, machines);
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  for (const row of await restingBefore(core.db.read, asked)) {
    const machine = byId.get(row.id);
    await correct(core, row, machine?.state);
    if (machine !== undefined) alignShape(core, row, machine);
  }
  await endLostBoots(core, new Map(machines.map((machine) => [machine.id, machine.state])), asked);
};

/** Whoever resized it died before the row said so. */
const alignShape = (core: Core, row: SandboxRow, { shape }: RuntimeInstance): void => {
  const wanted = shapeOnHost(row);
  if (wanted.cpuCount === shape.cpuCount && wanted.memoryMiB === shape.memoryMiB && wanted.diskMiB === shape.diskMiB) return;
  inBackground(core, core.runtime.resize(row.id, wanted)).catch(() => {}); // logged, and repeated
};

const sweepOrphans = async (core: Core, machines: readonly RuntimeInstance[], asked: Date): Promise<void> => {
  const ids = machines.map((machine) => machine.id);
  const claimed = await idsWithClaim(core.db.read, ids, new Date(asked.getTime() - DESTROYED_GRACE_MS));
  for (const id of ids) {
    if (claimed.has(id)) continue;
    core.log.warn({ sandboxId: id }, 'machine without a living sandbox removed');
    await cleanHost(core, id);
  }
};

const correct = async (core: Core, row: SandboxRow, machine: RuntimeState | undefined): Promise<void> => {
  const now = core.now();
  const op = systemOp(core, row.tenant_id, 'reconciler');
  if (row.state === 'running' && machine === 'stopped') {
    // A clean stop of the host ended its processes and kept its files.
    const claimed = await claimUnchanged(core.db.read, row, {
      transition: 'pausing',
      deadline: deadlineAfter(now, 'pausing'),
      now,
      reason: 'operator',
    });
    if (claimed !== undefined) inBackground(core, carryOutPause(op, core, claimed)).catch(() => {});
    return;
  }
  if (row.state === 'running' && machine !== 'running') {
    const claimed = await claimUnchanged(core.db.read, row, { transition: 'resuming', deadline: deadlineAfter(now, 'resuming'), now });
    if (claimed !== undefined) inBackground(core, recover(core, claimed)).catch(() => {});
    return;
  }
  if (row.state === 'paused' && row.resume_keeps === 'memory' && (machine === 'stopped' || machine === 'lost')) {
    await markHibernated(core.db.read, row, now);
    return;
  }
  if (row.state === 'paused' && machine === 'running') {
    const claimed = await claimUnchanged(core.db.read, row, { transition: 'pausing', deadline: deadlineAfter(now, 'pausing'), now });
    if (claimed !== undefined) inBackground(core, carryOutPause(op, core, claimed)).catch(() => {});
  }
};

/** A running sandbox whose machine is lost: brought back within its deadline of sixty seconds, else `error` (contract 4.2). */
const recover = async (core: Core, claimed: SandboxRow): Promise<void> => {
  const until = claimed.transition_deadline ?? core.now();
  const revive = async (id: string): Promise<RuntimeInstance> => {
    for (;;) {
      try {
        return await core.runtime.resume(id);
      } catch (error) {
        if (core.now().getTime() + RETRY_MS >= until.getTime() || core.stopping.aborted) throw error;
        await sleep(RETRY_MS, undefined, { signal: core.stopping });
      }
    }
  };
  core.pools.close(claimed.id);
  await carryOutResume(systemOp(core, claimed.tenant_id, 'reconciler'), core, claimed, { revive, isFinal: hostAnswered });
};
