import { defineRoute, type Route, withStatus } from '@miosa/http';
import { Type } from 'typebox';
import { OWNED_FILTERS } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { oneOf } from '../schemas.ts';
import { getBulk, MAX_IDS, startBulk } from './service.ts';
import { BULK_ACTIONS } from './types.ts';

const BulkRequest = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: MAX_IDS })),
    filter: Type.Optional(
      Type.Object({ ...OWNED_FILTERS, template_id: Type.Optional(Type.String({ maxLength: 255 })) }, { additionalProperties: false }),
    ),
  },
  { title: 'BulkRequest' },
);

const BulkAccepted = Type.Object({ id: Type.String(), queued: Type.Integer() }, { title: 'BulkAccepted' });

const BulkOperation = Type.Object(
  {
    id: Type.String(),
    state: oneOf(['running', 'done']),
    queued: Type.Integer({ description: 'not finished yet' }),
    completed: Type.Integer(),
    failed: Type.Integer(),
    errors: Type.Array(Type.Object({ id: Type.String(), code: Type.String() })),
  },
  { title: 'BulkOperation' },
);

export const createBulkRoutes = (core: Core): Route[] => [
  ...BULK_ACTIONS.map((action) =>
    defineRoute({
      id: `bulk.sandboxes.${action}`,
      method: 'POST',
      path: `/bulk/sandboxes/${action}`,
      summary: `${action[0]?.toUpperCase()}${action.slice(1)} up to ${MAX_IDS} sandboxes in the background`,
      access: { scope: 'sandboxes:write' },
      body: BulkRequest,
      response: BulkAccepted,
      status: 202,
      handler: async (op, { body }) => withStatus(202, await startBulk(op, core, action, body)),
    }),
  ),
  defineRoute({
    id: 'bulk.get',
    method: 'GET',
    path: '/bulk/{id}',
    summary: 'How far a bulk operation is, and what failed',
    access: { scope: 'sandboxes:read' },
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    response: BulkOperation,
    handler: (op, { params }) => getBulk(op, core, params.id),
  }),
];
