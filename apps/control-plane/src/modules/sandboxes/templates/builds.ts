import { once, type Tx } from '@miosa/db';
import { Fault, newId, notFound, type Op } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { auditTemplate } from './audit.ts';
import { checkFrom, getTemplate } from './find.ts';
import { runQueuedBuilds } from './run.ts';
import { checkSpec } from './spec.ts';
import { type BuildRow, findBuild, insertBuild, listBuilds, lockTemplate, setTemplate, type TemplateRow } from './store.ts';

/** In the transaction that wants it. @throws 409 `TASK_RUNNING`: one at a time. */
export const insertBuildFor = async (tx: Tx, op: Op, template: TemplateRow): Promise<BuildRow> => {
  const now = op.now();
  const row = await insertBuild(tx, {
    id: newId('bld', now.getTime()),
    template_id: template.id,
    tenant_id: template.tenant_id,
    build_spec: JSON.stringify(template.build_spec),
    state: 'queued',
    error: null,
    actor: JSON.stringify(op.actor),
    triggered_by: `${op.actor.type}:${op.actor.id}`,
    request_id: op.requestId,
    sandbox_id: null,
    lease_until: null,
    created_at: now,
    started_at: null,
    finished_at: null,
  });
  if (row === undefined) throw new Fault('TASK_RUNNING', 'This template is being built already.');
  return row;
};

export const startBuild = async (op: Op, core: Core, templateId: string): Promise<BuildRow> => {
  const build = await once<BuildRow>(op, 'templates.builds.create', async (keep) => {
    const { id, build_spec } = await getTemplate(op, core, templateId);
    await checkFrom(op, core, checkSpec(build_spec));
    return core.db.tx(op, 'templates.builds.create', async (tx) => {
      const locked = await lockTemplate(tx, id);
      if (locked === undefined) throw notFound();
      const row = await insertBuildFor(tx, op, locked);
      // One that has files stays what it is until the build has ended well.
      if (locked.snapshot_id === null) await setTemplate(tx, id, { state: 'queued', updated_at: op.now() });
      await auditTemplate(tx, op, 'templates.builds.create', locked, { metadata: { build_id: row.id } });
      return keep(tx, row);
    });
  });
  inBackground(core, runQueuedBuilds(core)).catch(() => {}); // the reconciler repeats it
  return build;
};

export const getBuild = async (op: Op, core: Core, templateId: string, buildId: string): Promise<BuildRow> => {
  const template = await getTemplate(op, core, templateId);
  const row = await findBuild(core.db.read, template.id, buildId);
  if (row === undefined) throw notFound();
  return row;
};

export const buildsOf = async (op: Op, core: Core, templateId: string, page: Parameters<typeof listBuilds>[2]): Promise<BuildRow[]> => {
  const template = await getTemplate(op, core, templateId);
  return listBuilds(core.db.read, template.id, page);
};
