import { type Core, systemOp } from '../deps.ts';
import { removeFromHost } from '../snapshots/effects.ts';
import { dropSandbox, failBuild, runQueuedBuilds } from './run.ts';
import { deleteTemplateIn } from './service.ts';
import { abandonedBuilds, lockTemplate, openBuildOf, templatesOfDeletedProjects } from './store.ts';

const BATCH = 20;
const ABANDONED = 'The process that built it has ended. Start the build again.';

/** Builds that wait are begun, those whose process died are ended, templates of projects that are gone go. */
export const tendTemplates = async (core: Core): Promise<void> => {
  for (const build of await abandonedBuilds(core.db.read, core.now(), BATCH)) {
    const op = systemOp(core, build.tenant_id, 'templates');
    await failBuild(op, core, build, ABANDONED);
    if (build.sandbox_id !== null) await dropSandbox(op, core, build.sandbox_id);
  }
  for (const { id, tenant_id } of await templatesOfDeletedProjects(core.db.read, BATCH)) {
    const op = systemOp(core, tenant_id, 'templates');
    const snapshotId = await core.db.tx(op, 'templates.delete', async (tx) => {
      const row = await lockTemplate(tx, id);
      if (row === undefined || (await openBuildOf(tx, id)) !== undefined) return null;
      return deleteTemplateIn(tx, op, row);
    });
    if (snapshotId !== null) await removeFromHost(core, snapshotId);
  }
  await runQueuedBuilds(core);
};
