import { setTimeout as sleep } from 'node:timers/promises';
import { machinePath, versionPath, type WakeCalls } from '../net/wake-calls.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { DeploymentRoute, InstanceRoute, NameSpace } from '../routes/deployment-types.ts';
import type { Deployments } from '../routes/deployments.ts';
import { type Balance, sleeps } from './balance.ts';

/** A host name of a deployment, as it was read. */
export interface Place {
  readonly space: NameSpace;
  readonly name: string;
  readonly staged: string | null;
}

export interface Ready {
  readonly route: DeploymentRoute;
  readonly instance: InstanceRoute;
}

interface Deps {
  readonly deployments: Deployments;
  readonly calls: WakeCalls;
  readonly balance: Balance;
  readonly holdMs: number;
}

const STEP_MS = 250;

/** Why nothing is served here, whatever was published; null: something is. */
export const standing = (route: DeploymentRoute | null, place: Place): Refusal | null => {
  if (route === null) return REFUSALS.notFound;
  if (route.state === 'deleted') return place.staged === null ? REFUSALS.notFound : REFUSALS.versionGone;
  if (route.state === 'stopped') return REFUSALS.stopped;
  if (route.state === 'failed') return REFUSALS.failed;
  if (route.kind !== null && route.versionId !== null) return null;
  return route.state === 'pending' ? REFUSALS.unpublished : REFUSALS.publishing;
};

/** Memory first; a promise only when the source has to be asked. */
export const lookUp = (deployments: Deployments, place: Place): Promise<DeploymentRoute | null> | DeploymentRoute => {
  if (place.staged !== null) return deployments.version(place.name, place.staged);
  return deployments.peek(place.space, place.name) ?? deployments.find(place.space, place.name);
};

/** Finds an instance that answers, waking what sleeps: the request is held meanwhile (contract 4.4). */
export const createReady = ({ deployments, calls, balance, holdMs }: Deps) => {
  const again = async (place: Place, deploymentId: string): Promise<DeploymentRoute | null> => {
    await deployments.refresh(deploymentId);
    return lookUp(deployments, place);
  };

  const wake = (route: DeploymentRoute): Promise<number> => {
    const asleep = route.instances.find(sleeps);
    return calls.call(asleep === undefined ? versionPath(route.versionId ?? '') : machinePath(asleep.machineId));
  };

  const held = async (place: Place, first: DeploymentRoute, hasLeft: () => boolean): Promise<Ready | Refusal> => {
    const end = Date.now() + holdMs;
    for (let route: DeploymentRoute | null = first; ; ) {
      const refusal = standing(route, place);
      if (refusal !== null || route === null) return refusal ?? REFUSALS.notFound;
      // Meanwhile the pointer may have moved to files.
      if (route.kind !== 'dynamic') return REFUSALS.waking;
      const instance = balance.pick(route.instances, new Set());
      if (instance !== null) return { route, instance };
      const leftMs = end - Date.now();
      if (leftMs <= 0 || hasLeft()) return REFUSALS.waking;
      const status = await Promise.race([wake(route), sleep(leftMs, 0, { ref: false })]);
      route = await again(place, route.deploymentId);
      if (status >= 400 && status < 500) return standing(route, place) ?? REFUSALS.stopped;
      if (route === null || balance.pick(route.instances, new Set()) !== null) continue;
      await sleep(Math.max(1, Math.min(STEP_MS, end - Date.now())), undefined, { ref: false });
      route = await lookUp(deployments, place);
    }
  };

  return {
    /** Waits until an instance answers. Rejects only when nothing is known and the database is down. */
    held,
    /** After an instance failed: the route as it is now, and one of its instances that was not tried, if there is one. */
    another: async (place: Place, before: DeploymentRoute, tried: ReadonlySet<string>): Promise<Ready | null> => {
      const known = balance.pick(before.instances, tried);
      if (known !== null) return { route: before, instance: known };
      const route = await again(place, before.deploymentId);
      if (route?.kind !== 'dynamic' || standing(route, place) !== null) return null;
      const instance = balance.pick(route.instances, tried);
      return instance === null ? null : { route, instance };
    },
  };
};

export type ReadyInstances = ReturnType<typeof createReady>;
