import { defineRoute, type Route, readBytes } from '@miosa/http';
import { Type } from 'typebox';
import type { Core } from '../../deps.ts';
import { receiveHook } from './service.ts';

/** Git hosts cut the list of commits; what is longer is no push event. */
const BODY_LIMIT_BYTES = 1024 * 1024;

export const createHookRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.gitHook',
    method: 'POST',
    path: '/deployments/{id}/git-hook',
    summary: 'A Git host tells of a push',
    description:
      'For the webhook of a repository: content type JSON, secret = `webhook_secret` of the deployment, signed with `X-Hub-Signature-256`. A push to its branch is built and published when `auto_deploy` is on; everything else is answered with the reason why not.',
    access: 'public',
    bucket: 'signed',
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: 'raw',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    response: Type.Object(
      {
        success: Type.Boolean(),
        ignored: Type.Union([Type.String(), Type.Null()], { description: 'why nothing is built' }),
        version_id: Type.Union([Type.String(), Type.Null()]),
        build_id: Type.Union([Type.String(), Type.Null()]),
      },
      { title: 'GitHookResult' },
    ),
    status: 202,
    errors: ['FORBIDDEN', 'PAYLOAD_TOO_LARGE'],
    handler: async (op, { params, body, headers }) => {
      const { ignored, versionId, buildId } = await receiveHook(op, core, params.id, await readBytes(body, BODY_LIMIT_BYTES), headers);
      return { success: true, ignored, version_id: versionId, build_id: buildId };
    },
  }),
];
