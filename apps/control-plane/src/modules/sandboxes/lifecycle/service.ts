import { notFound, type Op, type SizeName } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { assertAlwaysOn, assertSize } from '../policy.ts';
import { createDefaults, extendRunning, type ListFilters, listVisible, livingIn, lockLiving, updateLiving } from '../store.ts';
import { type EndedReason, type SandboxRow, SHOWN_STATES } from '../types.ts';
import { visibilityOf } from '../visibility.ts';
import { auditSandbox, startMetering, stopMetering } from './audit.ts';
import { type ChangeRequest, changesOf } from './change.ts';
import { cleanHost, destroyRow } from './effects.ts';
import { resizeSandbox } from './resize.ts';
import { lookupFor, settleFor } from './settled.ts';
import { shapeOf } from './shape.ts';
import { gone, notRunning } from './states.ts';

export const getSandbox = async (op: Op, core: Core, id: string): Promise<SandboxRow> => {
  const row = await lookupFor(op, core, id)();
  if (row === undefined) throw notFound();
  return row;
};

type Page = Parameters<typeof listVisible>[3];

export const listSandboxes = async (op: Op, core: Core, filters: ListFilters, page: Page): Promise<SandboxRow[]> => {
  if (filters.state !== undefined && !SHOWN_STATES.some((state) => state === filters.state)) return [];
  return listVisible(core.db.read, await visibilityOf(op, core), filters, page);
};

export const pauseSandbox = (op: Op, core: Core, id: string): Promise<SandboxRow> => settleFor(op, core, lookupFor(op, core, id), 'pause');

/** No-op when running. With `wait: false` the answer carries the state of now and the work goes on. */
export const resumeSandbox = async (op: Op, core: Core, id: string, wait: boolean): Promise<SandboxRow> => {
  const lookup = lookupFor(op, core, id);
  if (wait) return settleFor(op, core, lookup, 'resume');
  const row = await lookup();
  if (row === undefined) throw notFound();
  if (row.state === 'destroyed') throw gone(row);
  inBackground(core, settleFor(op, core, lookup, 'resume')).catch(() => {}); // recorded in the row
  return row;
};

/** Moves the deadline of the running window, never nearer. */
export const extendSandbox = async (op: Op, core: Core, id: string, timeoutSec: number | undefined): Promise<SandboxRow> => {
  const row = await settleFor(op, core, lookupFor(op, core, id), 'extend');
  const now = core.now();
  const deadline = new Date(now.getTime() + (timeoutSec ?? row.timeout_sec) * 1000);
  const extended = await core.db.tx(op, 'sandboxes.extend', async (tx) => {
    const changed = await extendRunning(tx, id, deadline, now);
    if (changed !== undefined) await auditSandbox(tx, op, 'sandboxes.extend', changed);
    return changed;
  });
  if (extended !== undefined) return extended;
  const found = await getSandbox(op, core, id);
  throw found.state === 'destroyed' ? gone(found) : notRunning(found);
};

const EXTERNAL = ['external_workspace_id', 'external_user_id', 'external_project_id'] as const;

export const updateSandbox = async (op: Op, core: Core, id: string, change: ChangeRequest): Promise<SandboxRow> => {
  const row = await settleFor(op, core, lookupFor(op, core, id), 'change');
  const { size, cpu_count, memory_mb, disk_size_mb, ...fields } = change;
  changesOf(row, fields, core.now()); // what is wrong with it is said before anything has changed
  if (fields.always_on === true && !row.always_on) assertAlwaysOn(core.policy, (await createDefaults(core.db.read, row.project_id)).plan);
  const shape = shapeOf({ size, cpu_count, memory_mb, disk_size_mb }, row.size as SizeName);
  if (shape.size !== row.size) {
    assertSize(core.policy, shape.size);
    const resized = await resizeSandbox(op, core, id, shape);
    if (Object.keys(fields).length === 0) return resized;
  }
  const now = core.now();
  const changed = await core.db.tx(op, 'sandboxes.update', async (tx) => {
    const locked = await lockLiving(tx, id);
    if (locked === undefined) return undefined;
    const updated = await updateLiving(tx, id, { ...changesOf(locked, fields, now), updated_at: now });
    if (updated === undefined) return undefined;
    if (updated.state === 'running' && EXTERNAL.some((name) => locked[name] !== updated[name])) {
      // What was used so far is of whom it was then (contract 3.3).
      await stopMetering(tx, updated, now);
      await startMetering(tx, updated, now);
    }
    await auditSandbox(tx, op, 'sandboxes.update', updated, { metadata: { fields: Object.keys(fields) } });
    return updated;
  });
  if (changed === undefined) throw gone(await getSandbox(op, core, id));
  return changed;
};

/** From every state; repeating it is fine. The answer waits for a clean host, but does not depend on it. */
export const destroySandbox = async (op: Op, core: Core, id: string): Promise<void> => {
  const row = await getSandbox(op, core, id);
  const ended = await destroyRow(op, core, id, 'user');
  if (ended || row.transition === 'destroying') await inBackground(core, cleanHost(core, id));
};

/** At once, so that deleting a workspace of hundreds of sandboxes neither takes minutes nor floods the host. */
const DESTROY_AT_ONCE = 8;

/** For tenancy: ends every sandbox of a workspace or project. */
export const destroyAll = async (
  op: Op,
  core: Core,
  within: { readonly workspaceId?: string; readonly projectId?: string },
  reason: EndedReason,
): Promise<void> => {
  const tenantId = op.actor.tenantId;
  if (tenantId === null) throw new Error('destroyAll without an organization');
  const ids = await livingIn(core.db.read, tenantId, within);
  const worker = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await destroyRow(op, core, id, reason);
      await cleanHost(core, id);
    }
  };
  await Promise.all(Array.from({ length: DESTROY_AT_ONCE }, worker));
};
