import { defineRoute, type Route, sse } from '@miosa/http';
import { Type } from 'typebox';
import { stoppable } from '../../events/index.ts';
import type { Core } from '../deps.ts';
import { getSandbox } from '../lifecycle/service.ts';
import { Id } from '../schemas.ts';
import { positionsOf } from './position.ts';
import { streamLines } from './stream.ts';

const DEFAULT_LINES = 200;

export const createLogRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.logs.stream',
    method: 'GET',
    path: '/sandboxes/{id}/logs/stream',
    summary: 'The lines of its processes, as they come',
    description:
      'Events `log` (as in the list) and, when nothing more can come, `end`. Resumable with `Last-Event-ID`. Never wakes a sandbox.',
    access: { scope: 'sandboxes:read', browser: 'sandbox:read' },
    params: Id,
    query: Type.Object({
      lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'earlier ones first, default 200' })),
    }),
    response: 'sse',
    handler: async (op, { params, query, headers }) => {
      await getSandbox(op, core, params.id);
      const from = positionsOf(headers['last-event-id']);
      const lines = query.lines ?? DEFAULT_LINES;
      return sse(stoppable((signal) => streamLines(op, core, params.id, { lines, from, signal })));
    },
  }),
];
