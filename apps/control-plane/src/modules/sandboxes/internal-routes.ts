import { defineRoute, type Route } from '@miosa/http';
import { Fault, notFound } from '@miosa/kernel';
import { Type } from 'typebox';
import { type Core, systemOp } from './deps.ts';
import { untilServing } from './lifecycle/serving.ts';
import { settleFor } from './lifecycle/settled.ts';
import { Id, oneOf, Success } from './schemas.ts';
import { findAny, tenantSuspended } from './store.ts';
import { STATES } from './types.ts';

const Endpoint = Type.Union([
  Type.Object({ socketPath: Type.String() }),
  Type.Object({ host: Type.String(), port: Type.Integer(), secret: Type.String() }),
]);

/** A report may lie a little ahead of our clock, not far: a wrong time must not keep a sandbox alive for ever. */
const MAX_AHEAD_MS = 1000;

const stoppedByOperator = (): Fault =>
  new Fault('FORBIDDEN', 'The organization of this sandbox is suspended.', { details: { reason: 'organization_suspended' } });

/** For the edge, on the internal socket only. */
export const createInternalRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'internal.sandboxes.wake',
    method: 'POST',
    path: '/internal/sandboxes/{id}/wake',
    summary: 'Resume a paused sandbox for preview traffic and wait until it is ready',
    access: 'public',
    internal: true,
    params: Id,
    response: Type.Object({ state: oneOf(STATES), endpoint: Endpoint }),
    handler: async (op, { params }) => {
      const row = await findAny(core.db.read, params.id);
      if (row === undefined) throw notFound();
      // A visitor's request must not bring back what an operator stopped.
      if (await tenantSuspended(core.db.read, row.tenant_id)) throw stoppedByOperator();
      const edge = { ...systemOp(core, row.tenant_id, 'edge'), requestId: op.requestId, signal: op.signal };
      const ready = await settleFor(edge, core, () => findAny(core.db.read, params.id), 'use');
      core.activity.touch(ready.id);
      if (row.state === 'paused' && row.resume_keeps === 'files') await untilServing(core, ready, op.signal);
      if (ready.endpoint === null) throw notFound();
      return { state: ready.state, endpoint: ready.endpoint };
    },
  }),
  defineRoute({
    id: 'internal.activity',
    method: 'POST',
    path: '/internal/activity',
    summary: 'When previews of sandboxes were last used (unix milliseconds)',
    access: 'public',
    internal: true,
    body: Type.Object({ sandboxes: Type.Record(Type.String(), Type.Number()) }),
    response: Success,
    handler: async (_op, { body }) => {
      const latest = core.now().getTime() + MAX_AHEAD_MS;
      for (const [id, at] of Object.entries(body.sandboxes)) core.activity.touch(id, Math.min(at, latest));
      return { success: true as const };
    },
  }),
];
