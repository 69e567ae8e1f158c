import type { Db, Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { emit } from '../events/index.ts';
import type { Core } from './deps.ts';
import { renderDeployments } from './render.ts';
import type { DeploymentRow } from './types.ts';

type Outcome = { readonly errorCode?: string; readonly metadata?: object };

/** The audit entry of an act on a deployment, in the transaction that carries it out. */
export const auditDeployment = (db: Db, op: Op, action: string, row: DeploymentRow, outcome: Outcome = {}): Promise<void> =>
  record(db, op, {
    action,
    resourceType: 'deployment',
    resourceId: row.id,
    ownership: {
      workspaceId: row.workspace_id,
      projectId: row.project_id,
      externalWorkspaceId: row.external_workspace_id,
      externalUserId: row.external_user_id,
      externalProjectId: row.external_project_id,
    },
    ...(outcome.errorCode === undefined ? {} : { outcome: 'failure' as const, errorCode: outcome.errorCode }),
    ...(outcome.metadata === undefined ? {} : { metadata: outcome.metadata }),
  });

/** Events of contract 4.21 whose data is the deployment. */
export type Happened =
  | 'created'
  | 'build_started'
  | 'build_succeeded'
  | 'build_failed'
  | 'published'
  | 'rolled_back'
  | 'failed'
  | 'deleted'
  | 'domain_attached';

/** Tells what became of a deployment, in the transaction of the change and after it. `about`: what else belongs to it, e.g. the version. */
export const announce = async (tx: Tx, op: Op, core: Core, row: DeploymentRow, happened: Happened, about: object = {}): Promise<void> => {
  const [shown] = await renderDeployments({ ...core, db: { ...core.db, read: tx } }, [row]);
  await emit(tx, op, {
    type: `deployment.${happened}`,
    resource: { type: 'deployment', id: row.id },
    data: { ...shown, ...about },
    ownership: {
      workspaceId: row.workspace_id,
      projectId: row.project_id,
      ownerUserId: row.owner_user_id,
      externalWorkspaceId: row.external_workspace_id,
      externalUserId: row.external_user_id,
      externalProjectId: row.external_project_id,
    },
  });
};
