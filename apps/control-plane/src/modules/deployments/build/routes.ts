import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route, sse } from '@miosa/http';
import { notFound, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { stoppable } from '../../events/index.ts';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { findBuild } from '../publish/builds.store.ts';
import { renderBuild } from '../render.ts';
import { DeploymentBuild, Id } from '../schemas.ts';
import type { DeploymentBuildRow } from '../types.ts';
import { cancelBuild } from './cancel.ts';
import { lineOf, streamBuildLog } from './log.ts';
import { lastLines, listBuilds } from './store.ts';

const READ = { scope: 'deployments:read' } as const;
const WRITE = { scope: 'deployments:write' } as const;
const BuildIds = Type.Object({ id: Type.String({ maxLength: 64 }), build_id: Type.String({ maxLength: 64 }) });
const BuildLine = Type.Object(
  {
    ts: Type.String({ format: 'date-time' }),
    stream: Type.Union([Type.Literal('stdout'), Type.Literal('stderr'), Type.Literal('system')]),
    step: Type.String({ description: 'prepare, source, install, build or release' }),
    line: Type.String(),
  },
  { title: 'DeploymentBuildLine' },
);
const NEWEST_LINES = 200;

const getBuild = async (
  op: Op,
  core: Core,
  { id, build_id }: { readonly id: string; readonly build_id: string },
): Promise<DeploymentBuildRow> => {
  const deployment = await getDeployment(op, core, id);
  const row = await findBuild(core.db.read, deployment.id, build_id);
  if (row === undefined) throw notFound();
  return row;
};

const logRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.builds.logs',
    method: 'GET',
    path: '/deployments/{id}/builds/{build_id}/logs',
    summary: 'The last lines of a build',
    access: READ,
    params: BuildIds,
    query: Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'default 200' })) }),
    response: BuildLine,
    envelope: 'list',
    handler: async (op, { params, query }) => {
      const { id } = await getBuild(op, core, params);
      const rows = await lastLines(core.db.read, id, query.lines ?? NEWEST_LINES);
      return { items: rows.map(lineOf), nextCursor: null };
    },
  }),
  defineRoute({
    id: 'deployments.builds.logs.stream',
    method: 'GET',
    path: '/deployments/{id}/builds/{build_id}/logs/stream',
    summary: 'The lines of a build, as they come',
    description: 'Events `log` (as in the list) and, when the build is over, `end` with its state. Resumable with `Last-Event-ID`.',
    access: READ,
    params: BuildIds,
    response: 'sse',
    handler: async (op, { params, headers }) => {
      const build = await getBuild(op, core, params);
      return sse(stoppable((signal) => streamBuildLog(core, build, headers['last-event-id'], signal)));
    },
  }),
];

export const createBuildRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.builds.list',
    method: 'GET',
    path: '/deployments/{id}/builds',
    summary: 'List the builds of a deployment, newest first',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY }),
    response: DeploymentBuild,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }) => {
      const { id } = await getDeployment(op, core, params.id);
      const rows = await listBuilds(core.db.read, id, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: row.created_at.toISOString(), id: row.id }), renderBuild);
    },
  }),
  defineRoute({
    id: 'deployments.builds.get',
    method: 'GET',
    path: '/deployments/{id}/builds/{build_id}',
    summary: 'Get a build',
    access: READ,
    params: BuildIds,
    response: DeploymentBuild,
    handler: async (op, { params }) => renderBuild(await getBuild(op, core, params)),
  }),
  defineRoute({
    id: 'deployments.builds.cancel',
    method: 'POST',
    path: '/deployments/{id}/builds/{build_id}/cancel',
    summary: 'Cancel a build that waits or runs; what is live stays live',
    access: WRITE,
    params: BuildIds,
    response: DeploymentBuild,
    errors: ['CONFLICT'],
    handler: async (op, { params }) => renderBuild(await cancelBuild(op, core, params.id, params.build_id)),
  }),
  ...logRoutes(core),
];
