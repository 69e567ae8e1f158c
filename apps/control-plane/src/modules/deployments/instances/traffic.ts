import type { Core } from '../deps.ts';
import { purgeInstances } from './store.ts';
import { addTraffic, type MinuteRow, purgeTraffic } from './traffic.store.ts';

/** 0.25 ms to a minute, each √2 times the one before, as edges count: a quantile read from it is right within 41 %. */
export const BOUNDS_MS: readonly number[] = Array.from({ length: 37 }, (_, i) => Number((0.25 * 2 ** (i / 2)).toFixed(3)));
const MINUTE_MS = 60_000;
/** The longest window is a week. */
const KEPT_MS = 8 * 24 * 3600_000;
/** An ended instance and its last lines. */
const INSTANCES_KEPT_MS = 30 * 24 * 3600_000;

export interface Report {
  /** Unix milliseconds. */
  readonly until: number;
  readonly bounds_ms: readonly number[];
  readonly deployments: Readonly<
    Record<
      string,
      { readonly requests: number; readonly errors: number; readonly egress_bytes: number; readonly durations: readonly number[] }
    >
  >;
}

const isOurs = (bounds: readonly number[]): boolean =>
  bounds.length === BOUNDS_MS.length && bounds.every((bound, i) => bound === BOUNDS_MS[i]);

/** What an edge has counted since its last report, in the minute it told it. */
export const recordTraffic = async (core: Core, { until, bounds_ms, deployments }: Report): Promise<void> => {
  const now = core.now().getTime();
  // A report that was kept while we were away counts when it was; one from the future counts now.
  const at = Math.max(now - KEPT_MS, Math.min(until, now));
  const known = isOurs(bounds_ms);
  const counted = Object.entries(deployments).map(([id, { requests, errors, egress_bytes, durations }]) => ({
    id,
    requests,
    errors,
    egressBytes: egress_bytes,
    durations: known ? durations.slice(0, BOUNDS_MS.length + 1) : [],
  }));
  await addTraffic(core.db.read, new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS), counted);
};

/** What nobody can ask for any more. */
export const forgetOld = async (core: Core): Promise<void> => {
  const now = core.now().getTime();
  await purgeTraffic(core.db.read, new Date(now - KEPT_MS));
  await purgeInstances(core.db.read, new Date(now - INSTANCES_KEPT_MS));
};

/** The bound below which that part of the requests lasted; null without requests. */
export const quantile = (latencies: readonly number[], part: number): number | null => {
  const total = latencies.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [i, n] of latencies.entries()) {
    seen += n;
    if (seen >= total * part) return BOUNDS_MS[Math.min(i, BOUNDS_MS.length - 1)] ?? null;
  }
  return BOUNDS_MS.at(-1) ?? null;
};

type Point = [string, number];
export interface TrafficSeries {
  readonly requests: Point[];
  readonly errors: Point[];
  readonly p50_ms: Point[];
  readonly p95_ms: Point[];
  readonly egress_bytes: Point[];
}

const sumOf = (rows: readonly MinuteRow[], of: (row: MinuteRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);

/** A point a step, at its beginning, for steps with requests. */
export const trafficSeries = (rows: readonly MinuteRow[], stepMs: number): TrafficSeries => {
  const series: TrafficSeries = { requests: [], errors: [], p50_ms: [], p95_ms: [], egress_bytes: [] };
  for (const [start, minutes] of Map.groupBy(rows, ({ minute }) => Math.floor(minute.getTime() / stepMs) * stepMs)) {
    const ts = new Date(start).toISOString();
    const latencies = BOUNDS_MS.concat(0).map((_, i) => sumOf(minutes, (row) => row.latencies[i] ?? 0));
    series.requests.push([ts, sumOf(minutes, ({ requests }) => requests)]);
    series.errors.push([ts, sumOf(minutes, ({ errors }) => errors)]);
    series.egress_bytes.push([ts, sumOf(minutes, ({ egress_bytes }) => egress_bytes)]);
    for (const [name, part] of [
      ['p50_ms', 0.5],
      ['p95_ms', 0.95],
    ] as const) {
      const value = quantile(latencies, part);
      if (value !== null) series[name].push([ts, value]);
    }
  }
  return series;
};
