import { percentile, sample } from '../stats.ts';
import { connect, type LoadResult, startLoader } from './load.ts';
import { keyAt, keyIdAt } from './seed.ts';
import type { Servers } from './servers.ts';

const CONNECTIONS = 16;
const ROUND_SECONDS = 2;
const CALLS = 200;
const WARM_UP = 20;

/**
 * Under load: what the server answers without a credential; credential and limits alone (the request is then found to be wrong, 422); a
 * request that reads one row; a page of the audit log.
 */
const LOADED = {
  '/healthz': '/healthz',
  'credential and limits alone': '/api/v1/audit?limit=0',
  'authenticated request': '/api/v1/platform/tenants/current',
  'audit page of 20': '/api/v1/audit?limit=20',
} as const;
type Loaded = keyof typeof LOADED;
const KINDS = Object.keys(LOADED) as Loaded[];

export interface End {
  readonly load: ReadonlyMap<Loaded, LoadResult>;
  /** Name → median of single calls in milliseconds. */
  readonly calls: ReadonlyMap<string, number>;
}

interface Plan {
  readonly inUse: number;
  readonly rounds: number;
  /** Number of the first key that nobody has used yet. */
  readonly fresh: number;
}

const middle = (results: readonly LoadResult[]): LoadResult => {
  const statuses: Record<string, number> = {};
  for (const result of results)
    for (const [status, times] of Object.entries(result.statuses)) statuses[status] = (statuses[status] ?? 0) + times;
  const of = (pick: (result: LoadResult) => number) => percentile(results.map(pick), 50);
  return { perSecond: of((r) => r.perSecond), p50Ms: of((r) => r.p50Ms), p99Ms: of((r) => r.p99Ms), statuses };
};

/** Rounds take turns, so that what else the machine does falls on all of them alike; the first round warms up. */
const underLoad = async ({ a }: Servers, { inUse, rounds }: Plan): Promise<End['load']> => {
  const everyKey = Array.from({ length: inUse }, (_, index) => keyAt(index));
  const results = new Map<Loaded, LoadResult[]>(KINDS.map((kind) => [kind, []]));
  const loader = startLoader();
  try {
    for (let round = -1; round < rounds; round++)
      for (const kind of KINDS) {
        const keys = kind === '/healthz' ? [] : everyKey;
        const job = { socketPath: a.publicSocket, connections: CONNECTIONS, seconds: ROUND_SECONDS, path: LOADED[kind], keys };
        const result = await loader.load(job);
        if (round >= 0) results.get(kind)?.push(result);
      }
  } finally {
    loader.stop();
  }
  return new Map([...results].map(([kind, all]) => [kind, middle(all)]));
};

/** One after the other, for the organization with the most entries. */
const singleCalls = async ({ a }: Servers, { fresh }: Plan): Promise<End['calls']> => {
  const connection = connect(a.publicSocket);
  let next = fresh;
  const ask = async (path: string, key = keyAt(0), change?: object): Promise<void> => {
    const write = change === undefined ? {} : { method: 'PATCH', body: JSON.stringify(change) };
    const status = await connection.send({ path, key, ...write });
    if (status !== '200') throw new Error(`${path} was answered with ${status}`);
  };
  const current = '/api/v1/platform/tenants/current';
  const calls: Readonly<Record<string, (index: number) => Promise<void>>> = {
    'key in memory': () => ask(current),
    'key used for the first time': () => ask(current, keyAt(next++)),
    'newest 100 audit entries': () => ask('/api/v1/audit?limit=100'),
    'newest 100 of one key': () => ask(`/api/v1/audit?limit=100&api_key_id=${keyIdAt(0)}`),
    'newest 20 of one resource': () => ask('/api/v1/audit?limit=20&resource_id=sbx_bench14'),
    'newest 20 of a resource without any': () => ask('/api/v1/audit?limit=20&resource_id=sbx_none'),
    'newest 20 of an action without any': () => ask('/api/v1/audit?limit=20&action=nothing.*'),
    'newest 20 refused attempts (none)': () => ask('/api/v1/audit?limit=20&outcome=denied'),
    'entries since a time to come': () => ask('/api/v1/audit?limit=20&since=2100-01-01T00:00:00Z'),
    'newest 100 keys': () => ask('/api/v1/api-keys?limit=100'),
    'change of a key, with its audit entry': (index) => ask(`/api/v1/api-keys/${keyIdAt(0)}`, keyAt(0), { name: `bench ${index}` }),
  };
  const medians = new Map<string, number>();
  for (const [name, call] of Object.entries(calls)) medians.set(name, percentile((await sample(name, CALLS, call, WARM_UP)).ms, 50));
  connection.close();
  return medians;
};

export const measureEnd = async (servers: Servers, plan: Plan): Promise<End> => ({
  load: await underLoad(servers, plan),
  calls: await singleCalls(servers, plan),
});
