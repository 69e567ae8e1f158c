import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { Type } from 'typebox';
import { Uuid } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { changeKey, revoke, rotateKey } from './keys.manage.ts';
import { createKey, getKey, pageOfKeys } from './keys.ts';
import { presentKey, presentMinted } from './present.ts';
import { ApiKey, ApiKeyChange, ApiKeyCreate, ApiKeyQuery, ApiKeyRotate, ApiKeyWithSecret } from './schemas.ts';

const params = Type.Object({ id: Uuid });
// Viewers too manage their own `user` keys (contract 2.4); which keys those are, the service decides.
const read = { scope: 'api_keys:read', minRole: 'viewer' } as const;
const write = { scope: 'api_keys:write', minRole: 'viewer' } as const;

const mintingRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'apiKeys.create',
    method: 'POST',
    path: '/api-keys',
    summary: 'Create an API key; the answer holds its plaintext, once',
    access: write,
    body: ApiKeyCreate,
    response: ApiKeyWithSecret,
    status: 201,
    errors: ['FORBIDDEN'],
    handler: async (op, { body }) => presentMinted(await createKey(op, core, body), op.now()),
  }),
  defineRoute({
    id: 'apiKeys.rotate',
    method: 'POST',
    path: '/api-keys/{id}/rotate',
    summary: 'Replace a key by a successor with the same rights',
    access: write,
    params,
    body: ApiKeyRotate,
    response: ApiKeyWithSecret,
    status: 201,
    errors: ['CONFLICT'],
    handler: async (op, request) => presentMinted(await rotateKey(op, core, request.params.id, request.body.grace_seconds), op.now()),
  }),
];

export const keyRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'apiKeys.list',
    method: 'GET',
    path: '/api-keys',
    summary: 'API keys, newest first, without their plaintext',
    access: read,
    query: ApiKeyQuery,
    response: ApiKey,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, ...filters } }) => {
      const rows = await pageOfKeys(op, core, filters, { after: positionOf(cursor), limit: limit + 1 });
      const now = op.now();
      return pageOf(
        rows,
        limit,
        (row) => ({ at: row.created_at.toISOString(), id: row.id }),
        (row) => presentKey(row, now),
      );
    },
  }),
  ...mintingRoutes(core),
  defineRoute({
    id: 'apiKeys.get',
    method: 'GET',
    path: '/api-keys/{id}',
    summary: 'One API key, without its plaintext',
    access: read,
    params,
    response: ApiKey,
    handler: async (op, request) => presentKey(await getKey(op, core, request.params.id), op.now()),
  }),
  defineRoute({
    id: 'apiKeys.update',
    method: 'PATCH',
    path: '/api-keys/{id}',
    summary: 'Rename or narrow an API key',
    access: write,
    params,
    body: ApiKeyChange,
    response: ApiKey,
    errors: ['CONFLICT'],
    handler: async (op, request) => presentKey(await changeKey(op, core, request.params.id, request.body), op.now()),
  }),
  defineRoute({
    id: 'apiKeys.revoke',
    method: 'DELETE',
    path: '/api-keys/{id}',
    summary: 'Revoke an API key, for good and everywhere within a second',
    access: write,
    params,
    response: ApiKey,
    handler: async (op, request) => presentKey(await revoke(op, core, request.params.id), op.now()),
  }),
];
