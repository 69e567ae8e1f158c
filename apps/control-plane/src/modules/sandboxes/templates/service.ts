import { once, type Tx } from '@miosa/db';
import { Fault, isSlug, newId, normaliseSlug, type Op, randomBase32 } from '@miosa/kernel';
import { checkSlug, type OwnedFilters, type Ownership, type OwnershipRequest } from '../../tenancy/index.ts';
import { type Core, inBackground } from '../deps.ts';
import { removeFromHost } from '../snapshots/effects.ts';
import { deleteIn } from '../snapshots/service.ts';
import { ownerOf, visibilityOf } from '../visibility.ts';
import { auditTemplate } from './audit.ts';
import { insertBuildFor } from './builds.ts';
import { checkFrom, getTemplate } from './find.ts';
import { runQueuedBuilds } from './run.ts';
import { checkSpec } from './spec.ts';
import { builtFrom, insertTemplate, listVisibleTemplates, lockTemplate, openBuildOf, setTemplate, type TemplateRow } from './store.ts';

export interface TemplateRequest extends OwnershipRequest {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly description?: string | undefined;
  readonly build_spec: unknown;
}

const taken = (slug: string): Fault => new Fault('SLUG_TAKEN', `There is a template with the slug "${slug}" already.`);
const SUFFIX_CHARACTERS = 4;
const ATTEMPTS = 5;

/** A chosen slug, or one made of the name. */
const slugsFor = (request: TemplateRequest): readonly string[] => {
  if (request.slug !== undefined) return [checkSlug('slug', request.slug)];
  const base = normaliseSlug(request.name);
  const suffixed = (): string => `${(base || 'template').slice(0, 35).replace(/-+$/, '')}-${randomBase32(SUFFIX_CHARACTERS)}`;
  return [...(isSlug(base) ? [base] : []), ...Array.from({ length: ATTEMPTS }, suffixed)];
};

interface Made {
  readonly row: TemplateRow;
  readonly ownership: Ownership;
}

/** A template of the organization, whose first build is queued with it. */
export const createTemplate = async (op: Op, core: Core, request: TemplateRequest): Promise<Made> => {
  const made = await once<Made>(op, 'templates.create', async (keep) => {
    const spec = checkSpec(request.build_spec);
    const slugs = slugsFor(request);
    await core.tenancy.assertSetupDone(op);
    const { templates } = await core.capabilities();
    await checkFrom(op, core, spec);
    const ownership = await core.tenancy.resolveOwnership(op, request);
    return core.db.tx(op, 'templates.create', async (tx) => {
      const now = op.now();
      for (const slug of slugs) {
        if (templates.includes(slug)) continue;
        const row = await insertTemplate(tx, {
          id: newId('tpl', now.getTime()),
          tenant_id: ownership.tenantId,
          workspace_id: ownership.workspaceId,
          project_id: ownership.projectId,
          owner_user_id: ownerOf(op),
          external_workspace_id: ownership.externalWorkspaceId,
          external_user_id: ownership.externalUserId,
          external_project_id: ownership.externalProjectId,
          name: request.name,
          slug,
          description: request.description ?? null,
          build_spec: JSON.stringify(spec),
          ready_spec: null,
          snapshot_id: null,
          state: 'queued',
          created_by: `${op.actor.type}:${op.actor.id}`,
          created_at: now,
          updated_at: now,
          deleted_at: null,
        });
        if (row === undefined) continue;
        await insertBuildFor(tx, op, row);
        await auditTemplate(tx, op, 'templates.create', row, { metadata: { slug, from: spec.from } });
        return keep(tx, { row, ownership });
      }
      throw taken(slugs[0] ?? '');
    });
  });
  inBackground(core, runQueuedBuilds(core)).catch(() => {}); // the reconciler repeats it
  return made;
};

export interface TemplateChange {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly build_spec?: unknown;
}

/** Sandboxes are made from the last good build until another has ended well: a new `build_spec` is that of the next. */
export const updateTemplate = async (op: Op, core: Core, id: string, change: TemplateChange): Promise<TemplateRow> => {
  const row = await getTemplate(op, core, id);
  const spec = change.build_spec === undefined ? undefined : checkSpec(change.build_spec);
  if (spec !== undefined) await checkFrom(op, core, spec);
  return core.db.tx(op, 'templates.update', async (tx) => {
    const changed = await setTemplate(tx, row.id, {
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.description === undefined ? {} : { description: change.description }),
      ...(spec === undefined ? {} : { build_spec: JSON.stringify(spec) }),
      updated_at: op.now(),
    });
    await auditTemplate(tx, op, 'templates.update', changed, { metadata: { fields: Object.keys(change) } });
    return changed;
  });
};

/** Sandboxes made from it keep their files. 409 while it is built, or while another template is to be built from it. */
export const deleteTemplate = async (op: Op, core: Core, id: string): Promise<string> => {
  const row = await getTemplate(op, core, id);
  const snapshotId = await core.db.tx(op, 'templates.delete', async (tx) => {
    const locked = await lockTemplate(tx, row.id);
    if (locked === undefined) return null;
    if ((await openBuildOf(tx, row.id)) !== undefined)
      throw new Fault('TASK_RUNNING', 'The template is being built. Delete it afterwards.');
    const dependents = await builtFrom(tx, locked);
    if (dependents.length > 0)
      throw new Fault('IN_USE', 'Another template is built from this one.', {
        details: { dependents: dependents.map((one) => ({ type: 'template', id: one.id })) },
      });
    return deleteTemplateIn(tx, op, locked);
  });
  if (snapshotId !== null) await inBackground(core, removeFromHost(core, snapshotId));
  return row.id;
};

/** Answers the snapshot that is to go from the host. */
export const deleteTemplateIn = async (tx: Tx, op: Op, row: TemplateRow): Promise<string | null> => {
  const now = op.now();
  await setTemplate(tx, row.id, { deleted_at: now, updated_at: now });
  if (row.snapshot_id !== null) await deleteIn(tx, op, row.snapshot_id, now, null);
  await auditTemplate(tx, op, 'templates.delete', row);
  return row.snapshot_id;
};

export const listTemplates = async (op: Op, core: Core, filters: OwnedFilters, page: Parameters<typeof listVisibleTemplates>[3]) =>
  listVisibleTemplates(core.db.read, await visibilityOf(op, core), filters, page);
