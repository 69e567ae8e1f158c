import { notFound, type Op } from '@miosa/kernel';
import type { Core } from './deps.ts';
import { gone } from './lifecycle/states.ts';
import { findVisible, livingAmong } from './store.ts';
import { visibilityOf } from './visibility.ts';

/** A sandbox as the boundary of a browser token. */
export interface SandboxBoundary {
  readonly id: string;
  readonly workspaceId: string;
  readonly projectId: string;
}

/** What the module of browser tokens needs to know of sandboxes. */
export interface SandboxBoundaries {
  /** 404 when the caller cannot see it, 410 when it is destroyed. */
  find(op: Op, id: string): Promise<SandboxBoundary>;
  /** Of these, the ones that are not destroyed. */
  living(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

export const createBoundaries = (core: Pick<Core, 'db' | 'tenancy'>): SandboxBoundaries => ({
  find: async (op, id) => {
    const row = await findVisible(core.db.read, await visibilityOf(op, core), id);
    if (row === undefined) throw notFound();
    if (row.state === 'destroyed') throw gone(row);
    return { id: row.id, workspaceId: row.workspace_id, projectId: row.project_id };
  },
  living: (ids) => livingAmong(core.db.read, ids),
});
