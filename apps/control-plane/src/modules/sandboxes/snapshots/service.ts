import { earlierEffect, keepEffect, type Tx } from '@miosa/db';
import { Fault, newId, notFound, type Op } from '@miosa/kernel';
import type { OwnedFilters } from '../../tenancy/index.ts';
import { type Core, inBackground } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import { deadlineAfter } from '../lifecycle/effects.ts';
import { type Lookup, lookupFor } from '../lifecycle/settled.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { visibilityOf } from '../visibility.ts';
import { assertSnapshotRoom } from './caps.ts';
import { claimFor } from './claim.ts';
import { carryOutSnapshot, removeFromHost } from './effects.ts';
import {
  findSnapshot,
  findVisibleSnapshot,
  insertSnapshot,
  listVisibleSnapshots,
  lockSnapshot,
  markSnapshotDeleted,
  type SnapshotRow,
  usersOf,
} from './store.ts';

export interface TakeRequest {
  readonly comment?: string | undefined;
  readonly keep?: boolean | undefined;
  readonly retention_seconds?: number | undefined;
  readonly wait?: boolean | undefined;
  readonly wait_seconds?: number | undefined;
}

/** Contract 4.2: 30 days. */
const RETENTION_SECONDS = 2_592_000;
/** A fork is made within minutes; what is left of one that died goes after this. */
const HIDDEN_MS = 3600_000;
const WAIT_SECONDS = 60;
const EFFECT = 'sandboxes.snapshots.create';

interface Draft extends TakeRequest {
  readonly hidden: boolean;
}

const insertFor = (tx: Tx, op: Op, source: SandboxRow, { comment, keep = false, retention_seconds, hidden }: Draft, now: Date) => {
  const seconds = retention_seconds ?? RETENTION_SECONDS;
  const ends = hidden ? HIDDEN_MS : keep ? null : seconds * 1000;
  return insertSnapshot(tx, {
    id: newId('snp', now.getTime()),
    tenant_id: source.tenant_id,
    workspace_id: source.workspace_id,
    project_id: source.project_id,
    owner_user_id: source.owner_user_id,
    external_workspace_id: source.external_workspace_id,
    external_user_id: source.external_user_id,
    external_project_id: source.external_project_id,
    sandbox_id: source.id,
    name: source.name,
    state: 'creating',
    // Later than the source's own: whoever ends the source's transition ends this too.
    deadline: new Date(deadlineAfter(now, 'snapshotting').getTime() + 5000),
    hidden,
    comment: comment ?? null,
    keep,
    retention_seconds: keep ? null : seconds,
    expires_at: ends === null ? null : new Date(now.getTime() + ends),
    created_by: `${op.actor.type}:${op.actor.id}`,
    created_at: now,
    updated_at: now,
  });
};

/** The files of a sandbox as they are now, for one fork. */
export const takeHidden = async (op: Op, core: Core, lookup: Lookup): Promise<SnapshotRow> => {
  const write = (tx: Tx, source: SandboxRow, now: Date) => insertFor(tx, op, source, { hidden: true }, now);
  const { claimed, written } = await claimFor(op, core, lookup, { action: 'snapshot', write });
  return inBackground(core, carryOutSnapshot(op, core, claimed, written));
};

/** Keeps the files of a running or paused sandbox. Answers when it is `ready`, or with `wait: false` while it is `creating`. */
export const takeSnapshot = async (op: Op, core: Core, id: string, request: TakeRequest): Promise<SnapshotRow> => {
  const earlier = earlierEffect<{ readonly id: string }>(op, EFFECT);
  if (earlier !== undefined) return takenEarlier(op, core, earlier.id, request);
  const { claimed, written } = await claimFor(op, core, lookupFor(op, core, id), {
    action: 'snapshot',
    write: async (tx, source, now) => {
      await assertSnapshotRoom(tx, core, source);
      const row = await insertFor(tx, op, source, { ...request, hidden: false }, now);
      const metadata = { snapshot_id: row.id, keep: row.keep, expires_at: row.expires_at };
      await auditSandbox(tx, op, 'sandboxes.snapshots.create', source, { metadata });
      await keepEffect(tx, op, EFFECT, { id: row.id });
      return row;
    },
  });
  const taking = inBackground(core, carryOutSnapshot(op, core, claimed, written));
  if (request.wait === false) {
    taking.catch(() => {}); // recorded in the row
    return written;
  }
  return within(taking, waitMs(request), async () => (await findSnapshot(core.db.read, written.id)) ?? written);
};

