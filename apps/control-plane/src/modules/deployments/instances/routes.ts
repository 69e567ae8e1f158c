import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route, sse } from '@miosa/http';
import { invalid, notFound, type Op } from '@miosa/kernel';
import { type Static, Type } from 'typebox';
import { stoppable } from '../../events/index.ts';
import { oneOf } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { renderInstance } from '../render.ts';
import { AppLogLine, DeploymentMetrics, Id, Instance, InstanceIds } from '../schemas.ts';
import type { InstanceRow } from '../types.ts';
import { followLogs, lastLines } from './logs.ts';
import { metricsOf } from './metrics.ts';
import { findInstance, listInstances } from './store.ts';

const READ = { scope: 'deployments:read' } as const;
const DEFAULT_LINES = 200;

const at = (row: InstanceRow) => ({ at: row.created_at.toISOString(), id: row.id });

const getInstance = async (op: Op, core: Core, params: Static<typeof InstanceIds>): Promise<InstanceRow> => {
  const deployment = await getDeployment(op, core, params.id);
  const row = await findInstance(core.db.read, deployment.id, params.instance_id);
  if (row === undefined) throw notFound();
  return row;
};

const instanceRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.runtimeInstances.list',
    method: 'GET',
    path: '/deployments/{id}/runtime-instances',
    summary: 'List the instances of a deployment, newest first, ended ones too',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY, state: Type.Optional(Type.String({ maxLength: 255 })) }),
    response: Instance,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor, state } }) => {
      const deployment = await getDeployment(op, core, params.id);
      const rows = await listInstances(core.db.read, deployment.id, state, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, at, renderInstance);
    },
  }),
  defineRoute({
    id: 'deployments.runtimeInstances.get',
    method: 'GET',
    path: '/deployments/{id}/runtime-instances/{instance_id}',
    summary: 'Get an instance',
    access: READ,
    params: InstanceIds,
    response: Instance,
    handler: async (op, { params }) => renderInstance(await getInstance(op, core, params)),
  }),
  defineRoute({
    id: 'deployments.runtimeInstances.logs',
    method: 'GET',
    path: '/deployments/{id}/runtime-instances/{instance_id}/logs',
    summary: 'The last lines of an instance; of an ended one those it ended with',
    access: READ,
    params: InstanceIds,
    query: Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'default 200' })) }),
    response: Type.Array(AppLogLine),
    handler: async (op, { params, query }) => {
      const row = await getInstance(op, core, params);
      return lastLines(core, row.deployment_id, { lines: query.lines ?? DEFAULT_LINES, instanceId: row.id });
    },
  }),
];

const FILTER = {
  instance_id: Type.Optional(Type.String({ maxLength: 64 })),
  stream: Type.Optional(oneOf(['stdout', 'stderr'])),
};

const sinceOf = (text: string | undefined): Date | undefined => {
  if (text === undefined) return undefined;
  const since = new Date(text);
  if (Number.isNaN(since.getTime())) throw invalid('since', 'must be a time such as 2026-01-31T12:00:00Z');
  return since;
};

const logRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.logs',
    method: 'GET',
    path: '/deployments/{id}/logs',
    summary: 'The last lines of its instances',
    description:
      'Of those that run and of the last that ended, these first. Apps write no times of their own: `ts` is the start of the instance, or its end. `since` leaves out instances that ended before. Never wakes a sleeping one.',
    access: READ,
    params: Id,
    query: Type.Object({
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'default 200' })),
      since: Type.Optional(Type.String({ maxLength: 40 })),
      ...FILTER,
    }),
    response: Type.Array(AppLogLine),
    handler: async (op, { params, query }) => {
      const { id } = await getDeployment(op, core, params.id);
      const { instance_id: instanceId, stream } = query;
      return lastLines(core, id, { lines: query.lines ?? DEFAULT_LINES, instanceId, stream, since: sinceOf(query.since) });
    },
  }),
  defineRoute({
    id: 'deployments.logs.stream',
    method: 'GET',
    path: '/deployments/{id}/logs/stream',
    summary: 'The lines of its instances, as they come, of later ones too',
    description:
      'Events `log` (as in the list) and `end` once the deployment is deleted, or the instance asked for has ended. Resumable with `Last-Event-ID`. Never wakes an instance.',
    access: READ,
    params: Id,
    query: Type.Object({
      lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'earlier ones first, of each instance; default 200' })),
      ...FILTER,
    }),
    response: 'sse',
    handler: async (op, { params, query, headers }) => {
      const { id } = await getDeployment(op, core, params.id);
      const { instance_id: instanceId, stream } = query;
      const how = { lines: query.lines ?? DEFAULT_LINES, instanceId, stream, after: headers['last-event-id'] };
      return sse(stoppable((signal) => followLogs(op, core, id, { ...how, signal })));
    },
  }),
  defineRoute({
    id: 'deployments.metrics',
    method: 'GET',
    path: '/deployments/{id}/metrics',
    summary: 'Requests, latency, traffic, processor and memory over a window of time',
    description:
      'A point a step. `requests`, `errors` (500 and above), `egress_bytes`: within the step, as edges counted them. `p50_ms`, `p95_ms`: to the end of the answer. `cpu_percent` (100 is one processor) and `memory_bytes`: of the instances that run now, together. Windows from 5m to 7d.',
    access: READ,
    params: Id,
    query: Type.Object({ window: Type.Optional(Type.String({ maxLength: 10 })) }),
    response: DeploymentMetrics,
    errors: ['UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, query }) => metricsOf(core, (await getDeployment(op, core, params.id)).id, query.window ?? '1h'),
  }),
];

export const createInstanceRoutes = (core: Core): Route[] => [...instanceRoutes(core), ...logRoutes(core)];
