import { Fault, notFound, type Op } from '@miosa/kernel';
import { callJson } from '../agent/client.ts';
import { unreachable } from '../agent/faults.ts';
import type { Pool } from '../agent/pool.ts';
import { AgentAnything } from '../agent/protocol.ts';
import { type Core, inBackground } from '../deps.ts';
import { cleanHost, destroyRow } from '../lifecycle/effects.ts';
import { lookupFor, pauseAs, settleFor } from '../lifecycle/settled.ts';
import { positionsOf } from '../logs/position.ts';
import { streamLines } from '../logs/stream.ts';
import { inheritedOwnership, originOf } from '../snapshots/origin.ts';
import { dropHidden, takeHidden } from '../snapshots/service.ts';
import { machinesAmong, tenantSuspended } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { execIn } from './exec.ts';
import { launchMachine } from './launch.ts';
import { appOf, portsOf, probe, samplesOf, stopApp, tailOf } from './look.ts';
import { machineIn, machineOf, machineOrSandbox } from './lookup.ts';
import type { Machine, Machines, Source } from './types.ts';

const TIDY_MS = 60_000;

const sourceOf = async (op: Op, core: Core, row: SandboxRow): Promise<Source> => ({
  id: row.id,
  name: row.name,
  ownership: await inheritedOwnership(op, core, row),
  templateId: row.template_id,
  startCommand: row.start_command,
  previewPort: row.preview_port,
});

const agentOf = async (op: Op, core: Core, id: string): Promise<Pool> => {
  const row = await settleFor(op, core, machineOrSandbox(op, core, id), 'use');
  if (row.endpoint === null) throw unreachable(new Error('running without an endpoint'));
  core.activity.touch(id);
  return core.pools.of(id, row.endpoint);
};

const takeSnapshot = async (op: Op, core: Core, id: string): Promise<{ readonly id: string; readonly sizeBytes: number }> => {
  const machine = await machineIn(op, core, id)();
  if (machine !== undefined)
    await callJson(await agentOf(op, core, id), { method: 'POST', path: '/tidy', timeoutMs: TIDY_MS, signal: op.signal }, AgentAnything);
  const snapshot = await takeHidden(op, core, machineOrSandbox(op, core, id));
  return { id: snapshot.id, sizeBytes: Number(snapshot.size_bytes) };
};

const pause = async (op: Op, core: Core, id: string): Promise<void> => {
  const row = await machineIn(op, core, id)();
  if (row === undefined) throw notFound();
  const paused = row.state === 'running' && row.transition === null ? await pauseAs(op, core, row, 'idle') : undefined;
  if (paused === undefined) await settleFor(op, core, machineIn(op, core, id), 'pause');
};

const wake = async (op: Op, core: Core, id: string): Promise<Machine> => {
  const row = await machineIn(op, core, id)();
  if (row === undefined) throw notFound();
  if (await tenantSuspended(core.db.read, row.tenant_id))
    throw new Fault('FORBIDDEN', 'The organization is suspended.', { details: { reason: 'organization_suspended' } });
  return machineOf(await settleFor(op, core, machineIn(op, core, id), 'use'));
};

const destroy = async (op: Op, core: Core, id: string): Promise<void> => {
  const row = await machineIn(op, core, id)();
  if (row === undefined) return;
  const ended = await destroyRow(op, core, id, 'user');
  if (ended || row.transition === 'destroying') await inBackground(core, cleanHost(core, id));
};

export const createMachines = (core: Core): Machines => ({
  launch: (op, how) => launchMachine(op, core, how),
  find: async (ids) => new Map((await machinesAmong(core.db.read, null, ids)).map((row) => [row.id, machineOf(row)])),
  source: async (op, id) => sourceOf(op, core, await settleFor(op, core, lookupFor(op, core, id), 'use')),
  sourceSnapshot: async (op, id) => {
    const { snapshot, source } = await originOf(op, core, id);
    return { ...(await sourceOf(op, core, source)), ownership: await inheritedOwnership(op, core, snapshot) };
  },
  takeSnapshot: (op, id) => takeSnapshot(op, core, id),
  dropSnapshot: (op, id) => dropHidden(op, core, id),
  exec: (op, id, how) => execIn(op, core, id, how),
  agent: (op, id) => agentOf(op, core, id),
  pause: (op, id) => pause(op, core, id),
  wake: (op, id) => wake(op, core, id),
  destroy: (op, id) => destroy(op, core, id),
  app: (id) => appOf(core, id),
  stopApp: (id, how) => stopApp(core, id, how),
  probe: (id, request) => probe(core, id, request),
  ports: (id) => portsOf(core, id),
  tail: (id, lines) => tailOf(core, id, lines),
  follow: (op, id, { lines, after, signal }) => streamLines(op, core, id, { lines, from: positionsOf(after), signal }),
  samples: (id, since) => samplesOf(core, id, since),
});
