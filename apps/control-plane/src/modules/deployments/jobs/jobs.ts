import { createLoop } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { checkInstances } from '../instances/check.ts';
import { tendInstances } from '../instances/tend.ts';
import { forgetOld } from '../instances/traffic.ts';
import { doomContents, doomLeftContents, forgetOldRows, removeDoomed } from '../retention/contents.ts';
import { collectOldReleases } from '../retention/releases.ts';
import { tendBuilds } from './builds.ts';

const BUILDS_MS = 2000;
/** How long a lost instance, or one whose drain is over, may go unnoticed. */
const INSTANCES_MS = 2000;
/** Each instance is asked every ten seconds, shortly after it is due. */
const CHECKS_MS = 2000;
const OLD_MS = 10 * 60_000;
const RETENTION_MS = 60 * 60_000;
/** Goes through the whole store. */
const LEFT_MS = 24 * 60 * 60_000;

const collect = async (core: Core): Promise<void> => {
  await collectOldReleases(core);
  await doomContents(core);
  await removeDoomed(core);
  await forgetOldRows(core);
};

export interface Jobs {
  start(): void;
  /** Resolves when no pass is under way. */
  stop(): Promise<void>;
}

/** The reconcilers of this module: idempotent, without input; rows are taken by locks, so that several control planes may run them. */
export const createJobs = (core: Core): Jobs => {
  const loops = [
    createLoop(core, 'deployments.builds', BUILDS_MS, tendBuilds),
    createLoop(core, 'deployments.instances', INSTANCES_MS, tendInstances),
    createLoop(core, 'deployments.checks', CHECKS_MS, checkInstances),
    createLoop(core, 'deployments.old', OLD_MS, forgetOld),
    createLoop(core, 'deployments.retention', RETENTION_MS, collect),
    createLoop(core, 'deployments.left', LEFT_MS, doomLeftContents),
  ] as const;
  return {
    start: () => {
      for (const loop of loops) loop.start();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
