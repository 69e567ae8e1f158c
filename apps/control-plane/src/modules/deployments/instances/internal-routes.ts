import { defineRoute, type Route } from '@miosa/http';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { wakeVersion } from './staged.ts';
import { recordTraffic } from './traffic.ts';

const Count = Type.Number({ minimum: 0 });
/** Ten thousand deployments with 38 counts each. */
const REPORT_BYTES = 8 * 1024 * 1024;

/** For the edge, on the internal socket only. */
export const createInternalDeploymentRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'internal.deployments.wake',
    method: 'POST',
    path: '/internal/deployments/versions/{version_id}/wake',
    summary: 'Start or wake an instance of a version for a visitor, and wait until it answers',
    access: 'public',
    internal: true,
    params: Type.Object({ version_id: Type.String({ maxLength: 64 }) }),
    response: Type.Object({ instances: Type.Array(Type.Object({ id: Type.String(), machine_id: Type.String(), port: Type.Integer() })) }),
    handler: async (_op, { params }) => ({ instances: await wakeVersion(core, params.version_id) }),
  }),
  defineRoute({
    id: 'internal.deployments.traffic',
    method: 'POST',
    path: '/internal/deployments/traffic',
    summary: 'What visitors of deployments got since the last report',
    access: 'public',
    internal: true,
    bodyLimitBytes: REPORT_BYTES,
    body: Type.Object({
      from: Type.Number(),
      until: Type.Number(),
      bounds_ms: Type.Array(Type.Number(), { maxItems: 100 }),
      deployments: Type.Record(
        Type.String({ maxLength: 64 }),
        Type.Object({ requests: Count, errors: Count, egress_bytes: Count, durations: Type.Array(Count, { maxItems: 101 }) }),
      ),
    }),
    response: Type.Object({ success: Type.Literal(true) }),
    handler: async (_op, { body }) => {
      await recordTraffic(core, body);
      return { success: true as const };
    },
  }),
];
