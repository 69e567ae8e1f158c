import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, notFound } from '@miosa/kernel';
import { type Core, inBackground, systemOp } from '../deps.ts';
import type { InstanceRow } from '../types.ts';
import { bringUp } from './bring-up.ts';
import { lockFacts } from './facts.store.ts';
import { restedEnough, STAGED_IDLE_SEC } from './rules.ts';
import { findVersionById, liveOfVersion, setNeeded } from './store.ts';
import { insertPending } from './tend.ts';

/** Contract 4.4: a visitor is held that long. */
const HOLD_MS = 30_000;
const LOOK_MS = 100;

const flights = new WeakMap<Core['flights'], Map<string, Promise<void>>>();

const flightsOf = (core: Core): Map<string, Promise<void>> => {
  const known = flights.get(core.flights) ?? new Map<string, Promise<void>>();
  flights.set(core.flights, known);
  return known;
};

/** One of the version, made if there is none, and whether this process is to bring it up. */
const oneOf = async (core: Core, deploymentId: string, versionId: string): Promise<{ row: InstanceRow; isOurs: boolean }> =>
  core.db.tx({ log: core.log, requestId: 'system-staged' }, 'deployments.staged', async (tx) => {
    const found = await lockFacts(tx, deploymentId, core.now());
    if (found === undefined || found.row.deleted_at !== null) throw notFound();
    if (found.facts.deployment.suspended)
      throw new Fault('FORBIDDEN', 'The organization is suspended.', { details: { reason: 'organization_suspended' } });
    const live = await liveOfVersion(tx, versionId);
    const neededUntil = new Date(core.now().getTime() + STAGED_IDLE_SEC * 1000);
    const best = live.find(({ state }) => state === 'healthy') ?? live[0];
    if (best !== undefined) {
      if (best.staged) await setNeeded(tx, [best.id], neededUntil);
      return { row: best, isOurs: false };
    }
    if (found.row.active_version_id === versionId && found.row.state === 'stopped')
      throw new Fault('FORBIDDEN', 'The deployment is stopped.', { details: { reason: 'stopped' } });
    // A version that does not start is not tried for every visitor.
    const failed = found.facts.instances.filter((one) => one.versionId === versionId && one.state === 'failed');
    if (!restedEnough(failed, core.now()))
      throw new Fault('CONFLICT', failed.at(-1)?.stateReason ?? 'The version could not be started.', {
        details: { reason: 'not_healthy' },
      });
    const version = await findVersionById(tx, versionId);
    const isLive = found.row.active_version_id === versionId;
    const envRevision = isLive ? found.row.active_env_revision : (version?.env_revision ?? 0);
    const how = { count: 1, versionId, envRevision, staged: !isLive, neededUntil };
    const [row] = await insertPending(tx, core, found.row, how);
    if (row === undefined) throw notFound();
    return { row, isOurs: true };
  });

/** Until the version has an instance that answers; one that sleeps is woken. */
const ensureUp = async (core: Core, deploymentId: string, versionId: string): Promise<void> => {
  const { row, isOurs } = await oneOf(core, deploymentId, versionId);
  if (isOurs) {
    await bringUp(core, row);
    return;
  }
  for (const until = Date.now() + HOLD_MS; ; ) {
    const live = await liveOfVersion(core.db.read, versionId);
    const up = live.find(({ state }) => state === 'healthy') ?? live.find(({ state }) => state === 'unhealthy');
    if (up !== undefined && up.machine_id !== null) {
      await core.machines.wake(systemOp(core, up.tenant_id, 'edge'), up.machine_id);
      return;
    }
    if (live.length === 0) throw new Fault('UNAVAILABLE', 'The version could not be started.');
    if (Date.now() > until) throw new Fault('TIMEOUT', 'The version is still starting.');
    await sleep(LOOK_MS);
  }
};

export interface Woken {
  readonly id: string;
  readonly machine_id: string;
  readonly port: number;
}

/** For a visit of a version's own address, or of a live one that sleeps: at most one start at a time, whoever asks. */
export const wakeVersion = async (core: Core, versionId: string): Promise<Woken[]> => {
  const version = await findVersionById(core.db.read, versionId);
  if (version === undefined || version.kind !== 'dynamic' || (version.state !== 'ready' && version.state !== 'archived')) throw notFound();
  const all = flightsOf(core);
  const flight =
    all.get(versionId) ??
    inBackground(
      core,
      ensureUp(core, version.deployment_id, versionId).finally(() => all.delete(versionId)),
    );
  all.set(versionId, flight);
  await within(flight, HOLD_MS);
  const rows = (await liveOfVersion(core.db.read, versionId)).filter(({ state }) => state === 'healthy' || state === 'unhealthy');
  return rows.flatMap(({ id, port, machine_id }) => (machine_id === null ? [] : [{ id, machine_id, port }]));
};

const within = async (work: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault('TIMEOUT', 'The version is still starting.')), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
};
