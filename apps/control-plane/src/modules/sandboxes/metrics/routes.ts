import { defineRoute, type Route } from '@miosa/http';
import { Fault, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { getSandbox } from '../lifecycle/service.ts';
import { Id, Metrics } from '../schemas.ts';
import { type Series, seriesOf, stepSeconds, windowSeconds } from './series.ts';

const metricsOf = async (op: Op, core: Core, id: string, window: string): Promise<{ window: string; step_sec: number; series: Series }> => {
  const seconds = windowSeconds(window);
  const step = stepSeconds(seconds);
  await getSandbox(op, core, id);
  const since = core.now().getTime() - seconds * 1000;
  // One step more, against which the first one is measured.
  const samples = await core.runtime.samples(id, new Date(since - step * 1000)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'NOT_FOUND') return []; // its machine is gone, and they with it
    throw error;
  });
  return { window, step_sec: step, series: seriesOf(samples, step * 1000, since) };
};

export const createMetricsRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.metrics',
    method: 'GET',
    path: '/sandboxes/{id}/metrics',
    summary: 'Processor, memory, disk and network over a window of time',
    description:
      'A point a step in which it ran. `cpu_percent`: 100 is one processor. `network_*_bytes`: within the step. Windows from 5m to 7d; step 10 s up to an hour, 5 min up to a day, else 30 min.',
    access: { scope: 'sandboxes:read', browser: 'sandbox:read' },
    params: Id,
    query: Type.Object({ window: Type.Optional(Type.String({ maxLength: 10 })) }),
    response: Metrics,
    errors: ['UPSTREAM_UNREACHABLE'],
    handler: (op, { params, query }) => metricsOf(op, core, params.id, query.window ?? '1h'),
  }),
];
