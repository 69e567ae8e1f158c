import type { SseEvent } from '@miosa/http';
import { isId, type Op } from '@miosa/kernel';
import type { Pool } from '../agent/pool.ts';
import type { AgentProcess } from '../agent/protocol.ts';
import type { Core } from '../deps.ts';
import { fetchProcesses } from '../exec/service.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { type Line, readLines } from './lines.ts';
import { BEGINNING, idOf, type Positions } from './position.ts';
import { createQueue } from './queue.ts';

/** Newest processes that are followed, as in the list of last lines. */
const FOLLOWED = 20;
/** How soon a new process is noticed. */
const LOOK_MS = 1000;
/** A sandbox at rest is looked at again this often. */
const REST_MS = 5000;

interface Said {
  readonly process: AgentProcess;
  readonly ts: string;
  readonly line: Line;
}

const toSse = ({ process, ts, line }: Said, positions: Positions): SseEvent => {
  positions.set(process.id, line.offsets);
  return { type: 'log', id: idOf(positions), data: { ts, stream: line.stream, line: line.line, source: process.name || process.id } };
};

const startOf = (process: AgentProcess): string => new Date(process.startedAt).toISOString();

/** The agent is the customer's: ids that are none would end up in ours. */
const newest = async (op: Op, pool: Pool): Promise<readonly AgentProcess[]> =>
  (await fetchProcesses(op, pool)).filter(({ id }) => isId('prc', id)).slice(-FOLLOWED);

/** The last lines there are, and with `positions` where the stream goes on after them. */
async function* backlog(op: Op, pool: Pool, lines: number, positions: Positions, signal: AbortSignal): AsyncGenerator<SseEvent> {
  const read = async (process: AgentProcess): Promise<Said[]> => {
    const said: Said[] = [];
    if (process.logBytes === 0) return said;
    for await (const line of readLines(pool, process, BEGINNING, { until: process.logBytes, signal })) {
      said.push({ process, ts: startOf(process), line });
      if (said.length > 2 * lines) said.splice(0, lines);
    }
    return said;
  };
  const all = (await Promise.all((await newest(op, pool)).map(read))).flat();
  const cut = Math.max(0, all.length - lines);
  for (const { process, line } of all.slice(0, cut)) positions.set(process.id, line.offsets);
  for (const said of all.slice(cut)) yield toSse(said, positions);
}

/** Lines as they come while the sandbox runs. Ends when it does not any more. */
async function* live(op: Op, core: Core, row: SandboxRow, pool: Pool, positions: Positions, signal: AbortSignal): AsyncGenerator<SseEvent> {
  const queue = createQueue<Said>();
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const followed = new Set<string>();
  const reached = new Map<string, number>();
  const follow = async (process: AgentProcess): Promise<void> => {
    followed.add(process.id);
    try {
      for await (const line of readLines(pool, process, positions.get(process.id), { signal: all })) {
        if (!(await queue.push({ process, ts: core.now().toISOString(), line }))) return;
      }
      reached.set(process.id, process.logBytes);
    } finally {
      followed.delete(process.id);
    }
  };
  const look = async (): Promise<void> => {
    for (const process of await newest(op, pool)) {
      const isOver = process.state === 'exited' && process.logBytes <= (reached.get(process.id) ?? 0);
      // A connection that broke is made again at the next look, from where it was.
      if (!followed.has(process.id) && !isOver) follow(process).catch(() => {});
    }
  };
  const watch = async (): Promise<void> => {
    while (!all.aborted) {
      await look();
      await core.signals.changed(row.id, LOOK_MS, all);
      const now = await findAny(core.db.read, row.id);
      if (now?.state !== 'running') return;
    }
  };
  const watching = watch()
    .catch(() => {}) // the agent went away: what has become of the sandbox is looked up again
    .finally(() => queue.end());
  try {
    for await (const said of queue) yield toSse(said, positions);
  } finally {
    ended.abort();
    queue.end();
    await watching;
  }
}

/** `log` for each line, `end` when nothing more can come. Never wakes a sandbox: it waits until that runs again. */
export async function* streamLines(
  op: Op,
  core: Core,
  id: string,
  { lines, from, signal }: { readonly lines: number; readonly from: Positions | undefined; readonly signal: AbortSignal },
): AsyncGenerator<SseEvent> {
  const positions: Positions = from ?? new Map();
  let isFresh = from === undefined;
  while (!signal.aborted) {
    const row = await findAny(core.db.read, id);
    if (row === undefined || row.state === 'destroyed') {
      yield { type: 'end', data: { state: 'destroyed', ended_reason: row?.ended_reason ?? null } };
      return;
    }
    if (row.state === 'running' && row.transition === null && row.endpoint !== null) {
      const pool = core.pools.of(id, row.endpoint);
      if (isFresh) yield* backlog(op, pool, lines, positions, signal);
      isFresh = false;
      yield* live(op, core, row, pool, positions, signal);
    }
    await core.signals.changed(id, row.state === 'running' ? LOOK_MS : REST_MS, signal);
  }
}
