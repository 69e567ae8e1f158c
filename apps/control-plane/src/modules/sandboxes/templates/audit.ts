import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { record } from '../../audit/index.ts';
import type { TemplateRow } from './store.ts';

/** The audit entry of an act on a template. */
export const auditTemplate = (
  tx: Tx,
  op: Op,
  action: string,
  row: TemplateRow,
  outcome: { readonly errorCode?: string; readonly metadata?: object } = {},
) =>
  record(tx, op, {
    action,
    resourceType: 'template',
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
