import { setTimeout as sleep } from 'node:timers/promises';
import type { SseEvent } from '@miosa/http';
import type { Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import { createQueue } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import type { AppLogLine } from '../schemas.ts';
import type { InstanceRow } from '../types.ts';
import { findAnyDeployment } from './facts.store.ts';
import { afterOf, idOf, type Places } from './log-place.ts';
import { instancesByIds, loggedInstances } from './store.ts';

/** Ended instances whose last lines are shown with those that run. */
const ENDED = 5;
/** How soon a new instance is followed. */
const LOOK_MS = 1000;
/** Of one that begins while it is followed: all it has written. */
const ALL = 10_000;
const FOLLOWED = 20;

type Line = Static<typeof AppLogLine>;

export interface LogFilter {
  readonly lines: number;
  readonly instanceId?: string | undefined;
  readonly stream?: 'stdout' | 'stderr' | undefined;
  readonly since?: Date | undefined;
}

const hasEnded = ({ state }: InstanceRow): boolean => state === 'stopped' || state === 'failed';

const linesOfOne = async (core: Core, row: InstanceRow, lines: number): Promise<Line[]> => {
  const about = { instance_id: row.id, version_id: row.version_id };
  // Apps write no times, and the agent keeps none: a line has that of its instance's start, or of its end.
  const ts = (row.stopped_at ?? row.started_at ?? row.created_at).toISOString();
  if (hasEnded(row))
    return (row.last_lines ?? []).map(([stream, line]) => ({ ts, stream: stream === 'stderr' ? 'stderr' : 'stdout', line, ...about }));
  if (row.machine_id === null) return [];
  const said = await core.machines.tail(row.machine_id, lines).catch((error: unknown) => {
    core.log.debug({ err: error, instanceId: row.id }, 'the log of an instance could not be read');
    return [];
  });
  return said.map(({ stream, line }) => ({ ts, stream, line, ...about }));
};

const rowsFor = async (core: Core, deploymentId: string, { instanceId, since }: LogFilter): Promise<InstanceRow[]> => {
  if (instanceId !== undefined)
    return (await instancesByIds(core.db.read, [instanceId])).filter((row) => row.deployment_id === deploymentId);
  const rows = await loggedInstances(core.db.read, deploymentId, ENDED, FOLLOWED);
  return rows.filter((row) => since === undefined || row.stopped_at === null || row.stopped_at >= since);
};

/** The last lines of its instances, those that have ended first. Wakes nothing. */
export const lastLines = async (core: Core, deploymentId: string, filter: LogFilter): Promise<Line[]> => {
  const rows = await rowsFor(core, deploymentId, filter);
  const all = (await Promise.all(rows.map((row) => linesOfOne(core, row, filter.lines)))).flat();
  return all.filter(({ stream }) => filter.stream === undefined || stream === filter.stream).slice(-filter.lines);
};

interface Follow extends LogFilter {
  readonly after: string | undefined;
  readonly signal: AbortSignal;
}

/** What waits for its reader. Places advance when it is read: whoever leaves before misses nothing. */
type Waiting = { readonly line: Line; readonly place: string | undefined } | { readonly end: string };

const toSse = (waiting: Waiting, places: Places): SseEvent => {
  if ('end' in waiting) return { type: 'end', data: { state: waiting.end } };
  const { line, place } = waiting;
  if (place !== undefined) places.set(line.instance_id, place);
  return { type: 'log', id: idOf(places), data: line };
};

/**
 * `log` for each line of every instance as it comes, of later instances too; `end` when the deployment is deleted, or when the one instance
 * that was asked for has ended. Goes on after any event's id.
 */
export async function* followLogs(op: Op, core: Core, deploymentId: string, how: Follow): AsyncGenerator<SseEvent> {
  const places = afterOf(how.after);
  const isFresh = places.size === 0;
  const queue = createQueue<Waiting>();
  const ended = new AbortController();
  const signal = AbortSignal.any([how.signal, ended.signal]);
  const followed = new Set<string>();
  const wants = (stream: unknown): boolean => how.stream === undefined || stream === how.stream;

  const follow = async (row: InstanceRow, lines: number): Promise<void> => {
    if (row.machine_id === null) return;
    for await (const event of core.machines.follow(op, row.machine_id, { lines, after: places.get(row.id), signal })) {
      if (event.type !== 'log') return;
      const { ts, stream, line } = event.data as Pick<Line, 'ts' | 'stream' | 'line'>;
      if (!wants(stream)) continue;
      const said = { ts, stream, line, instance_id: row.id, version_id: row.version_id };
      if (!(await queue.push({ line: said, place: event.id }))) return;
    }
  };

  const watch = async (): Promise<void> => {
    for (let lines = how.lines; !signal.aborted; lines = ALL) {
      const rows = await rowsFor(core, deploymentId, how);
      for (const row of rows.filter((one) => !hasEnded(one) && one.machine_id !== null && !followed.has(one.id)).slice(0, FOLLOWED)) {
        followed.add(row.id);
        // A connection that broke is made again at the next look, from where it was.
        follow(row, lines).catch(() => followed.delete(row.id));
      }
      const isOver =
        how.instanceId === undefined ? (await findAnyDeployment(core.db.read, deploymentId))?.deleted_at !== null : rows.every(hasEnded);
      if (isOver) {
        await queue.push({ end: how.instanceId === undefined ? 'deleted' : (rows[0]?.state ?? 'stopped') });
        return;
      }
      await sleep(LOOK_MS, undefined, { signal });
    }
  };

  if (isFresh) {
    // Of ended ones: those that run tell theirs by themselves.
    const rows = (await rowsFor(core, deploymentId, how)).filter(hasEnded);
    const said = (await Promise.all(rows.map((row) => linesOfOne(core, row, how.lines)))).flat();
    if (how.lines > 0) for (const line of said.filter(({ stream }) => wants(stream)).slice(-how.lines)) yield { type: 'log', data: line };
  }
  const watching = watch()
    .catch(() => {}) // the reader left, or the database is away: it comes again with the last id
    .finally(() => queue.end());
  try {
    for await (const waiting of queue) yield toSse(waiting, places);
  } finally {
    ended.abort();
    queue.end();
    await watching;
  }
}
