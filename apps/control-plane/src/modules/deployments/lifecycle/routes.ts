import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route } from '@miosa/http';
import type { Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { oneOf } from '../../sandboxes/index.ts';
import { Deleted, ExternalId, Metadata, Name, nullable, OWNED_FILTERS, OWNERSHIP_FIELDS, Slug } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { renderDeployment, renderDeployments } from '../render.ts';
import { BUILD_SETTINGS, Deployment, Id, SIZE_NAMES } from '../schemas.ts';
import { type DeploymentRow, SOURCE_TYPES, SPA_MODES } from '../types.ts';
import { createDeployment, type DeploymentRequest } from './create.ts';
import { getDeployment } from './find.ts';
import {
  type DeploymentChange,
  deleteDeployment,
  listDeployments,
  restartDeployment,
  startDeployment,
  stopDeployment,
  updateDeployment,
} from './service.ts';

const READ = { scope: 'deployments:read' } as const;
const WRITE = { scope: 'deployments:write' } as const;

const SETTINGS = {
  ...BUILD_SETTINGS,
  branch: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9_][A-Za-z0-9_./-]*$' }))),
  auto_deploy: Type.Optional(Type.Boolean({ description: 'publish what is pushed to the branch (git-hook)' })),
  repo_url: Type.Optional(nullable(Type.String({ maxLength: 2048, description: 'https, without credentials' }))),
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
  size: Type.Optional(oneOf(SIZE_NAMES)),
  spa: Type.Optional(oneOf(SPA_MODES)),
  metadata: Type.Optional(Metadata),
};

const at = (row: DeploymentRow) => ({ at: row.created_at.toISOString(), id: row.id });

const readRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.list',
    method: 'GET',
    path: '/deployments',
    summary: 'List deployments, newest first',
    access: READ,
    query: Type.Object({
      ...PAGE_QUERY,
      ...OWNED_FILTERS,
      since: Type.Optional(Type.String({ format: 'date-time' })),
      until: Type.Optional(Type.String({ format: 'date-time' })),
    }),
    response: Deployment,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, since, until, ...filters } }) => {
      const times = { since: since === undefined ? undefined : new Date(since), until: until === undefined ? undefined : new Date(until) };
      const rows = await listDeployments(op, core, { ...filters, ...times }, { after: positionOf(cursor), limit: limit + 1 });
      const { nextCursor } = pageOf(rows, limit, at, (row) => row);
      return { items: await renderDeployments(core, rows.slice(0, limit)), nextCursor };
    },
  }),
  defineRoute({
    id: 'deployments.get',
    method: 'GET',
    path: '/deployments/{id}',
    summary: 'Get a deployment',
    access: READ,
    params: Id,
    response: Deployment,
    handler: async (op, { params }) => renderDeployment(core, await getDeployment(op, core, params.id)),
  }),
];

const writeRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.create',
    method: 'POST',
    path: '/deployments',
    summary: 'Make a deployment: a durable address, and what is published there',
    access: WRITE,
    body: Type.Object(
      {
        name: Name,
        slug: Type.Optional(Slug),
        source_type: Type.Optional(oneOf(SOURCE_TYPES)),
        ...SETTINGS,
        env: Type.Optional(Type.Record(Type.String(), Type.String())),
        ...OWNERSHIP_FIELDS,
      },
      { title: 'DeploymentCreateRequest' },
    ),
    response: Deployment,
    status: 201,
    errors: ['SLUG_TAKEN', 'SETUP_REQUIRED', 'OWNERSHIP_CONFLICT', 'CONFLICT'],
    handler: async (op, { body }) => {
      const { row, webhookSecret } = await createDeployment(op, core, body as DeploymentRequest);
      const shown = await renderDeployment(core, row);
      return webhookSecret === null ? shown : { ...shown, webhook_secret: webhookSecret };
    },
  }),
  defineRoute({
    id: 'deployments.update',
    method: 'PATCH',
    path: '/deployments/{id}',
    summary: 'Change a deployment; build settings count from the next publish on',
    description: 'A new slug is a new host name at once; nobody else can take the old one.',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        name: Type.Optional(Name),
        slug: Type.Optional(Slug),
        ...SETTINGS,
        external_workspace_id: Type.Optional(nullable(ExternalId)),
        external_user_id: Type.Optional(nullable(ExternalId)),
        external_project_id: Type.Optional(nullable(ExternalId)),
      },
      { title: 'DeploymentUpdateRequest' },
    ),
    response: Deployment,
    errors: ['SLUG_TAKEN'],
    handler: async (op, { params, body }) => renderDeployment(core, await updateDeployment(op, core, params.id, body as DeploymentChange)),
  }),
  defineRoute({
    id: 'deployments.delete',
    method: 'DELETE',
    path: '/deployments/{id}',
    summary: 'Delete a deployment; its addresses lead nowhere at once',
    access: WRITE,
    params: Id,
    response: Deleted,
    handler: async (op, { params }) => ({ id: await deleteDeployment(op, core, params.id), deleted: true as const }),
  }),
];

type Act = (op: Op, core: Core, name: string) => Promise<DeploymentRow>;
const ACTS: readonly (readonly [name: 'start' | 'stop' | 'restart', summary: string, act: Act])[] = [
  ['start', 'Let visitors in again', startDeployment],
  ['stop', 'Stop serving; versions and addresses are kept', stopDeployment],
  ['restart', 'Start new instances with the environment as it is now', restartDeployment],
];

const actRoutes = (core: Core): Route[] =>
  ACTS.map(([name, summary, act]) =>
    defineRoute({
      id: `deployments.${name}`,
      method: 'POST',
      path: `/deployments/{id}/${name}`,
      summary,
      access: WRITE,
      params: Id,
      response: Deployment,
      handler: async (op, { params }) => renderDeployment(core, await act(op, core, params.id)),
    }),
  );

export const createLifecycleRoutes = (core: Core): Route[] => [...readRoutes(core), ...writeRoutes(core), ...actRoutes(core)];
