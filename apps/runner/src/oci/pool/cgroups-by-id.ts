import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Records } from '../records.ts';

/**
 * The cgroups, spoken of by sandbox id: a machine that was made ahead keeps the cgroups that were made with it, since a cgroup with processes
 * can be neither renamed (v2) nor left without leaving its memory charged to nobody.
 */
export const cgroupsById = (cgroups: Cgroups, records: Pick<Records, 'get' | 'all'>): Cgroups => {
  const nameOf = (id: string): string => records.get(id)?.machine ?? id;
  return {
    create: (id, limits) => cgroups.create(nameOf(id), limits),
    setLimits: (id, limits) => cgroups.setLimits(nameOf(id), limits),
    has: (id) => cgroups.has(nameOf(id)),
    heldBytes: (id) => (id === undefined ? cgroups.heldBytes() : cgroups.heldBytes(nameOf(id))),
    setFrozen: (id, frozen) => cgroups.setFrozen(nameOf(id), frozen),
    isFrozen: (id) => cgroups.isFrozen(nameOf(id)),
    usage: (id) => cgroups.usage(nameOf(id)),
    remove: (id) => cgroups.remove(nameOf(id)),
    list: () => {
      const ids = new Map(records.all().flatMap(({ machine, spec }) => (machine === undefined ? [] : [[machine, spec.id]])));
      return cgroups.list().map((name) => ids.get(name) ?? name);
    },
    close: () => cgroups.close(),
  };
};
