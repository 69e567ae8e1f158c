import type { DeploymentRoute, DeploymentStore } from '../routes/deployment-types.ts';

/** The published views of deployments, in memory. `down` makes it a database that does not answer. */
export interface FakeDeploymentStore extends DeploymentStore {
  /** By name. */
  readonly live: Map<string, DeploymentRoute>;
  /** By name and suffix, with a space between. */
  readonly versions: Map<string, DeploymentRoute>;
  down: boolean;
  reads: number;
}

export const createFakeDeploymentStore = (): FakeDeploymentStore => {
  const read = async <T>(value: () => T): Promise<T> => {
    store.reads++;
    if (store.down) throw new Error('the database is down');
    return value();
  };
  const all = (): DeploymentRoute[] => [...store.live.values()];
  const store: FakeDeploymentStore = {
    live: new Map(),
    versions: new Map(),
    down: false,
    reads: 0,
    all: (limit) => read(() => all().slice(0, limit)),
    byName: (space, name) => read(() => all().find((route) => route.space === space && route.name === name) ?? null),
    byIds: (ids) => read(() => all().filter(({ deploymentId }) => ids.includes(deploymentId))),
    version: (name, suffix) => read(() => store.versions.get(`${name} ${suffix}`) ?? null),
  };
  return store;
};
