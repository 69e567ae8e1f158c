import { seriesOf, stepSeconds, windowSeconds } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { loggedInstances } from './store.ts';
import { trafficSince } from './traffic.store.ts';
import { type TrafficSeries, trafficSeries } from './traffic.ts';

/** Traffic is counted by the minute. */
const LEAST_STEP_SEC = 60;
const INSTANCES = 50;

type Point = [string, number];

/** Several instances together: what they used at the same time is added. */
const added = (all: readonly (readonly Point[])[]): Point[] => {
  const sums = new Map<string, number>();
  for (const [ts, value] of all.flat()) sums.set(ts, (sums.get(ts) ?? 0) + value);
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([ts, value]) => [ts, Math.round(value * 100) / 100]);
};

/** Of the instances that run now, and of all requests. */
export const metricsOf = async (
  core: Core,
  deploymentId: string,
  window: string,
): Promise<{ window: string; step_sec: number; series: TrafficSeries & { cpu_percent: Point[]; memory_bytes: Point[] } }> => {
  const seconds = windowSeconds(window);
  const step = Math.max(LEAST_STEP_SEC, stepSeconds(seconds));
  const since = core.now().getTime() - seconds * 1000;
  const [minutes, rows] = await Promise.all([
    trafficSince(core.db.read, deploymentId, new Date(since)),
    loggedInstances(core.db.read, deploymentId, 0, INSTANCES),
  ]);
  const used = await Promise.all(
    rows.flatMap(({ machine_id }) =>
      machine_id === null
        ? []
        : core.machines.samples(machine_id, new Date(since - step * 1000)).then((samples) => seriesOf(samples, step * 1000, since)),
    ),
  );
  const cpu_percent = added(used.map((series) => series.cpu_percent));
  const memory_bytes = added(used.map((series) => series.memory_bytes));
  return { window, step_sec: step, series: { ...trafficSeries(minutes, step * 1000), cpu_percent, memory_bytes } };
};
