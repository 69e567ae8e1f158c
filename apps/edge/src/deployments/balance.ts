import type { InstanceRoute } from '../routes/deployment-types.ts';
import { isRunning } from '../routes/types.ts';

const answers = ({ machineState, transition, endpoint }: InstanceRoute): boolean =>
  isRunning({ state: machineState, transition, endpoint });
export const sleeps = ({ machineState, transition }: InstanceRoute): boolean =>
  machineState === 'paused' || transition === 'pausing' || transition === 'resuming' || transition === 'hibernating';

/** Chooses among instances by the requests they have open. */
export interface Balance {
  /** The healthy one with the fewest open requests; an unhealthy one only when there is no other, since its app may answer all the same. */
  pick(instances: readonly InstanceRoute[], tried: ReadonlySet<string>): InstanceRoute | null;
  /** A request begins; the function it returns ends it, once. */
  enter(machineId: string): () => void;
  /** Machines with open requests. */
  busy(): Iterable<string>;
}

export const createBalance = (): Balance => {
  const open = new Map<string, number>();
  let turn = 0;

  const leastOpen = (candidates: readonly InstanceRoute[]): InstanceRoute | null => {
    let best: InstanceRoute | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    // Equals take turns: starting at the same one each time would keep the others cold.
    const first = turn++ % candidates.length;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(first + i) % candidates.length];
      const count = candidate === undefined ? fewest : (open.get(candidate.machineId) ?? 0);
      if (candidate === undefined || count >= fewest) continue;
      best = candidate;
      fewest = count;
    }
    return best;
  };

  return {
    pick: (instances, tried) => {
      const [only] = instances;
      if (instances.length === 1 && only !== undefined) return answers(only) && !tried.has(only.machineId) ? only : null;
      const possible = instances.filter((instance) => answers(instance) && !tried.has(instance.machineId));
      const healthy = possible.filter(({ state }) => state === 'healthy');
      return leastOpen(healthy.length > 0 ? healthy : possible);
    },
    enter: (machineId) => {
      open.set(machineId, (open.get(machineId) ?? 0) + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const count = (open.get(machineId) ?? 1) - 1;
        if (count > 0) open.set(machineId, count);
        else open.delete(machineId);
      };
    },
    busy: () => open.keys(),
  };
};