const waitMs = (request: TakeRequest): number => (request.wait_seconds ?? WAIT_SECONDS) * 1000;

/** Running out of time is not an error (contract 1.13). */
const within = async <T>(work: Promise<T>, ms: number, late: () => Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return (await Promise.race([work, timeout])) ?? (await late());
  } finally {
    clearTimeout(timer);
  }
};

/** Of an earlier run of this request: as it is now, once the process that began it or a reconciler has ended it. */
const takenEarlier = async (op: Op, core: Core, id: string, request: TakeRequest): Promise<SnapshotRow> => {
  const until = Date.now() + (request.wait === false ? 0 : waitMs(request));
  for (;;) {
    const row = await findSnapshot(core.db.read, id);
    if (row === undefined) throw notFound();
    const left = until - Date.now();
    if (row.state !== 'creating' || left <= 0 || op.signal.aborted) return row;
    await core.signals.changed(row.sandbox_id, left, op.signal);
  }
};

export const getSnapshot = async (op: Op, core: Core, sandboxId: string, id: string): Promise<SnapshotRow> => {
  const row = await findVisibleSnapshot(core.db.read, await visibilityOf(op, core), id, sandboxId);
  if (row === undefined) throw notFound();
  return row;
};

type Page = Parameters<typeof listVisibleSnapshots>[4];

/** Also those of a destroyed sandbox, for as long as there are any. */
export const listSnapshots = async (op: Op, core: Core, sandboxId: string, filters: OwnedFilters, page: Page): Promise<SnapshotRow[]> => {
  const who = await visibilityOf(op, core);
  const rows = await listVisibleSnapshots(core.db.read, who, sandboxId, filters, page);
  if (rows.length === 0 && (await lookupFor(op, core, sandboxId)()) === undefined) throw notFound();
  return rows;
};

/** Repeating it is fine. 409 `IN_USE` while a sandbox is being made from it or restored to it. */
export const deleteSnapshot = async (op: Op, core: Core, sandboxId: string, id: string): Promise<void> => {
  await getSnapshot(op, core, sandboxId, id);
  await core.db.tx(op, 'sandboxes.snapshots.delete', async (tx) => {
    await lockSnapshot(tx, id);
    const users = await usersOf(tx, id);
    if (users.length > 0)
      throw new Fault('IN_USE', 'A sandbox is being made from this snapshot. Delete it afterwards.', {
        details: { dependents: users.map((user) => ({ type: 'sandbox', id: user })) },
      });
    await deleteIn(tx, op, id, op.now(), null);
  });
  await inBackground(core, removeFromHost(core, id));
};

/** The row of a snapshot that nobody uses, and its audit entry. */
export const deleteIn = async (tx: Tx, op: Op, id: string, now: Date, reason: string | null): Promise<void> => {
  const deleted = await markSnapshotDeleted(tx, id, now, reason);
  if (deleted === undefined || deleted.hidden) return;
  const source = await findAny(tx, deleted.sandbox_id);
  if (source === undefined) return;
  const metadata = { snapshot_id: id, ...(reason === null ? {} : { reason }) };
  await auditSandbox(tx, op, 'sandboxes.snapshots.delete', source, { metadata });
};

/** A hidden one after its fork. A failure is logged: it has an end of its own. */
export const dropHidden = async (op: Op, core: Core, id: string): Promise<void> => {
  try {
    await core.db.tx(op, 'snapshots.dropHidden', (tx) => deleteIn(tx, op, id, core.now(), null));
    await removeFromHost(core, id);
  } catch (error) {
    core.log.warn({ err: error, snapshotId: id }, 'snapshot of a fork not removed yet; will be tried again');
  }
};
