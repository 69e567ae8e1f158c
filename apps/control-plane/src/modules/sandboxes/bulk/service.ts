import { once } from '@miosa/db';
import { invalid, newId, notFound, type Op, tenantOf } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { listSandboxes } from '../lifecycle/service.ts';
import type { ListFilters } from '../store.ts';
import { visibilityOf } from '../visibility.ts';
import { runQueued } from './run.ts';
import { existingAmong, findOperation, type ItemRow, insertOperation, itemsOf, visibleAmong } from './store.ts';
import type { BulkAction } from './types.ts';

/** Contract 6. */
export const MAX_IDS = 500;

export interface BulkRequest {
  readonly ids?: readonly string[] | undefined;
  readonly filter?: ListFilters | undefined;
}

/** The sandboxes meant, each once. What the caller does not see is kept: it fails with NOT_FOUND, as one that never was. */
const wanted = async (op: Op, core: Core, { ids, filter }: BulkRequest): Promise<string[]> => {
  if ((ids === undefined) === (filter === undefined)) throw invalid('ids', 'give either ids or filter');
  if (ids !== undefined) return [...new Set(ids)];
  const given = filter ?? {};
  if (Object.values(given).every((value) => value === undefined)) throw invalid('filter', 'must name at least one field');
  const rows = await listSandboxes(op, core, given, { after: null, limit: MAX_IDS + 1 });
  if (rows.length > MAX_IDS) throw invalid('filter', `matches more than ${MAX_IDS} sandboxes; narrow it`);
  return rows.map(({ id }) => id);
};

type Accepted = { id: string; queued: number };

/** Accepts the work and begins it; it goes on without the caller, and in another process when this one ends. */
export const startBulk = async (op: Op, core: Core, action: BulkAction, request: BulkRequest): Promise<Accepted> => {
  const accepted = await once<Accepted>(op, `bulk.sandboxes.${action}`, async (keep) => {
    const ids = await wanted(op, core, request);
    const seen = await visibleAmong(core.db.read, await visibilityOf(op, core), ids);
    const id = newId('blk', op.now().getTime());
    const operation = {
      id,
      tenant_id: tenantOf(op),
      action,
      actor: JSON.stringify(op.actor),
      actor_id: op.actor.id,
      request_id: op.requestId,
      created_at: op.now(),
    };
    const items = ids.map((sandbox_id, position) => ({
      ...{ operation_id: id, position, sandbox_id, leased_until: null },
      ...(seen.has(sandbox_id) ? { state: 'queued' as const, code: null } : { state: 'failed' as const, code: 'NOT_FOUND' }),
    }));
    return core.db.tx(op, 'bulk.create', async (tx) => {
      await insertOperation(tx, operation, items);
      return keep(tx, { id, queued: items.length });
    });
  });
  inBackground(core, runQueued(core)).catch(() => {}); // the reconciler repeats it
  return accepted;
};

/** The one who asked sees it, and whoever sees all its sandboxes. */
const maySee = async (op: Op, core: Core, actorId: string, items: readonly ItemRow[]): Promise<boolean> => {
  if (op.actor.id === actorId) return true;
  const ids = items.map(({ sandbox_id }) => sandbox_id);
  const [seen, existing] = await Promise.all([
    visibleAmong(core.db.read, await visibilityOf(op, core), ids),
    existingAmong(core.db.read, tenantOf(op), ids),
  ]);
  return existing > 0 && seen.size === existing;
};

export const getBulk = async (op: Op, core: Core, id: string) => {
  const operation = await findOperation(core.db.read, tenantOf(op), id);
  if (operation === undefined) throw notFound();
  const items = await itemsOf(core.db.read, id);
  if (!(await maySee(op, core, operation.actor_id, items))) throw notFound();
  const count = (state: ItemRow['state']): number => items.filter((item) => item.state === state).length;
  const queued = count('queued');
  return {
    id,
    state: queued === 0 ? ('done' as const) : ('running' as const),
    queued,
    completed: count('completed'),
    failed: count('failed'),
    errors: items.flatMap(({ sandbox_id, code }) => (code === null ? [] : [{ id: sandbox_id, code }])),
  };
};
