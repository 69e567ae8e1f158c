import type { Route } from '@miosa/http';
import { createHookRoutes } from './build/hook/routes.ts';
import { createBuildRoutes } from './build/routes.ts';
import type { Core, DeploymentsDeps } from './deps.ts';
import { createEnvRoutes } from './env/routes.ts';
import { createInternalDeploymentRoutes } from './instances/internal-routes.ts';
import { createInstanceRoutes } from './instances/routes.ts';
import { createJobs, type Jobs } from './jobs/jobs.ts';
import { createLifecycleRoutes } from './lifecycle/routes.ts';
import { deleteAll } from './lifecycle/service.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { createPublishRoutes } from './publish/routes.ts';
import { countByProject, primaryOf } from './store.ts';
import { createUploadRoutes } from './uploads/routes.ts';
import { createVersionRoutes } from './versions/routes.ts';

export type { DeploymentsDeps } from './deps.ts';
export { DEFAULT_POLICY as DEFAULT_DEPLOYMENT_POLICY, type DeploymentPolicy } from './policy.ts';

export interface Deployments {
  /** Public routes, and those of the internal socket (`internal: true`). */
  readonly routes: readonly Route[];
  readonly jobs: Jobs;
  /** Ends reconcilers and waits for work under way, at most `graceMs`. What is live stays live. */
  close(graceMs?: number): Promise<void>;
}

const GRACE_MS = 10_000;

/** What an organization's projects publish: versions, the pointer to the live one, host names, and the instances of those that run a server. */
export const createDeployments = (deps: DeploymentsDeps): Deployments => {
  const stopping = new AbortController();
  const core: Core = {
    ...deps,
    now: deps.now ?? (() => new Date()),
    policy: deps.policy ?? DEFAULT_POLICY,
    flights: new Map(),
    background: new Set(),
    stopping: stopping.signal,
  };
  const jobs = createJobs(core);
  deps.tenancy.registerDependents({
    kind: 'deployments',
    countByProject,
    primaryOf,
    destroyAll: (op, within) => deleteAll(op, core, within),
  });
  return {
    routes: deploymentRoutes(core),
    jobs,
    close: async (graceMs = GRACE_MS) => {
      stopping.abort();
      await jobs.stop();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([Promise.allSettled(core.background), late]);
      clearTimeout(timer);
    },
  };
};

export const deploymentRoutes = (core: Core): Route[] => [
  ...createLifecycleRoutes(core),
  ...createPublishRoutes(core),
  ...createUploadRoutes(core),
  ...createVersionRoutes(core),
  ...createBuildRoutes(core),
  ...createHookRoutes(core),
  ...createEnvRoutes(core),
  ...createInstanceRoutes(core),
  ...createInternalDeploymentRoutes(core),
];
