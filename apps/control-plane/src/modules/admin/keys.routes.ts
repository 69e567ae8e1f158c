import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { ApiKey, ApiKeyWithSecret, OperatorKeyCreate, presentKey, presentMinted } from '../access/index.ts';
import { type Core, recordIn } from './core.ts';
import { keyTotals } from './overview.store.ts';
import { BulkResult, ById, KeyBulkRevoke, KeyQuery, KeyStats } from './schemas.ts';
import { inTurn } from './users.ts';

const access = { scope: null, operator: true } as const;

export const keyRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'admin.apiKeys.list',
    method: 'GET',
    path: '/admin/api-keys',
    summary: 'API keys of all organizations, newest first, without their plaintext',
    access,
    query: KeyQuery,
    response: ApiKey,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, tenant_id, status } }) => {
      const now = op.now();
      const metadata = { tenant_id, status };
      await recordIn(core.db.read, op, [], { action: 'admin.apiKeys.list', resourceType: 'api_key', metadata });
      const rows = await core.keys.list({ tenantId: tenant_id, status, now }, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(
        rows,
        limit,
        (row) => ({ at: row.at, id: row.id }),
        (row) => presentKey(row, now),
      );
    },
  }),
  defineRoute({
    id: 'admin.apiKeys.create',
    method: 'POST',
    path: '/admin/api-keys',
    summary: 'Create an API key of any type for any organization; the answer holds its plaintext, once',
    access,
    body: OperatorKeyCreate,
    response: ApiKeyWithSecret,
    status: 201,
    handler: async (op, { body }) => presentMinted(await core.keys.mint(op, body), op.now()),
  }),
  defineRoute({
    id: 'admin.apiKeys.revoke',
    method: 'DELETE',
    path: '/admin/api-keys/{id}',
    summary: 'Revoke any API key, for good and everywhere within a second',
    access,
    params: ById,
    response: ApiKey,
    handler: async (op, { params }) => presentKey(await core.keys.revoke(op, params.id), op.now()),
  }),
  defineRoute({
    id: 'admin.apiKeys.bulkRevoke',
    method: 'POST',
    path: '/admin/api-keys/bulk-revoke',
    summary: 'Revoke many API keys; each by itself',
    access,
    body: KeyBulkRevoke,
    response: BulkResult,
    handler: async (op, { body }) => ({ results: await inTurn(body.key_ids, (id) => core.keys.revoke(op, id)) }),
  }),
  defineRoute({
    id: 'admin.apiKeys.stats',
    method: 'GET',
    path: '/admin/api-keys/stats',
    summary: 'How many API keys there are, and how many are used',
    access,
    response: KeyStats,
    handler: async (op) => {
      await recordIn(core.db.read, op, [], { action: 'admin.apiKeys.stats', resourceType: 'api_key' });
      return keyTotals(core.db.read);
    },
  }),
];
