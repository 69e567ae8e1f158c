import { defineRoute, type Route } from '@miosa/http';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { Deleted, EnvVar, Id, nullable, SecretHosts } from '../schemas.ts';
import { deleteVar, listVars, setVars } from './service.ts';

/** Viewers may not see values (contract 2.2), nor may browser tokens. */
const READ = { scope: 'sandboxes:read', minRole: 'member' } as const;
const WRITE = { scope: 'sandboxes:write' } as const;
/** 200 values of 32 KiB, with room for escapes. */
const BODY_LIMIT = 16 * 1024 * 1024;

export const createEnvRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.env.list',
    method: 'GET',
    path: '/sandboxes/{id}/env',
    summary: 'List environment variables',
    access: READ,
    params: Id,
    response: EnvVar,
    envelope: 'list',
    handler: async (op, { params }) => ({ items: await listVars(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.env.set',
    method: 'PUT',
    path: '/sandboxes/{id}/env',
    summary: 'Set environment variables; new processes see them at once',
    description:
      'With `hosts` a variable is brokered: inside, its value is a placeholder; the true value never enters the sandbox and takes its place on the way out, in request headers and the query, over HTTPS to these hosts only.',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        vars: Type.Array(
          Type.Object({
            key: Type.String(),
            value: Type.String(),
            encrypted: Type.Optional(Type.Boolean()),
            hosts: Type.Optional(nullable(SecretHosts)),
          }),
          { maxItems: 200 },
        ),
        replace: Type.Optional(Type.Boolean()),
      },
      { title: 'EnvSetRequest' },
    ),
    bodyLimitBytes: BODY_LIMIT,
    response: EnvVar,
    envelope: 'list',
    errors: ['GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, body }) => ({
      items: await setVars(op, core, params.id, body.vars as Parameters<typeof setVars>[3], body.replace ?? false),
      nextCursor: null,
    }),
  }),
  defineRoute({
    id: 'sandboxes.env.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/env/{key}',
    summary: 'Delete an environment variable',
    access: WRITE,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), key: Type.String({ maxLength: 255 }) }),
    response: Deleted,
    errors: ['GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params }) => {
      await deleteVar(op, core, params.id, params.key);
      return { id: params.key, deleted: true as const };
    },
  }),
];
