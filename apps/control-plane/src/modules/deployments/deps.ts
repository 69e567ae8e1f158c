import type { BlobStore } from '@miosa/blobs';
import type { Database } from '@miosa/db';
import type { Names } from '@miosa/hostnames';
import type { Log, Op } from '@miosa/kernel';
import type { Events } from '../events/index.ts';
import type { Machines } from '../sandboxes/index.ts';
import type { Tenancy } from '../tenancy/index.ts';
import type { DeploymentPolicy } from './policy.ts';

export interface DeploymentsDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly machines: Machines;
  readonly tenancy: Pick<
    Tenancy,
    'assertSetupDone' | 'resolveOwnership' | 'ownershipOf' | 'visibleWorkspaces' | 'holdProject' | 'registerDependents'
  >;
  readonly events: Pick<Events, 'ofResource'>;
  readonly names: Names;
  /** 32 bytes: seals env values and hook secrets at rest. */
  readonly sealKey: Buffer;
  readonly policy?: DeploymentPolicy;
  readonly log: Log;
  readonly now?: () => Date;
}

/** Shared by the services of this module; made once by `createDeployments`. */
export interface Core extends DeploymentsDeps {
  readonly now: () => Date;
  readonly policy: DeploymentPolicy;
  /** Builds that this process carries out; who waits for one hears of its end here first. */
  readonly flights: Map<string, Promise<unknown>>;
  /** Work that outlives its request; awaited at shutdown. */
  readonly background: Set<Promise<unknown>>;
  /** Aborted when this process shuts down. */
  readonly stopping: AbortSignal;
}

/** Keeps hold of work that nobody awaits. Its failure must already be recorded by the work itself; here it only must not be lost. */
export const inBackground = <T>(core: Pick<Core, 'background' | 'log'>, work: Promise<T>): Promise<T> => {
  const kept = work.catch((error: unknown) => core.log.warn({ err: error }, 'background work failed'));
  core.background.add(kept);
  kept.finally(() => core.background.delete(kept));
  return work;
};

/** Context of work that no caller asked for, in the organization of the deployment, so that its audit entry lands there. */
export const systemOp = (core: Pick<Core, 'log' | 'now' | 'stopping'>, tenantId: string, name: string): Op => ({
  requestId: `system-${name}`,
  actor: { type: 'system', id: name, name, tenantId: tenantId as Op['actor']['tenantId'] } as Op['actor'],
  ip: null,
  userAgent: null,
  log: core.log,
  now: core.now,
  signal: core.stopping,
});
