import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@miosa/kernel';
import { createDeploymentTable } from './deployment-table.ts';
import type { DeploymentRoute, DeploymentStore, NameSpace } from './deployment-types.ts';
import { createMirror } from './mirror.ts';

type Listen = (channel: string, onPayload: (payload: string) => void, onGap: () => void) => Promise<unknown>;

/** The edge's memory of deployments: all of them, so that it can serve each while the database is down. */
export interface Deployments {
  /** What memory holds; asks nobody. */
  peek(space: NameSpace, name: string): DeploymentRoute | undefined;
  /** The same, and for a name that memory lacks the source. Rejects only when that does not answer. */
  find(space: NameSpace, name: string): Promise<DeploymentRoute | null>;
  /** One version, live or not, by the last ten characters of its id. */
  version(name: string, suffix: string): Promise<DeploymentRoute | null>;
  /** Reads a deployment again; what memory holds afterwards is not older than this call, unless the source is down. */
  refresh(deploymentId: string): Promise<void>;
  /** Subscribes to the database's notifications and reads everything; tries until it succeeds or `signal` ends it. */
  follow(listen: Listen, signal: AbortSignal): Promise<void>;
  /** Resolves when everything was read for the first time, or could not be. */
  readonly triedOnce: Promise<void>;
  /** Routes remembered from an earlier life: served until the source says something newer. */
  restore(routes: readonly DeploymentRoute[]): void;
  routes(): DeploymentRoute[];
  /** True while notifications arrive and every deployment is known: then a name that memory lacks does not exist. */
  readonly complete: boolean;
  /** Grows with every change. */
  readonly revision: number;
  readonly size: number;
}

interface Options {
  readonly store: DeploymentStore;
  readonly log: Log;
  /** A machine no longer serves its deployment. */
  readonly onMachineLeft: (machineId: string) => void;
  readonly now?: () => number;
  readonly maxDeployments?: number;
}

/** A net under lost notifications: a route in use that was read longer ago is read again, in the background. */
const REFRESH_MS = 30_000;
const RETRY_MS = 1_000;
const LOAD_TIMEOUT_MS = 10_000;
/** About 1 KB each. Those beyond are looked up one by one. */
const MAX_DEPLOYMENTS = 50_000;
const MAX_NAMES = 5_000;
const BATCH = 200;
/** More changes at once than this: reading everything is cheaper. */
const MANY = 2_000;

const byDeployment = (routes: readonly DeploymentRoute[]): Map<string, DeploymentRoute[]> => Map.groupBy(routes, (r) => r.deploymentId);

const inTime = async <T>(work: Promise<T>): Promise<T> => {
  const late = new AbortController();
  const timeout = sleep(LOAD_TIMEOUT_MS, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error('the route source did not answer in time');
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    timeout.catch(() => undefined);
    late.abort();
  }
};

export const createDeployments = (options: Options): Deployments => {
  const { store, log, onMachineLeft, now = Date.now, maxDeployments = MAX_DEPLOYMENTS } = options;
  const table = createDeploymentTable();
  const onLoadFailed = (error: unknown): void => log.warn({ error }, 'deployments cannot be read; serving what is known');
  const names = createMirror<DeploymentRoute>({
    load: (key) => {
      const [space, name = ''] = key.split(' ') as [NameSpace, string];
      return store.byName(space, name);
    },
    ...{ onLoadFailed, maxEntries: MAX_NAMES },
  });
  const versions = createMirror<DeploymentRoute>({
    load: (key) => {
      const [name = '', suffix = ''] = key.split(' ');
      return store.version(name, suffix);
    },
    ...{ onLoadFailed, maxEntries: MAX_NAMES },
  });
  const dirty = new Set<string>();
  const waiting = new Map<string, (() => void)[]>();
  let wantsAll = false;
  let pumping = false;
  let failing = false;
  let following = false;
  let holdsAll = false;
  let revision = 0;
  const tried = Promise.withResolvers<void>();

  const put = (id: string, routes: readonly DeploymentRoute[], readAt: number): void => {
    for (const machine of table.replace(id, routes, readAt)) onMachineLeft(machine);
  };

  const readAll = async (): Promise<void> => {
    wantsAll = false;
    dirty.clear(); // what changes from here on stays in it, and is read afterwards
    const hearers = [...waiting.values()].flat();
    waiting.clear();
    try {
      const routes = await inTime(store.all(maxDeployments));
      const found = byDeployment(routes);
      for (const id of [...table.ids()]) if (!found.has(id)) put(id, [], 0);
      for (const [id, own] of found) put(id, own, now());
      holdsAll = routes.length < maxDeployments;
    } catch (error) {
      wantsAll = true;
      throw error;
    } finally {
      for (const hear of hearers) hear();
    }
  };

  const readSome = async (): Promise<void> => {
    const ids = [...dirty].slice(0, BATCH);
    for (const id of ids) dirty.delete(id);
    // Whoever asks from here on waits for the next reading.
    const hearers = ids.flatMap((id) => waiting.get(id) ?? []);
    for (const id of ids) waiting.delete(id);
    try {
      const found = byDeployment(await inTime(store.byIds(ids)));
      for (const id of ids) put(id, found.get(id) ?? [], now());
    } catch (error) {
      for (const id of ids) dirty.add(id);
      throw error;
    } finally {
      for (const hear of hearers) hear();
    }
  };

  /** One reader at a time, so what is read later is newer. */
  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    while (wantsAll || dirty.size > 0) {
      try {
        await (wantsAll || dirty.size > MANY ? readAll() : readSome());
        revision++;
        failing = false;
        tried.resolve();
      } catch (error) {
        if (!failing) onLoadFailed(error);
        failing = true;
        tried.resolve();
        for (const hear of [...waiting.values()].flat()) hear();
        waiting.clear();
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    pumping = false;
  };

  const changed = (id: string): void => {
    const concerns = (route: DeploymentRoute | null): boolean => route === null || route.deploymentId === id;
    names.invalidate(concerns);
    versions.invalidate(concerns);
    dirty.add(id);
    void pump();
  };
  const everythingChanged = (): void => {
    names.invalidate(() => true);
    versions.invalidate(() => true);
    wantsAll = true;
    void pump();
  };

  const peek = (space: NameSpace, name: string): DeploymentRoute | undefined => {
    const entry = table.get(space, name);
    if (entry === undefined) return undefined;
    const at = now();
    if (at - entry.readAt > REFRESH_MS) {
      entry.readAt = at;
      dirty.add(entry.route.deploymentId);
      void pump();
    }
    return entry.route;
  };

  return {
    peek,
    find: async (space, name) => peek(space, name) ?? names.get(`${space} ${name}`),
    version: (name, suffix) => versions.get(`${name} ${suffix}`),
    refresh: (id) =>
      new Promise((resolve) => {
        waiting.set(id, [...(waiting.get(id) ?? []), resolve]);
        changed(id);
      }),
    follow: async (listen, signal) => {
      while (!signal.aborted) {
        try {
          await listen('miosa_deployments', changed, everythingChanged);
          following = true;
          return everythingChanged();
        } catch (error) {
          log.warn({ error }, 'cannot follow deployments yet; trying again');
          tried.resolve();
          await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
        }
      }
    },
    triedOnce: tried.promise,
    restore: (routes) => {
      for (const [id, own] of byDeployment(routes)) put(id, own, 0);
    },
    routes: table.routes,
    get complete() {
      return following && holdsAll && !failing && !wantsAll;
    },
    get revision() {
      return revision;
    },
    get size() {
      return table.size;
    },
  };
};
