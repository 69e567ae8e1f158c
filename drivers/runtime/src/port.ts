/** Where an agent listens. A unix socket on this host (possession of the file is the credential), or host and port with a secret. */
export type AgentEndpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly secret: string };

export interface RuntimeSpec {
  /** The sandbox id; also the key that makes `create` idempotent. */
  readonly id: string;
  /** Template slug, resolved by the driver to a built root file system. */
  readonly templateId: string;
  readonly hostname: string;
  /** Share of the host, not a pin. */
  readonly cpuCount: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
  readonly pidsMax: number;
  /** Base environment of every process started inside. */
  readonly env: Readonly<Record<string, string>>;
}

/** `running` and `paused` keep processes; `stopped` has files only; `lost` means the record is there but the machine is not. */
export type RuntimeState = 'running' | 'paused' | 'stopped' | 'lost';

export interface RuntimeInstance {
  readonly id: string;
  readonly state: RuntimeState;
  readonly endpoint: AgentEndpoint;
  readonly isolation: 'container' | 'gvisor' | 'microvm';
}

export interface RuntimeStats {
  readonly cpuUsageUsec: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly diskBytes: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
}

export interface RuntimeCapabilities {
  readonly driver: string;
  readonly isolation: 'container' | 'gvisor' | 'microvm';
  /** What survives `pause` (contract: `resume_keeps`). */
  readonly pauseKeeps: 'files' | 'memory';
  readonly templates: readonly string[];
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
  inspect(id: string): Promise<RuntimeInstance | null>;
  list(): Promise<readonly RuntimeInstance[]>;
  stats(id: string): Promise<RuntimeStats>;
  capabilities(): Promise<RuntimeCapabilities>;
}
