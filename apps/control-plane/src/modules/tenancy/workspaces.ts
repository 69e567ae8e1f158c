import { once, type Tx } from '@miosa/db';
import { Fault, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { announceWorkspace } from './announce.ts';
import type { Core } from './core.ts';
import { deriveSlug, withSuffix } from './derive.ts';
import { checkMetadata, checkSlug } from './fields.ts';
import { assertSetupDone } from './identity.ts';
import { mergePatch } from './merge.ts';
import type { WorkspaceChange, WorkspaceCreate } from './schemas.ts';
import { onlySettings } from './settings.ts';
import { isUniqueViolation } from './store.ts';
import { assertMayCreateWorkspace, seenOr404, sees, visibleWorkspaces } from './visibility.ts';
import {
  insertWorkspace,
  listWorkspaces,
  lockWorkspace,
  type PageRequest,
  updateWorkspace,
  type WorkspaceListFilters,
  type WorkspaceRow,
  workspaceByExternal,
  workspaceById,
  workspaceBySlug,
} from './workspaces.store.ts';

/** Each lost race means that another caller made progress. */
const MAX_ATTEMPTS = 10;

type CreateBody = Static<typeof WorkspaceCreate>;

export const getWorkspace = async (op: Op, core: Core, id: string): Promise<WorkspaceRow> =>
  seenOr404(await workspaceById(core.db.read, tenantOf(op), id), (row) => row.id, visibleWorkspaces(op));

export const pageOfWorkspaces = async (op: Op, core: Core, filters: WorkspaceListFilters, page: PageRequest): Promise<WorkspaceRow[]> =>
  listWorkspaces(core.db.read, tenantOf(op), visibleWorkspaces(op), filters, page);

type Keep<T> = (tx: Tx, made: Made<T>) => Promise<Made<T>>;

const insert = (op: Op, core: Core, body: CreateBody, slug: string, keep: Keep<WorkspaceRow>): Promise<Made<WorkspaceRow> | undefined> =>
  core.db.tx(op, 'workspaces.create', async (tx) => {
    const row = await insertWorkspace(tx, {
      tenantId: tenantOf(op),
      name: body.name,
      slug,
      description: body.description ?? null,
      externalWorkspaceId: body.external_workspace_id ?? null,
      metadata: body.metadata ?? {},
      settings: onlySettings(body.settings ?? {}),
      now: op.now(),
    });
    if (row === undefined) return undefined;
    await record(tx, op, {
      action: 'workspaces.create',
      resourceType: 'workspace',
      resourceId: row.id,
      ownership: { workspaceId: row.id, externalWorkspaceId: row.external_workspace_id },
      metadata: { slug },
    });
    await announceWorkspace(tx, op, row, 'created');
    return keep(tx, { row, created: true });
  });

export interface Made<T> {
  readonly row: T;
  /** False: it existed already. */
  readonly created: boolean;
}

/** A known `external_workspace_id` gives the workspace it is linked to, unchanged: retried creates make one. */
export const createWorkspace = (op: Op, core: Core, body: CreateBody): Promise<Made<WorkspaceRow>> =>
  once<Made<WorkspaceRow>>(op, 'workspaces.create', (keep) => findOrMake(op, core, body, keep));

const findOrMake = async (op: Op, core: Core, body: CreateBody, keep: Keep<WorkspaceRow>): Promise<Made<WorkspaceRow>> => {
  const tenantId = tenantOf(op);
  const { read } = core.db;
  const external = body.external_workspace_id ?? null;
  const chosen = body.slug == null ? null : checkSlug('slug', body.slug);
  checkMetadata('metadata', body.metadata ?? {});
  checkMetadata('settings', body.settings ?? {});
  await assertSetupDone(op, core);
  const visible = visibleWorkspaces(op);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const linked = external === null ? undefined : await workspaceByExternal(read, tenantId, external);
    if (linked !== undefined && sees(visible, linked.id)) return { row: linked, created: false };
    assertMayCreateWorkspace(op, visible);
    const { base, usable } = chosen === null ? deriveSlug('workspace', [body.name, external]) : { base: chosen, usable: true };
    const taken = (await workspaceBySlug(read, tenantId, base)) !== undefined;
    if (taken && chosen !== null) throw new Fault('SLUG_TAKEN', `The organization already has a workspace with the slug "${chosen}".`);
    const made = await insert(op, core, body, taken || !usable ? withSuffix(base) : base, keep);
    if (made !== undefined) return made;
  }
  throw new Fault('CONFLICT', 'The workspace is being created by other requests; try again.');
};

interface Change {
  readonly action: 'workspaces.update' | 'workspaces.settings.set';
  readonly fields: readonly string[];
  readonly apply: (row: WorkspaceRow) => Parameters<typeof updateWorkspace>[2];
}

const change = async (op: Op, core: Core, id: string, { action, fields, apply }: Change): Promise<WorkspaceRow> => {
  await getWorkspace(op, core, id);
  try {
    return await core.db.tx(op, action, async (tx) => {
      const row = seenOr404(await lockWorkspace(tx, tenantOf(op), id), (found) => found.id, 'all');
      const after = apply(row);
      checkMetadata('metadata', after.metadata);
      checkMetadata('settings', after.settings);
      const changed = await updateWorkspace(tx, row.id, after, op.now());
      await record(tx, op, {
        action,
        resourceType: 'workspace',
        resourceId: row.id,
        ownership: { workspaceId: row.id, externalWorkspaceId: changed.external_workspace_id },
        metadata: { fields },
      });
      await announceWorkspace(tx, op, changed, 'updated');
      return changed;
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new Fault('CONFLICT', 'Another workspace is linked to this external_workspace_id.');
    throw error;
  }
};

export const changeWorkspace = (op: Op, core: Core, id: string, body: Static<typeof WorkspaceChange>): Promise<WorkspaceRow> => {
  checkMetadata('metadata', body.metadata ?? {});
  checkMetadata('settings', body.settings ?? {});
  return change(op, core, id, {
    action: 'workspaces.update',
    fields: Object.keys(body),
    apply: (row) => ({
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : body.description,
      externalWorkspaceId: body.external_workspace_id === undefined ? row.external_workspace_id : body.external_workspace_id,
      metadata: body.metadata === null ? {} : mergePatch(row.metadata, body.metadata ?? {}),
      settings: body.settings === null ? {} : mergePatch(row.settings, onlySettings(body.settings ?? {})),
    }),
  });
};

/** Replaces the settings as a whole. */
export const setWorkspaceSettings = (op: Op, core: Core, id: string, settings: object): Promise<WorkspaceRow> => {
  checkMetadata('settings', settings);
  return change(op, core, id, {
    action: 'workspaces.settings.set',
    fields: Object.keys(onlySettings(settings)),
    apply: ({ name, description, external_workspace_id, metadata }) => ({
      name,
      description,
      externalWorkspaceId: external_workspace_id,
      metadata,
      settings: onlySettings(settings),
    }),
  });
};
