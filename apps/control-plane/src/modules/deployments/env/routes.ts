import { defineRoute, type Route } from '@miosa/http';
import { Type } from 'typebox';
import { Deleted, nullable } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { Id } from '../schemas.ts';
import { deleteVar, listVars, setVars } from './service.ts';

/** Viewers may not see values (contract 2.2). */
const READ = { scope: 'deployments:read', minRole: 'member' } as const;
const WRITE = { scope: 'deployments:write' } as const;
/** 200 values of 32 KiB, with room for escapes. */
const BODY_LIMIT = 16 * 1024 * 1024;

const DeploymentEnvVar = Type.Object(
  {
    key: Type.String(),
    value: nullable(Type.String()),
    encrypted: Type.Boolean(),
    updated_at: Type.String({ format: 'date-time' }),
  },
  { title: 'DeploymentEnvVar' },
);

export const createEnvRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.env.list',
    method: 'GET',
    path: '/deployments/{id}/env',
    summary: 'List environment variables of the next version',
    access: READ,
    params: Id,
    response: DeploymentEnvVar,
    envelope: 'list',
    handler: async (op, { params }) => ({ items: await listVars(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'deployments.env.set',
    method: 'PUT',
    path: '/deployments/{id}/env',
    summary: 'Set environment variables: a new revision, for the next version or restart',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        vars: Type.Array(Type.Object({ key: Type.String(), value: Type.String(), encrypted: Type.Optional(Type.Boolean()) }), {
          maxItems: 200,
        }),
        replace: Type.Optional(Type.Boolean()),
      },
      { title: 'DeploymentEnvSetRequest' },
    ),
    bodyLimitBytes: BODY_LIMIT,
    response: DeploymentEnvVar,
    envelope: 'list',
    handler: async (op, { params, body }) => ({
      items: await setVars(op, core, params.id, body.vars as Parameters<typeof setVars>[3], body.replace ?? false),
      nextCursor: null,
    }),
  }),
  defineRoute({
    id: 'deployments.env.delete',
    method: 'DELETE',
    path: '/deployments/{id}/env/{key}',
    summary: 'Delete an environment variable: a new revision',
    access: WRITE,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), key: Type.String({ maxLength: 255 }) }),
    response: Deleted,
    handler: async (op, { params }) => {
      await deleteVar(op, core, params.id, params.key);
      return { id: params.key, deleted: true as const };
    },
  }),
];
