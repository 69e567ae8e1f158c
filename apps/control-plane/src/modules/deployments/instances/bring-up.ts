import { Fault, newId } from '@miosa/kernel';
import { shellLine } from '../build/command.ts';
import { type Core, systemOp } from '../deps.ts';
import type { InstanceRow } from '../types.ts';
import { type Context, contextOf, ownershipFor, varsFor } from './context.ts';
import { failInstance } from './end.ts';
import { untilHealthy } from './health.ts';
import { changeInstance } from './store.ts';

/** Whoever brings an instance up renews its lease; when that process dies, another takes over. */
export const LEASE_MS = 15_000;
const RENEW_MS = 4000;

/** It was stopped, or taken over by another process, while it started. */
class Superseded extends Error {}

const launch = async (core: Core, row: InstanceRow, context: Context): Promise<string> => {
  const op = systemOp(core, row.tenant_id, 'deployments');
  const { deployment, release, runCommand, port } = context;
  if (row.machine_id !== null) return (await core.machines.wake(op, row.machine_id)).id;
  const id = newId('sbx', core.now().getTime());
  const [ownership, vars] = await Promise.all([ownershipFor(core, deployment), varsFor(core, context, row)]);
  const machine = await core.machines.launch(op, {
    id,
    purpose: 'instance',
    ownership,
    from: { snapshotId: release.snapshot_id },
    name: deployment.slug,
    size: deployment.size,
    vars,
    startCommand: shellLine(runCommand),
    port,
    test: deployment.test,
    alongside: async (tx) => {
      const set = { machine_id: id, state: 'starting', updated_at: core.now() } as const;
      if ((await changeInstance(tx, row.id, ['pending'], set)) === undefined) throw new Superseded();
    },
  });
  return machine.id;
};

const markHealthy = async (core: Core, id: string): Promise<InstanceRow> => {
  const now = core.now();
  const set = {
    state: 'healthy',
    state_reason: null,
    deadline: null,
    started_at: now,
    checked_at: now,
    window_at: now,
    updated_at: now,
  } as const;
  const row = await changeInstance(core.db.read, id, ['starting'], set);
  if (row === undefined) throw new Superseded();
  return row;
};

/**
 * Takes an instance from where it stands to healthy, or ends it as `failed`. Repeatable after a crash at any point: the machine's row is made
 * together with the instance's reference to it.
 * @throws Fault why it did not become healthy.
 */
export const bringUp = async (core: Core, row: InstanceRow): Promise<InstanceRow> => {
  const lost = new AbortController();
  const signal = AbortSignal.any([core.stopping, lost.signal]);
  const renew = async (): Promise<void> => {
    const deadline = new Date(core.now().getTime() + LEASE_MS);
    if ((await changeInstance(core.db.read, row.id, ['pending', 'starting'], { deadline })) === undefined) lost.abort(new Superseded());
  };
  const lease = setInterval(() => void renew().catch(() => {}), RENEW_MS);
  try {
    const context = await contextOf(core, row.deployment_id, row.version_id);
    const machineId = await launch(core, row, context);
    await untilHealthy(core, machineId, { port: context.port, path: context.path, graceMs: core.policy.healthGraceSec * 1000, signal });
    return await markHealthy(core, row.id);
  } catch (error) {
    // The row stays as it is: whoever takes it over goes on from there.
    if (core.stopping.aborted) {
      await changeInstance(core.db.read, row.id, ['pending', 'starting'], { deadline: core.now() }).catch(() => {}); // its lease ends by itself
      throw new Fault('UNAVAILABLE', 'The platform is stopping. Try again.');
    }
    if (lost.signal.aborted || error instanceof Superseded) throw new Fault('CONFLICT', 'The instance was stopped while it started.');
    await failInstance(core, row.id, reasonOf(core, error));
    throw error;
  } finally {
    clearInterval(lease);
  }
};

const reasonOf = (core: Core, error: unknown): string => {
  if (error instanceof Fault && error.code !== 'INTERNAL') return error.message;
  core.log.error({ err: error }, 'an instance could not be started');
  return 'The platform failed to start it.';
};
