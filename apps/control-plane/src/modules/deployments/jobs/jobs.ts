import { createLoop } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { tendBuilds } from './builds.ts';

const BUILDS_MS = 2000;

export interface Jobs {
  start(): void;
  /** Resolves when no pass is under way. */
  stop(): Promise<void>;
}

/** The reconcilers of this module: idempotent, without input; rows are taken by locks, so that several control planes may run them. */
export const createJobs = (core: Core): Jobs => {
  const loops = [createLoop(core, 'deployments.builds', BUILDS_MS, tendBuilds)] as const;
  return {
    start: () => {
      for (const loop of loops) loop.start();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
