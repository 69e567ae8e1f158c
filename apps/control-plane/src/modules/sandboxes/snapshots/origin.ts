import type { Tx } from '@miosa/db';
import { Fault, invalid, notFound, type Op, tenantOf } from '@miosa/kernel';
import type { Ownership, OwnershipRequest } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { visibilityOf } from '../visibility.ts';
import { findVisibleSnapshot, lockSnapshot, type SnapshotRow, touchSnapshot } from './store.ts';

/** What a new sandbox is made from. */
export interface Origin {
  readonly snapshot: SnapshotRow;
  /** The sandbox it was taken of, perhaps destroyed since. */
  readonly source: SandboxRow;
}

const notReady = ({ state, state_reason }: SnapshotRow): Fault =>
  state === 'deleted'
    ? new Fault('GONE', 'This snapshot was deleted.', { details: { state } })
    : new Fault('SNAPSHOT_NOT_READY', `This snapshot is ${state}.`, { details: { state, state_reason } });

/** A snapshot the caller sees and may use. 404, 410 when deleted, 409 when it is not ready. */
export const originOf = async (op: Op, core: Core, snapshotId: string, sandboxId?: string): Promise<Origin> => {
  const snapshot = await findVisibleSnapshot(core.db.read, await visibilityOf(op, core), snapshotId, sandboxId);
  if (snapshot === undefined) throw notFound();
  if (snapshot.state !== 'ready') throw notReady(snapshot);
  const source = await findAny(core.db.read, snapshot.sandbox_id);
  if (source === undefined) throw notFound();
  return { snapshot, source };
};

/** In the transaction that starts to use it: it is still there, and stays until that is done. */
export const useSnapshot = async (tx: Tx, id: string, now: Date): Promise<void> => {
  const row = await lockSnapshot(tx, id);
  if (row === undefined) throw notFound();
  if (row.state !== 'ready') throw notReady(row);
  await touchSnapshot(tx, id, now);
};

/** Its files lie on its template. */
export const checkOrigin = ({ source }: Origin, templateId: string | undefined): void => {
  if (templateId !== undefined && templateId !== source.template_id)
    throw invalid('template_id', `the snapshot was made with template ${source.template_id}`);
};

export const checkFits = ({ snapshot }: Origin, diskMiB: number): void => {
  if (Number(snapshot.size_bytes) > diskMiB * 2 ** 20)
    throw invalid('size', `what it is made from holds ${snapshot.size_bytes} bytes, more than the disk of this size`);
};

const SELECTORS = [
  'workspace_id',
  'workspace_slug',
  'workspace_name',
  'project_id',
  'project_slug',
  'project_name',
  'external_workspace_id',
  'external_user_id',
  'external_project_id',
] as const;

/** Does the request say whose the sandbox is to be? Otherwise it is whose the snapshot is (contract 3.3). */
export const namesOwner = (request: OwnershipRequest): boolean => SELECTORS.some((name) => request[name] != null);

type Owned = Pick<
  SandboxRow,
  'tenant_id' | 'workspace_id' | 'project_id' | 'external_workspace_id' | 'external_user_id' | 'external_project_id'
>;

/** All nine fields of a child are its parent's. */
export const inheritedOwnership = async (op: Op, core: Core, parent: Owned): Promise<Ownership> => {
  const echo = (await core.tenancy.ownershipOf(core.db.read, tenantOf(op), [parent.project_id])).get(parent.project_id);
  if (echo === undefined) throw notFound();
  return {
    ...echo,
    tenantId: parent.tenant_id,
    workspaceId: parent.workspace_id,
    projectId: parent.project_id,
    externalWorkspaceId: parent.external_workspace_id,
    externalUserId: parent.external_user_id,
    externalProjectId: parent.external_project_id,
  } as Ownership;
};

/** For the audit entry. */
export const originMetadata = ({ snapshot_id, parent_sandbox_id }: SandboxRow): { readonly metadata?: object } =>
  snapshot_id === null && parent_sandbox_id === null ? {} : { metadata: { snapshot_id, parent_sandbox_id } };
