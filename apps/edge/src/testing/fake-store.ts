import type { KeyRecord, RouteStore, SandboxRoute, ShareRecord } from '../routes/types.ts';

/** The published view, in memory. `down` makes it a database that does not answer. */
export interface FakeStore extends RouteStore {
  readonly sandboxes: Map<string, SandboxRoute>;
  /** By token hash, base64url. */
  readonly shares: Map<string, ShareRecord>;
  readonly keys: Map<string, KeyRecord>;
  down: boolean;
  reads: number;
}

export const createFakeStore = (): FakeStore => {
  const read = async <T>(value: () => T): Promise<T> => {
    store.reads++;
    if (store.down) throw new Error('the database is down');
    return value();
  };
  const store: FakeStore = {
    sandboxes: new Map(),
    shares: new Map(),
    keys: new Map(),
    down: false,
    reads: 0,
    sandboxBySlug: (slug) => read(() => [...store.sandboxes.values()].find((route) => route.slug === slug) ?? null),
    sandboxById: (id) => read(() => store.sandboxes.get(id) ?? null),
    share: (hash) => read(() => store.shares.get(hash.toString('base64url')) ?? null),
    key: (id) => read(() => store.keys.get(id) ?? { id, revokedAt: null, expiresAt: null }),
  };
  return store;
};
