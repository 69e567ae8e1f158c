import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { emit } from '../../events/index.ts';
import { totals } from '../../usage/index.ts';
import type { Core } from '../deps.ts';
import { echoOf, isoOrNull, type ownedOf, sandboxOf } from '../render.ts';
import type { SnapshotRow } from '../snapshots/store.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';

/** Events of contract 4.21 whose data is the sandbox. */
type Happened = 'created' | 'running' | 'paused' | 'resumed' | 'idle' | 'destroyed' | 'error';
type Echo = Parameters<typeof ownedOf>[1];

const ownershipOf = (row: SandboxRow) => ({
  workspaceId: row.workspace_id,
  projectId: row.project_id,
  ownerUserId: row.owner_user_id,
  externalWorkspaceId: row.external_workspace_id,
  externalUserId: row.external_user_id,
  externalProjectId: row.external_project_id,
});

/** Some other object, in the stream of its sandbox. */
export const announceOf = (tx: Tx, op: Op, row: SandboxRow, type: `sandbox.${string}`, data: object): Promise<void> =>
  row.purpose === null
    ? emit(tx, op, { type, resource: { type: 'sandbox', id: row.id }, data, ownership: ownershipOf(row) })
    : Promise.resolve();

/**
 * Tells what became of a sandbox, in the transaction of the change and after it. `fresh`: the names around a sandbox that has never run,
 * where the caller knows them: on the path of every create two queries are worth saving.
 */
export const announce = async (
  tx: Tx,
  op: Op,
  core: Core,
  row: SandboxRow,
  happened: readonly [Happened, ...Happened[]],
  fresh?: Echo,
): Promise<void> => {
  if (row.purpose !== null) return; // a machine's deployment tells what happens
  const [echo, runtimeMs] =
    fresh === undefined
      ? await Promise.all([
          echoOf(op, { ...core, db: { ...core.db, read: tx } }, row),
          totals(tx, 'sandbox', [row.id], core.now()).then((sums) => sums.get(row.id)?.runtimeMs ?? 0),
        ])
      : [fresh, 0];
  const data = sandboxOf(core, row, echo, runtimeMs);
  const resource = { type: 'sandbox', id: row.id };
  await emit(tx, op, ...happened.map((word) => ({ type: `sandbox.${word}`, resource, data, ownership: ownershipOf(row) })));
};

/** In the stream of the sandbox that was copied, beside its own fields: what was made of it. */
const announceCopy = async (
  tx: Tx,
  op: Op,
  core: Core,
  sourceId: string,
  happened: 'snapshotted' | 'forked',
  made: object,
): Promise<void> => {
  const row = await findAny(tx, sourceId);
  if (row === undefined) return;
  const echo = await echoOf(op, { ...core, db: { ...core.db, read: tx } }, row);
  const runtimeMs = (await totals(tx, 'sandbox', [row.id], core.now())).get(row.id)?.runtimeMs ?? 0;
  await announceOf(tx, op, row, `sandbox.${happened}`, { ...sandboxOf(core, row, echo, runtimeMs), ...made });
};

export const announceSnapshot = (
  tx: Tx,
  op: Op,
  core: Core,
  { id, sandbox_id, comment, size_bytes, expires_at }: SnapshotRow,
): Promise<void> => {
  const snapshot = { id, comment, size_bytes: Number(size_bytes), expires_at: isoOrNull(expires_at) };
  return announceCopy(tx, op, core, sandbox_id, 'snapshotted', { snapshot });
};

export const announceFork = async (tx: Tx, op: Op, core: Core, { id, name, slug, parent_sandbox_id }: SandboxRow): Promise<void> => {
  if (parent_sandbox_id !== null) await announceCopy(tx, op, core, parent_sandbox_id, 'forked', { fork: { id, name, slug } });
};
