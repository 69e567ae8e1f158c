import type { Data } from '../wire.ts';

/** Beginning of its step (ISO), and the value. */
export type MetricPoint = readonly [at: string, value: number];

type Wire = Data<'sandboxes.metrics'>;

/** A point a step in which the sandbox ran. `cpuPercent`: 100 is one processor; `network…Bytes`: within the step. */
export interface SandboxMetrics extends Omit<Wire, 'series'> {
  readonly series: { readonly [K in keyof Wire['series']]: readonly MetricPoint[] };
}
