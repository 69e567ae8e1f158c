import type { NetworkPolicy } from '@miosa/kernel';

/** Where an agent listens. A unix socket on this host (possession of the file is the credential), or host and port with a secret. */
export type AgentEndpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly secret: string };

/** What a sandbox may use of its host. */
export interface RuntimeShape {
  /** Share of the host, not a pin. */
  readonly cpuCount: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

/** What lies between a sandbox and its host: the kernel's namespaces and filters, a kernel in user space, or a machine of its own. */
export type Isolation = 'container' | 'gvisor' | 'microvm';

export interface RuntimeSpec extends RuntimeShape {
  /** The sandbox id; also the key that makes `create` idempotent. */
  readonly id: string;
  /** Template slug, resolved by the driver to a built root file system. */
  /** Of the host; with `fromSnapshot` any name. */
  readonly templateId: string;
  readonly hostname: string;
  readonly pidsMax: number;
  /** Base environment of every process started inside. */
  readonly env: Readonly<Record<string, string>>;
  /** All of these levels must allow what it reaches; none = the public internet. In force before its first process starts. */
  readonly networkPolicy?: readonly NetworkPolicy[];
  /** Its files are those of this snapshot (and its template build the snapshot's) instead of the template's alone. */
  readonly fromSnapshot?: string;
  /** One of `capabilities().tiers`; absent = `container`. */
  readonly isolation?: Isolation;
}

/** Secrets of which a machine has placeholders only: true values are put in their place on the way out, over TLS, to their hosts. */
export interface BrokeredSecrets {
  /** Told back in `RuntimeInstance`; the same for the same secrets. */
  readonly version: string;
  /** 32 bytes, base64url: the key of the machine's own certificate authority comes from it. */
  readonly seed: string;
  readonly secrets: readonly {
    readonly placeholder: string;
    /** Visible ASCII. */
    readonly value: string;
    /** `host` or `*.host`, canonical. */
    readonly hosts: readonly string[];
  }[];
}

/** Files of a sandbox at one instant, kept by the host until deleted, whatever becomes of the sandbox. */
export interface RuntimeSnapshot {
  readonly id: string;
  readonly sandboxId: string;
  /** Everything it refers to, whether or not other volumes share it. */
  readonly sizeBytes: number;
}

/** `running` and `paused` keep processes; `stopped` has files only; `lost` means the record is there but the machine is not. */
export type RuntimeState = 'running' | 'paused' | 'stopped' | 'lost';

export interface RuntimeInstance {
  readonly id: string;
  readonly state: RuntimeState;
  readonly endpoint: AgentEndpoint;
  readonly isolation: Isolation;
  /** Of its last boot: `warm` = the machine was booted ahead, before it was asked for. Absent = cold. */
  readonly bootPath?: 'cold' | 'warm';
  readonly shape: RuntimeShape;
  /** `networkDigest` of the levels it obeys; absent = none. */
  readonly networkDigest?: string;
  /** Of the secrets the host has for it now; empty or absent = none. A host that was restarted has none. */
  readonly secretsVersion?: string;
}

/** Attempts that a network policy or the host's own limits stopped, counted together while they stay the same. */
export interface BlockedTraffic {
  /** The last attempt, ISO. */
  readonly at: string;
  /** Address; with protocol `dns` the name that was refused. */
  readonly destination: string;
  /** Null where the protocol has none. */
  readonly port: number | null;
  readonly protocol: string;
  /** Packets or queries: one connection that is tried for long counts several times. */
  readonly count: number;
}

/** Over the whole life of a sandbox: never less than before, whatever was stopped, killed or restarted meanwhile. */
export interface RuntimeCounters {
  readonly cpuUsageUsec: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
}

export interface RuntimeStats extends RuntimeCounters {
  readonly memoryBytes: number;
  readonly pids: number;
  readonly diskBytes: number;
}

/** What was measured at one time. Between two of them a machine may have stood still. */
export interface RuntimeSample extends RuntimeCounters {
  /** Unix milliseconds. */
  readonly at: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Room for all sandboxes together. */
export interface HostRoom {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
}

export interface RuntimeCapabilities {
  readonly driver: string;
  /** The tiers that a sandbox was seen to start in here. */
  readonly tiers: readonly Isolation[];
  /** Why the others are not offered, for the operator. */
  readonly tiersAbsent: readonly { readonly isolation: Isolation; readonly reason: string }[];
  /** What survives `pause` (contract: `resume_keeps`). */
  readonly pauseKeeps: 'files' | 'memory';
  readonly templates: readonly string[];
  /** Names of imported images, in full (`imageReference` of the kernel), each with its template. */
  readonly images?: Readonly<Record<string, string>>;
  /** Of now. */
  readonly host: HostRoom;
  /** Machines ready to be claimed, by template. Absent = the driver boots every one when it is asked for. */
  readonly warm?: Readonly<Record<string, number>>;
}

/**
 * How the control plane gets sandboxes. Every method is idempotent and safe to repeat after a crash of either side.
 * Failures are `Fault`s: NOT_FOUND (unknown id or template), UNAVAILABLE (no capacity, `details.reason`), CONFLICT (wrong state), INTERNAL,
 * UPSTREAM_UNREACHABLE (the host is away: nothing is known about the sandbox).
 */
export interface RuntimePort {
  /** Resolves once the agent inside answers: the sandbox is command-ready. An existing id returns that instance. */
  create(spec: RuntimeSpec): Promise<RuntimeInstance>;
  /** Freezes all processes. No-op when paused or stopped. */
  pause(id: string): Promise<RuntimeInstance>;
  /** Thaws, or boots again from the kept files when stopped or lost. Resolves command-ready. */
  resume(id: string): Promise<RuntimeInstance>;
  /** Ends processes, keeps files. */
  stop(id: string): Promise<RuntimeInstance>;
  /** Legal in every state and for unknown ids; afterwards nothing of the sandbox is left on the host. */
  destroy(id: string): Promise<void>;
  /**
   * Keeps the files as they are now, under a brief freeze; running stays running, paused paused. An existing `snapshotId` is answered as it
   * was made. STORAGE_FULL when the host has no room.
   */
  snapshot(id: string, snapshotId: string): Promise<RuntimeSnapshot>;
  /** Ends processes and gives the sandbox the files of the snapshot: `stopped` afterwards, with the old files or the new ones whole. */
  restore(id: string, snapshotId: string): Promise<RuntimeInstance>;
  /** Also for unknown ids. What was made from it stays whole. CONFLICT while a sandbox is being restored from it. */
  deleteSnapshot(snapshotId: string): Promise<void>;
  listSnapshots(): Promise<readonly RuntimeSnapshot[]>;
  inspect(id: string): Promise<RuntimeInstance | null>;
  list(): Promise<readonly RuntimeInstance[]>;
  stats(id: string): Promise<RuntimeStats>;
  /**
   * Other limits, from now on and after every later boot, in any state and without a stop. CONFLICT (`details.reason` `memory` or `disk`)
   * when what is in use would not fit; then nothing has changed.
   */
  resize(id: string, shape: RuntimeShape): Promise<RuntimeInstance>;
  /** Oldest first, since then: about every ten seconds of the last hour, every five minutes of the last week before that. */
  samples(id: string, since: Date): Promise<readonly RuntimeSample[]>;
  /** As last measured, some seconds ago, of all sandboxes. */
  counters(): Promise<readonly (RuntimeCounters & { readonly id: string; readonly diskBytes: number })[]>;
  /**
   * Replaces the levels of a machine in any state; none = unrestricted. In force when it resolves, for connections that exist too, and
   * after every later boot.
   */
  setNetworkPolicy(id: string, levels: readonly NetworkPolicy[]): Promise<void>;
  /**
   * Replaces the secrets of a machine in any state; kept in memory only, until the machine is destroyed or the host restarted. Their hosts
   * are remembered: without values they cannot be reached. `trust` (PEM) is what programs inside must trust; null without secrets.
   */
  setSecrets(id: string, secrets: BrokeredSecrets): Promise<{ readonly trust: string | null }>;
  /** What was stopped since then, newest first; a bounded record of about the last hour. Empty for a machine without restrictions. */
  blockedTraffic(id: string, since: Date): Promise<readonly BlockedTraffic[]>;
  capabilities(): Promise<RuntimeCapabilities>;
}
