import type { AgentProcess } from '../agent/protocol.ts';

export interface OpenPort {
  readonly port: number;
  readonly address: string;
  readonly command?: string | null | undefined;
  readonly processId?: string | null | undefined;
}

/** What a sandbox showed at one look. */
export interface Look {
  readonly processes: readonly AgentProcess[];
  /** Undefined: not looked at this time. */
  readonly ports: readonly OpenPort[] | undefined;
}

export type Change =
  | { readonly type: 'exec.started' | 'exec.completed'; readonly process: AgentProcess }
  | { readonly type: 'port.opened' | 'port.closed'; readonly port: OpenPort };

/** One run of a process: a service keeps its id over its runs. */
const runOf = ({ id, startedAt }: AgentProcess): string => `${id} ${startedAt}`;

/** Each run is told of once, also when it began and ended between two looks; a port once, on however many addresses it listens. */
export const changesBetween = (before: Look, after: Look): Change[] => {
  const runs = new Map(before.processes.map((process) => [runOf(process), process.state]));
  const changes: Change[] = [];
  for (const process of after.processes) {
    const state = runs.get(runOf(process));
    if (state === undefined) changes.push({ type: 'exec.started', process });
    if (process.state === 'exited' && state !== 'exited') changes.push({ type: 'exec.completed', process });
  }
  if (before.ports === undefined || after.ports === undefined) return changes;
  const [old, now] = [before.ports, after.ports].map((ports) => new Map(ports.map((port) => [port.port, port])));
  for (const [number, port] of now ?? []) if (old?.has(number) === false) changes.push({ type: 'port.opened', port });
  for (const [number, port] of old ?? []) if (now?.has(number) === false) changes.push({ type: 'port.closed', port });
  return changes;
};
