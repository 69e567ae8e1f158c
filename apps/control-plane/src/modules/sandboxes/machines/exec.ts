import type { Op } from '@miosa/kernel';
import { callStream } from '../agent/client.ts';
import { unreachable } from '../agent/faults.ts';
import type { Core } from '../deps.ts';
import { agentEvents, agentExec } from '../exec/service.ts';
import { settleFor } from '../lifecycle/settled.ts';
import { machineIn } from './lookup.ts';
import type { MachineExec, MachineOutput } from './types.ts';

const ACCEPT_MS = 15_000;

/** A command in a machine, its output as it comes. */
export async function* execIn(op: Op, core: Core, id: string, how: MachineExec): AsyncGenerator<MachineOutput> {
  const row = await settleFor(op, core, machineIn(op, core, id), 'use');
  if (row.endpoint === null) throw unreachable(new Error('running without an endpoint'));
  const { command, timeoutSec, cwd, env, stdin, user } = how;
  const request = { command: typeof command === 'string' ? command : [...command], cwd, env: env && { ...env }, stdin, user };
  const json = agentExec(request, timeoutSec);
  const call = { method: 'POST', path: '/exec/stream', json, timeoutMs: ACCEPT_MS, signal: op.signal } as const;
  const stream = await callStream(core.pools.of(id, row.endpoint), call);
  for await (const event of agentEvents(op, core, id, stream, 'activity')) {
    if (event.type === 'stdout' || event.type === 'stderr') yield { type: event.type, bytes: Buffer.from(event.data, event.encoding) };
    if (event.type === 'exit') yield { type: 'exit', exitCode: event.exitCode, signal: event.signal ?? null, timedOut: event.timedOut };
    if (event.type === 'error') throw unreachable(new Error(`${event.code}: ${event.message}`));
  }
}
