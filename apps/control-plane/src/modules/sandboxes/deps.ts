import type { Database, Tx } from '@miosa/db';
import type { Names } from '@miosa/hostnames';
import type { Log, NetworkPolicy, Op } from '@miosa/kernel';
import type { RuntimeCapabilities, RuntimePort } from '@miosa/runtime';
import type { Events } from '../events/index.ts';
import type { Dependents, Ownership, OwnershipEcho, OwnershipRequest, VisibleWorkspaces } from '../tenancy/index.ts';
import type { Activity } from './activity.ts';
import type { Pools } from './agent/pool.ts';
import type { Feeds } from './events/feed.ts';
import type { SandboxPolicy } from './policy.ts';
import type { Signals } from './signals.ts';
import type { SandboxRow } from './types.ts';

/** What this module needs of tenancy. */
export interface TenancyFace {
  assertSetupDone(op: Op): Promise<void>;
  resolveOwnership(op: Op, request: OwnershipRequest): Promise<Ownership>;
  ownershipOf(db: Database['read'], tenantId: string, projectIds: readonly string[]): Promise<ReadonlyMap<string, OwnershipEcho>>;
  visibleWorkspaces(op: Op): Promise<VisibleWorkspaces>;
  /** Keeps the project from being deleted until commit; false when it already is. */
  holdProject(tx: Tx, tenantId: string, projectId: string): Promise<boolean>;
  registerDependents(dependents: Dependents): void;
}

export interface SandboxesDeps {
  readonly db: Database;
  readonly runtime: RuntimePort;
  readonly tenancy: TenancyFace;
  readonly events: Pick<Events, 'ofResource'>;
  readonly names: Names;
  /** Ed25519 private key, PKCS8 PEM: mints preview and share tokens. */
  readonly previewKeyPem: string;
  /** 32 bytes: seals env values at rest. */
  readonly sealKey: Buffer;
  /** A single-use ticket with the rights of the caller, for one path below the base path (contract 1.10). */
  readonly mintTicket: (op: Op, path: string) => Promise<{ readonly ticket: string; readonly expires_in: number }>;
  /** What the operator allows all sandboxes; null = everything that is public. */
  readonly operatorNetworkPolicy?: NetworkPolicy | null;
  /** What the operator lets them take of the installation. */
  readonly policy?: SandboxPolicy;
  readonly log: Log;
  readonly now?: () => Date;
}

/** Shared by the services of this module; made once by `createSandboxes`. */
export interface Core extends SandboxesDeps {
  readonly now: () => Date;
  readonly policy: SandboxPolicy;
  readonly pools: Pools;
  readonly activity: Activity;
  readonly feeds: Feeds;
  readonly signals: Signals;
  /** What the host can do; remembered briefly, since templates may be built while we run. */
  readonly capabilities: () => Promise<RuntimeCapabilities>;
  /** Resumes under way in this process: fifty requests for one paused sandbox cause one resume. */
  readonly flights: Map<string, Promise<SandboxRow>>;
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

/** Context of work that no caller asked for, in the organization of the sandbox, so that its audit entry lands there. */
export const systemOp = (core: Pick<Core, 'log' | 'now'>, tenantId: string, name: string): Op => ({
  requestId: `system-${name}`,
  actor: { type: 'system', id: name, name, tenantId: tenantId as Op['actor']['tenantId'] } as Op['actor'],
  ip: null,
  userAgent: null,
  log: core.log,
  now: core.now,
  signal: new AbortController().signal,
});
