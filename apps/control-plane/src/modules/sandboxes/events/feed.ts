import { setTimeout as sleep } from 'node:timers/promises';
import { previewUrl } from '@miosa/hostnames';
import { callJson } from '../agent/client.ts';
import { AgentPorts, AgentProcesses } from '../agent/protocol.ts';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { processOf } from '../exec/render.ts';
import { isReady } from '../render.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { announceOf } from './announce.ts';
import { type Change, changesBetween, type Look } from './changes.ts';
import { holdFeed, type Told, toldLately } from './feed.store.ts';

/** The agent keeps the last 64 commands that ended, so as many may end within this time and all are told of. */
const LOOK_MS = 250;
/** Finding out who listens costs more. */
const LOOKS_PER_PORTS = 4;
const CALL_MS = 3000;
/** A stream that is cut off and resumed within this time misses nothing. */
const LINGER_MS = 30_000;
const SLEEPING_MS = 10_000;

type Deps = Pick<Core, 'db' | 'pools' | 'signals' | 'names' | 'now' | 'log' | 'background' | 'stopping'>;

/** Commands and ports, told only while somebody listens to the sandbox: the path of a command knows nothing of it. */
export interface Feeds {
  /** Resolves when what happens from now on will be told; the returned function ends that. */
  listen(id: string): Promise<() => void>;
}

const dataOf = (deps: Deps, row: SandboxRow, change: Change): object => {
  if ('process' in change) return processOf(change.process);
  const { port, address, command, processId } = change.port;
  return { port, address, command: command ?? '', process_id: processId ?? null, url: previewUrl(deps.names, { port, slug: row.slug }) };
};

/** Another process may listen too: each change is told once. */
const isNews = (lately: readonly Told[], type: string, data: object): boolean => {
  const { id, started_at, port } = data as { id?: string; started_at?: string; port?: number };
  if (port === undefined) return !lately.some((told) => told.type === type && told.run === `${id} ${started_at}`);
  return lately.findLast((told) => told.port === String(port))?.type !== type;
};

const tell = async (deps: Deps, row: SandboxRow, changes: readonly Change[]): Promise<void> => {
  if (changes.length === 0) return;
  const op = systemOp(deps, row.tenant_id, 'agent');
  await deps.db.tx(op, 'sandboxes.feed', async (tx) => {
    await holdFeed(tx, row.id);
    const lately = await toldLately(tx, row, deps.now());
    for (const change of changes) {
      const data = dataOf(deps, row, change);
      if (isNews(lately, `sandbox.${change.type}`, data)) await announceOf(tx, op, row, `sandbox.${change.type}`, data);
    }
  });
};

const look = async (deps: Deps, row: SandboxRow, withPorts: boolean): Promise<Look> => {
  if (row.endpoint === null) throw new Error('running without an endpoint');
  const pool = deps.pools.of(row.id, row.endpoint);
  const get = (path: string) => ({ method: 'GET', path, timeoutMs: CALL_MS }) as const;
  const [{ processes }, seen] = await Promise.all([
    callJson(pool, get('/processes'), AgentProcesses),
    withPorts ? callJson(pool, get('/ports'), AgentPorts) : undefined,
  ]);
  return { processes: processes ?? [], ports: seen === undefined ? undefined : (seen.ports ?? []) };
};

/** Looks again and again; never wakes the sandbox, and ends with it. */
const follow = async (deps: Deps, id: string, signal: AbortSignal, onFirst: () => void): Promise<void> => {
  let row: SandboxRow | undefined;
  let before: Look | undefined;
  for (let n = 0; !signal.aborted; n++) {
    row ??= await findAny(deps.db.read, id);
    if (row === undefined || row.state === 'destroyed') return;
    if (!isReady(row)) {
      onFirst();
      row = undefined;
      await deps.signals.changed(id, SLEEPING_MS, signal);
      continue;
    }
    try {
      const now = await look(deps, row, before?.ports === undefined || n % LOOKS_PER_PORTS === 0);
      if (before !== undefined) await tell(deps, row, changesBetween(before, now));
      before = { processes: now.processes, ports: now.ports ?? before?.ports };
    } catch (error) {
      deps.log.debug({ err: error, sandboxId: id }, 'a sandbox that is listened to could not be looked at');
      row = undefined; // perhaps it is paused by now
    }
    onFirst();
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
};

interface Feed {
  listeners: number;
  readonly first: Promise<void>;
  readonly stop: AbortController;
  idle?: NodeJS.Timeout | undefined;
}

export const createFeeds = (deps: Deps): Feeds => {
  const feeds = new Map<string, Feed>();
  const start = (id: string): Feed => {
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const stop = new AbortController();
    const feed: Feed = { listeners: 0, first, stop };
    const following = follow(deps, id, AbortSignal.any([stop.signal, deps.stopping]), resolve).finally(() => {
      resolve();
      clearTimeout(feed.idle);
      if (feeds.get(id) === feed) feeds.delete(id);
    });
    inBackground(deps, following).catch(() => {}); // logged; the next listener starts anew
    feeds.set(id, feed);
    return feed;
  };
  return {
    listen: async (id) => {
      const feed = feeds.get(id) ?? start(id);
      clearTimeout(feed.idle);
      feed.listeners++;
      await feed.first;
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        feed.listeners--;
        if (feed.listeners === 0) feed.idle = setTimeout(() => feed.stop.abort(), LINGER_MS).unref();
      };
    },
  };
};
