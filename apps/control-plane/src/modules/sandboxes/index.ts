import type { Route } from '@miosa/http';
import { createBoundaries, type SandboxBoundaries } from './boundary.ts';
import { createBulkRoutes } from './bulk/routes.ts';
import { createCore } from './core.ts';
import type { SandboxesDeps } from './deps.ts';
import { createEnvRoutes } from './env/routes.ts';
import { createEventRoutes } from './events/routes.ts';
import { createExecRoutes } from './exec/routes.ts';
import { createFileRoutes } from './files/routes.ts';
import { createInternalRoutes } from './internal-routes.ts';
import { createJobs, type Jobs } from './jobs/jobs.ts';
import { createLifecycleRoutes } from './lifecycle/routes.ts';
import { destroyAll } from './lifecycle/service.ts';
import { createLogRoutes } from './logs/routes.ts';
import { createMachines } from './machines/machines.ts';
import type { Machines } from './machines/types.ts';
import { createMetricsRoutes } from './metrics/routes.ts';
import { createNetworkPolicyRoutes } from './network-policy/routes.ts';
import { createPreviewRoutes } from './previews/routes.ts';
import { createSnapshotRoutes } from './snapshots/routes.ts';
import { countByProject, totalsByProjects } from './store.ts';
import { createTemplateRoutes } from './templates/routes.ts';
import { createTerminalRoutes } from './terminal/routes.ts';
import type { EndedReason } from './types.ts';

export { callJson, callStream, callUpgrade } from './agent/client.ts';
export type { Pool as AgentPool } from './agent/pool.ts';
export { createBoundaries, type SandboxBoundaries, type SandboxBoundary } from './boundary.ts';
export type { SandboxesDeps, TenancyFace } from './deps.ts';
export { checkVars, type EnvVar, MAX_VARS, varsOf } from './env/values.ts';
export { createLoop } from './jobs/jobs.ts';
export { followLines, keepLines, type LineKeeper } from './logs/kept.ts';
export { createQueue } from './logs/queue.ts';
export type { ProbeAnswer, ProbeRequest } from './machines/probe.ts';
export type { AppLine, AppProcess, LaunchMachine, Machine, MachineExec, MachineOutput, Machines, Source } from './machines/types.ts';
export { seriesOf, stepSeconds, windowSeconds } from './metrics/series.ts';
export { nullable, OWNED, oneOf } from './schemas.ts';
export { open, seal } from './seal.ts';
export { ownerOf, type Visibility, visibilityOf } from './visibility.ts';

export interface Sandboxes {
  /** Public routes, and those of the internal socket (`internal: true`). */
  readonly routes: readonly Route[];
  readonly jobs: Jobs;
  readonly boundaries: SandboxBoundaries;
  /** For deployments. */
  readonly machines: Machines;
  /** Ends reconcilers, waits for work under way (at most `graceMs`), writes activity, closes connections. Sandboxes live on. */
  close(graceMs?: number): Promise<void>;
}

const GRACE_MS = 10_000;

/** Isolated machines of an organization's projects: life cycle, commands, files, environment, previews. */
export const createSandboxes = async (deps: SandboxesDeps): Promise<Sandboxes> => {
  let jobs: Jobs | undefined;
  const core = await createCore(deps, () => jobs?.poke());
  jobs = createJobs(core);
  deps.tenancy.registerDependents({
    kind: 'sandboxes',
    countByProject,
    totals: totalsByProjects,
    destroyAll: (op, within, reason) => destroyAll(op, core, within, reason as EndedReason),
  });
  const close = async (graceMs = GRACE_MS): Promise<void> => {
    core.stop();
    await jobs.stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.allSettled(core.background), late]);
    clearTimeout(timer);
    await core.activity.close();
    await core.signals.close();
    core.pools.closeAll();
  };
  return { routes: sandboxRoutes(core), jobs, boundaries: createBoundaries(core), machines: createMachines(core), close };
};

/** Static names before patterns of the same depth is the router's business; order here is that of the documentation. */
export const sandboxRoutes = (core: Parameters<typeof createLifecycleRoutes>[0]): Route[] => [
  ...createLifecycleRoutes(core),
  ...createMetricsRoutes(core),
  ...createExecRoutes(core),
  ...createFileRoutes(core),
  ...createTerminalRoutes(core),
  ...createSnapshotRoutes(core),
  ...createPreviewRoutes(core),
  ...createEnvRoutes(core),
  ...createNetworkPolicyRoutes(core),
  ...createEventRoutes(core),
  ...createLogRoutes(core),
  ...createBulkRoutes(core),
  ...createTemplateRoutes(core),
  ...createInternalRoutes(core),
];
