import { Fault, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { lookupFor, settleFor } from '../lifecycle/settled.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { ConnectionsClosed, interrupted, unreachable } from './faults.ts';
import type { Pool } from './pool.ts';

/** Whether a call counts as using the sandbox (contract 4.2: exec, input, file writes do; reading and listing do not). */
export type Use = 'activity' | 'reading';

/**
 * Runs `call` against the agent of a sandbox the caller may see, waking it first. One database read when it runs. If the sandbox stops
 * running under the call, the caller is told that instead of a broken connection.
 */
export const withAgent = async <T>(
  op: Op,
  core: Core,
  id: string,
  use: Use,
  call: (pool: Pool, row: SandboxRow) => Promise<T>,
): Promise<T> => {
  const row = await settleFor(op, core, lookupFor(op, core, id), 'use');
  if (row.endpoint === null) throw unreachable(new Error('running without an endpoint'));
  const done = use === 'activity' ? core.activity.begin(id) : undefined;
  try {
    return await call(core.pools.of(id, row.endpoint), row);
  } catch (error) {
    throw await explain(core, id, error);
  } finally {
    done?.();
  }
};

/** What a broken call means, given what has become of the sandbox. */
export const explain = async (core: Core, id: string, error: unknown): Promise<unknown> => {
  const broken = error instanceof ConnectionsClosed || (error instanceof Fault && error.code === 'UPSTREAM_UNREACHABLE');
  if (!broken) return error;
  const row = await findAny(core.db.read, id);
  if (row === undefined || row.state !== 'running') return interrupted(row);
  return error instanceof Fault ? error : unreachable(error);
};
