import { invalid } from '@miosa/kernel';
import type { RuntimeSample } from '@miosa/runtime';

const UNITS = { m: 60, h: 3600, d: 86_400 } as const;
const [LEAST_SEC, MOST_SEC] = [300, 7 * 86_400];

/** `5m` to `7d`, in seconds. */
export const windowSeconds = (window: string): number => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(window) ?? [];
  const seconds = count === undefined ? 0 : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (seconds < LEAST_SEC || seconds > MOST_SEC) throw invalid('window', 'a whole number of m, h or d, from 5m to 7d');
  return seconds;
};

/** As fine as the host measured, and at most 360 points. */
export const stepSeconds = (window: number): number => (window <= 3600 ? 10 : window <= 86_400 ? 300 : 1800);

type Point = [string, number];
export interface Series {
  readonly cpu_percent: Point[];
  readonly memory_bytes: Point[];
  readonly disk_bytes: Point[];
  readonly network_rx_bytes: Point[];
  readonly network_tx_bytes: Point[];
}

/**
 * A point a step, at its beginning, for steps in which something was measured: a sandbox that stood still has none. Memory is the mean, disk
 * the last value; processor and network come from how far the counters moved since the point before.
 */
export const seriesOf = (samples: readonly RuntimeSample[], stepMs: number, sinceMs: number): Series => {
  const series: Series = { cpu_percent: [], memory_bytes: [], disk_bytes: [], network_rx_bytes: [], network_tx_bytes: [] };
  const steps = Map.groupBy(samples, ({ at }) => Math.floor(at / stepMs) * stepMs);
  let before: RuntimeSample | undefined;
  for (const [start, measured] of steps) {
    const last = measured.at(-1);
    if (last === undefined) continue;
    const from = before ?? measured[0];
    before = last;
    if (start + stepMs <= sinceMs || from === undefined) continue;
    const ts = new Date(start).toISOString();
    const percent = last.at > from.at ? ((last.cpuUsageUsec - from.cpuUsageUsec) / 1000 / (last.at - from.at)) * 100 : 0;
    series.cpu_percent.push([ts, Math.round(percent * 100) / 100]);
    series.memory_bytes.push([ts, Math.round(measured.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / measured.length)]);
    series.disk_bytes.push([ts, last.diskBytes]);
    series.network_rx_bytes.push([ts, last.networkRxBytes - from.networkRxBytes]);
    series.network_tx_bytes.push([ts, last.networkTxBytes - from.networkTxBytes]);
  }
  return series;
};
