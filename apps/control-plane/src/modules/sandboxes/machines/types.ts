import type { Tx } from '@miosa/db';
import type { SseEvent } from '@miosa/http';
import type { Op, SizeName } from '@miosa/kernel';
import type { AgentEndpoint, RuntimeSample } from '@miosa/runtime';
import type { Ownership } from '../../tenancy/index.ts';
import type { Pool } from '../agent/pool.ts';
import type { EnvVar } from '../env/values.ts';
import type { ReadinessProbe, State, Transition } from '../types.ts';
import type { ProbeAnswer, ProbeRequest } from './probe.ts';

/** A sandbox of a deployment: builds it or runs it. Everything that keeps sandboxes alive keeps machines alive; no operation on sandboxes shows one. */
export interface Machine {
  readonly id: string;
  readonly slug: string;
  readonly purpose: 'build' | 'instance';
  readonly state: State;
  readonly transition: Transition | null;
  /** Why it is paused (`idle`: `Machines.pause`; `operator`: its organization is suspended, or its host was stopped) or in `error`. */
  readonly stateReason: string | null;
  readonly endpoint: AgentEndpoint | null;
  readonly lastActivityAt: Date | null;
}

export interface LaunchMachine {
  readonly purpose: 'build' | 'instance';
  readonly ownership: Ownership;
  /** A template the caller sees, or any snapshot of the organization. */
  readonly from: { readonly templateId: string } | { readonly snapshotId: string };
  /** For people; not unique. */
  readonly name: string;
  readonly size: SizeName;
  /** Not checked here. Sealed at rest. */
  readonly vars: readonly EnvVar[];
  /** Run as the service `start` by user `sandbox` in /workspace, again whenever it ends; without one nothing is started. */
  readonly startCommand?: string;
  /** On which the start command will listen: who wakes the machine is kept waiting until it does. */
  readonly port?: number;
  readonly readinessProbe?: ReadinessProbe;
  /** Default 60 s. */
  readonly readyWithinMs?: number;
  /** After which a build's machine destroys itself, should nobody else: default 30 min. */
  readonly timeoutSec?: number;
  /** Without timers; default for instances. */
  readonly alwaysOn?: boolean;
  /** Asked for again with the same id it is the same machine. */
  readonly id?: string;
  readonly test?: boolean;
  /** In the transaction that makes its row: whoever refers to the machine exists with it or not at all. */
  readonly alongside?: (tx: Tx) => Promise<void>;
}

/** A sandbox that something is published from. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly ownership: Ownership;
  readonly templateId: string;
  readonly startCommand: string | null;
  readonly previewPort: number | null;
}

export interface MachineExec {
  /** Text is given to `/bin/sh -lc`. */
  readonly command: string | readonly string[];
  /** Default /workspace. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: 'sandbox' | 'root';
  readonly timeoutSec: number;
  readonly stdin?: string;
}

export type MachineOutput =
  | { readonly type: 'stdout' | 'stderr'; readonly bytes: Buffer }
  | { readonly type: 'exit'; readonly exitCode: number | null; readonly signal: string | null; readonly timedOut: boolean };

export interface AppLine {
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** The app of a machine as its agent tells it. */
export interface AppProcess {
  readonly state: 'running' | 'exited';
  /** The agent waits before it starts it again. */
  readonly resting: boolean;
  readonly exitCode: number | null;
  /** How often it ended and was started again, over the life of this machine. */
  readonly restarts: number;
  readonly startedAt: Date;
}

/** What the module of deployments may do with machines. Ids of machines never come from callers; those of sandboxes go through `source` first. */
export interface Machines {
  /** Command-ready, and ready by its probe. A machine that fails to start is destroyed before this throws. */
  launch(op: Op, how: LaunchMachine): Promise<Machine>;
  /** Machines of any organization, destroyed ones too. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Machine>>;
  /** A sandbox the caller sees, woken. 404, 410, SANDBOX_NOT_RUNNING as in the API. */
  source(op: Op, sandboxId: string): Promise<Source>;
  /** A snapshot the caller sees. 404, 410, SNAPSHOT_NOT_READY. */
  sourceSnapshot(op: Op, snapshotId: string): Promise<Source>;
  /**
   * The files of a sandbox or machine as they are now, without what belongs to the machine alone (records of processes, scratch space). Never
   * shown. Gone after an hour, unless a row of `deployment_releases` names it by then.
   */
  takeSnapshot(op: Op, id: string): Promise<{ readonly id: string; readonly sizeBytes: number }>;
  dropSnapshot(op: Op, snapshotId: string): Promise<void>;
  /** Ends with `exit` or throws. The loop's end leaves the command running. */
  exec(op: Op, id: string, how: MachineExec): AsyncIterable<MachineOutput>;
  /** Of a machine or of a sandbox from `source`, woken. For `callJson`, `callStream`, `callUpgrade`. */
  agent(op: Op, id: string): Promise<Pool>;
  /** Its memory is kept; the edge wakes it. */
  pause(op: Op, id: string): Promise<void>;
  wake(op: Op, id: string): Promise<Machine>;
  /** Repeating it is fine. */
  destroy(op: Op, id: string): Promise<void>;
  /** The service `start`; null when there is none. Never wakes the machine: UNAVAILABLE when it does not run. */
  app(id: string): Promise<AppProcess | null>;
  /** Asks the app to end (SIGTERM), and resolves when it has, or was killed when the grace was over; as `app`. */
  stopApp(id: string, how: { readonly graceMs: number; readonly signal: AbortSignal }): Promise<void>;
  /** One request to the app, as a visitor's; as `app`. */
  probe(id: string, request: ProbeRequest): Promise<ProbeAnswer>;
  /** TCP ports that listen now; as `app`. */
  ports(id: string): Promise<readonly number[]>;
  /** Last lines of the app; none when the machine does not run. */
  tail(id: string, lines: number): Promise<readonly AppLine[]>;
  /** Events `log` as they come, then `end`; `after`: the id of one of them. Never wakes the machine. */
  follow(
    op: Op,
    id: string,
    how: { readonly lines: number; readonly after?: string | undefined; readonly signal: AbortSignal },
  ): AsyncIterable<SseEvent>;
  /** As `RuntimePort.samples`; empty when it is gone. */
  samples(id: string, since: Date): Promise<readonly RuntimeSample[]>;
}
