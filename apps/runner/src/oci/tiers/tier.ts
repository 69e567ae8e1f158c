import type { RuntimeInstance } from '@miosa/runtime';
import type { ociSpec } from '../spec.ts';

export type Isolation = RuntimeInstance['isolation'];

export type Spec = ReturnType<typeof ociSpec>;

/** How the sandboxes of one isolation tier are started. Everything else (volumes, network slots, cgroups, the agent) is the same for all. */
export interface Tier {
  readonly isolation: Isolation;
  /** OCI runtime: name in PATH or absolute path. */
  readonly runtime: string;
  /** Before `--root`, `--log` and `run`. */
  readonly runtimeFlags: readonly string[];
  /** Empty for the runtime, which would draw wrong conclusions from what is there. */
  readonly hideDirs: readonly string[];
  /** Connections reach the agent over its standard input, passed by a process outside, not by a listening socket as descriptor 3. */
  readonly relayed: boolean;
  /** What of the common specification this runtime needs otherwise. */
  adapt(spec: Spec): object;
}
