import type { DeploymentRoute, NameSpace } from './deployment-types.ts';

interface Entry {
  readonly route: DeploymentRoute;
  readAt: number;
}

/** Routes by name, and names by deployment. Looking up and replacing cost the same however many there are. */
export interface DeploymentTable {
  get(space: NameSpace, name: string): Entry | undefined;
  /** Puts the routes of one deployment in place of those it had; none = it has no names any more. Returns the machines that left. */
  replace(deploymentId: string, routes: readonly DeploymentRoute[], readAt: number): string[];
  routes(): DeploymentRoute[];
  ids(): Iterable<string>;
  readonly size: number;
}

const keyOf = (space: NameSpace, name: string): string => (space === 'managed' ? name : `${space} ${name}`);

const machinesOf = (entries: readonly DeploymentRoute[]): Set<string> =>
  new Set(entries.flatMap((route) => route.instances.map(({ machineId }) => machineId)));

export const createDeploymentTable = (): DeploymentTable => {
  const byKey = new Map<string, Entry>();
  const keysById = new Map<string, readonly string[]>();

  const replace: DeploymentTable['replace'] = (id, routes, readAt) => {
    const before = (keysById.get(id) ?? []).flatMap((key) => {
      const route = byKey.get(key)?.route;
      // A name may have gone to another deployment meanwhile.
      if (route?.deploymentId !== id) return [];
      byKey.delete(key);
      return [route];
    });
    const keys = routes.map(({ space, name }) => keyOf(space, name));
    if (keys.length === 0) keysById.delete(id);
    else keysById.set(id, keys);
    for (const route of routes) byKey.set(keyOf(route.space, route.name), { route, readAt });
    const machines = machinesOf(routes);
    return [...machinesOf(before)].filter((machine) => !machines.has(machine));
  };

  return {
    get: (space, name) => byKey.get(keyOf(space, name)),
    replace,
    routes: () => Array.from(byKey.values(), ({ route }) => route),
    ids: () => keysById.keys(),
    get size() {
      return byKey.size;
    },
  };
};
