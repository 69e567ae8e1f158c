import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { record } from '../../audit/index.ts';
import { closeInterval, type Metered, openInterval, voidInterval } from '../../usage/index.ts';
import type { SandboxRow } from '../types.ts';

type Outcome = { readonly errorCode?: string; readonly metadata?: object };

/**
 * The audit entry of an act on a sandbox, in the transaction (or beside the agent call) that carries it out. What is done to a machine is
 * part of an act on its deployment, which has an entry of its own.
 */
export const auditSandbox = async (
  db: Parameters<typeof record>[0],
  op: Op,
  action: string,
  row: SandboxRow,
  outcome: Outcome = {},
): Promise<void> => {
  if (row.purpose !== null) return;
  await record(db, op, {
    action,
    resourceType: 'sandbox',
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
};

/** Whatever it is, its `resource_id` is the id of the machine: a deployment has several at once. */
const meteredAs = ({ purpose }: SandboxRow): string => (purpose === null ? 'sandbox' : `deployment_${purpose}`);

const metered = (row: SandboxRow): Metered => ({
  tenantId: row.tenant_id,
  workspaceId: row.workspace_id,
  projectId: row.project_id,
  externalWorkspaceId: row.external_workspace_id,
  externalUserId: row.external_user_id,
  externalProjectId: row.external_project_id,
  resourceType: meteredAs(row),
  resourceId: row.id,
  vcpus: row.cpu_count,
  memoryMiB: row.memory_mb,
  test: row.test,
});

export const startMetering = (tx: Tx, row: SandboxRow, at: Date): Promise<void> => openInterval(tx, metered(row), at);
export const stopMetering = (tx: Tx, row: SandboxRow, at: Date): Promise<void> => closeInterval(tx, meteredAs(row), row.id, at);
export const voidMetering = (tx: Tx, row: SandboxRow): Promise<void> => voidInterval(tx, meteredAs(row), row.id);
