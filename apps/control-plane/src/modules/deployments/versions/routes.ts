import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route } from '@miosa/http';
import { notFound, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { renderDeployment, renderRelease, renderVersions } from '../render.ts';
import { Deployment, Id, Release, ReleaseIds, Version, VersionIds } from '../schemas.ts';
import type { DeploymentRow, VersionRow } from '../types.ts';
import { findRelease, findVersion, listReleases, listVersions } from './store.ts';
import { archive, promote, rollback } from './switch.ts';

const READ = { scope: 'deployments:read' } as const;
const WRITE = { scope: 'deployments:write' } as const;

const at = (row: { readonly created_at: Date; readonly id: string }) => ({ at: row.created_at.toISOString(), id: row.id });

const one = async (core: Core, deployment: DeploymentRow, row: VersionRow | undefined) => {
  const [shown] = row === undefined ? [] : await renderVersions(core, deployment, [row]);
  if (shown === undefined) throw notFound();
  return shown;
};

const readRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.versions.list',
    method: 'GET',
    path: '/deployments/{id}/versions',
    summary: 'List the versions of a deployment, newest first',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY, state: Type.Optional(Type.String({ maxLength: 255 })) }),
    response: Version,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor, state } }) => {
      const deployment = await getDeployment(op, core, params.id);
      const rows = await listVersions(core.db.read, deployment.id, state, { after: positionOf(cursor), limit: limit + 1 });
      const { nextCursor } = pageOf(rows, limit, at, (row) => row);
      return { items: await renderVersions(core, deployment, rows.slice(0, limit)), nextCursor };
    },
  }),
  defineRoute({
    id: 'deployments.versions.get',
    method: 'GET',
    path: '/deployments/{id}/versions/{version_id}',
    summary: 'Get a version',
    access: READ,
    params: VersionIds,
    response: Version,
    handler: async (op, { params }) => {
      const deployment = await getDeployment(op, core, params.id);
      return one(core, deployment, await findVersion(core.db.read, deployment.id, params.version_id));
    },
  }),
  defineRoute({
    id: 'deployments.releases.list',
    method: 'GET',
    path: '/deployments/{id}/releases',
    summary: 'List the releases of a deployment, newest first',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY }),
    response: Release,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }) => {
      const deployment = await getDeployment(op, core, params.id);
      const rows = await listReleases(core.db.read, deployment.id, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, at, renderRelease);
    },
  }),
  defineRoute({
    id: 'deployments.releases.get',
    method: 'GET',
    path: '/deployments/{id}/releases/{release_id}',
    summary: 'Get a release',
    access: READ,
    params: ReleaseIds,
    response: Release,
    handler: async (op, { params }) => {
      const deployment = await getDeployment(op, core, params.id);
      const row = await findRelease(core.db.read, deployment.id, params.release_id);
      if (row === undefined) throw notFound();
      return renderRelease(row);
    },
  }),
];

const shown = async (core: Core, change: Promise<DeploymentRow>) => renderDeployment(core, await change);

const switchRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.versions.promote',
    method: 'POST',
    path: '/deployments/{id}/versions/{version_id}/promote',
    summary: 'Make a version live, without building it again',
    access: WRITE,
    params: VersionIds,
    response: Deployment,
    errors: ['VERSION_NOT_READY', 'GONE', 'CONFLICT'],
    handler: (op, { params }) => shown(core, promote(op, core, params.id, params.version_id)),
  }),
  defineRoute({
    id: 'deployments.rollback',
    method: 'POST',
    path: '/deployments/{id}/rollback',
    summary: 'Go back to the version that was live before, or to the one named',
    description: 'One pointer changes; nothing is built. The environment is the one the version was made with.',
    access: WRITE,
    params: Id,
    body: Type.Optional(Type.Object({ version_id: Type.Optional(Type.String({ maxLength: 64 })) }, { title: 'DeploymentRollbackRequest' })),
    response: Deployment,
    errors: ['VERSION_NOT_READY', 'GONE', 'CONFLICT'],
    handler: (op, { params, body }) => shown(core, rollback(op, core, params.id, body?.version_id)),
  }),
  defineRoute({
    id: 'deployments.versions.archive',
    method: 'POST',
    path: '/deployments/{id}/versions/{version_id}/archive',
    summary: 'Put a version aside; it can still be promoted while its files are kept',
    access: WRITE,
    params: VersionIds,
    response: Version,
    errors: ['VERSION_NOT_READY', 'CONFLICT'],
    handler: async (op: Op, { params }) => {
      const { deployment, version } = await archive(op, core, params.id, params.version_id);
      return one(core, deployment, version);
    },
  }),
];

export const createVersionRoutes = (core: Core): Route[] => [...readRoutes(core), ...switchRoutes(core)];
