import { defineRoute, type Route, withStatus } from '@miosa/http';
import type { Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { Name, OWNERSHIP_FIELDS } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { Id, PUBLISH_FIELDS, PublishResult } from '../schemas.ts';
import { deploySandbox, publish, redeploy } from './service.ts';
import type { Started } from './start.ts';
import { outcomeOf, type Waiting } from './wait.ts';

const WRITE = { scope: 'deployments:write' } as const;
const ERRORS = ['SETUP_REQUIRED', 'OWNERSHIP_CONFLICT', 'SANDBOX_NOT_RUNNING', 'STORAGE_FULL', 'CONFLICT', 'GONE'] as const;
export const DESCRIPTION =
  'With `wait` the answer is 201 once it is live, or the error that ended it (`details` names version and build); 202 while it is still being built.';

/** Of publishes, however they were asked for. */
export const answer = async (op: Op, core: Core, started: Started, waiting: Waiting) => {
  const { result, over } = await outcomeOf(op, core, started, waiting);
  return over ? result : withStatus(202, result);
};

export const createPublishRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'deployments.publish',
    method: 'POST',
    path: '/deployments/{id}/publish',
    summary: 'Publish a sandbox or a snapshot as the next version',
    description: DESCRIPTION,
    access: WRITE,
    bucket: 'publish',
    params: Id,
    body: Type.Object(
      {
        source_sandbox_id: Type.Optional(Type.String({ maxLength: 64 })),
        source_snapshot_id: Type.Optional(Type.String({ maxLength: 64 })),
        ...PUBLISH_FIELDS,
        ...OWNERSHIP_FIELDS,
      },
      { title: 'DeploymentPublishRequest' },
    ),
    response: PublishResult,
    status: 201,
    errors: ERRORS,
    handler: async (op, { params, body }) => answer(op, core, await publish(op, core, params.id, body), body),
  }),
  defineRoute({
    id: 'sandboxes.deploy',
    method: 'POST',
    path: '/sandboxes/{id}/deploy',
    summary: 'Publish this sandbox; the deployment of that name in its project is made when there is none',
    description: DESCRIPTION,
    access: WRITE,
    bucket: 'publish',
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: Type.Object(
      { deployment_id: Type.Optional(Type.String({ maxLength: 64 })), name: Type.Optional(Name), ...PUBLISH_FIELDS },
      { title: 'SandboxDeployRequest' },
    ),
    response: PublishResult,
    status: 201,
    errors: ERRORS,
    handler: async (op, { params, body }) => answer(op, core, await deploySandbox(op, core, params.id, body), body),
  }),
  defineRoute({
    id: 'deployments.redeploy',
    method: 'POST',
    path: '/deployments/{id}/redeploy',
    summary: 'Build the live version’s source again and publish it',
    description: DESCRIPTION,
    access: WRITE,
    bucket: 'publish',
    params: Id,
    body: Type.Optional(
      Type.Object({ wait: PUBLISH_FIELDS.wait, wait_seconds: PUBLISH_FIELDS.wait_seconds }, { title: 'DeploymentRedeployRequest' }),
    ),
    response: PublishResult,
    status: 201,
    errors: ERRORS,
    handler: async (op, { params, body }) => answer(op, core, await redeploy(op, core, params.id), (body ?? {}) as Waiting),
  }),
];
