import { Fault } from '@miosa/kernel';
import { type Core, inBackground, systemOp } from '../deps.ts';
import { abandonedBuilds } from '../publish/builds.store.ts';
import { failPublish } from '../publish/ending.ts';
import { runQueuedBuilds } from '../publish/worker.ts';

const BATCH = 20;

const abandoned = (): Fault => new Fault('UNAVAILABLE', 'The process that published it has ended. Publish again.');

/** Publishes that wait are begun, those whose process died are ended. */
export const tendBuilds = async (core: Core): Promise<void> => {
  for (const build of await abandonedBuilds(core.db.read, core.now(), BATCH)) {
    const op = systemOp(core, build.tenant_id, 'deployments');
    await failPublish(op, core, build, abandoned());
    if (build.machine_id !== null) await core.machines.destroy(op, build.machine_id);
  }
  // Not awaited: others are found abandoned while one is built for minutes.
  inBackground(core, runQueuedBuilds(core)).catch(() => {});
};
