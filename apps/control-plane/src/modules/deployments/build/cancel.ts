import { once } from '@miosa/db';
import { Fault, notFound, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { failPublishIn } from '../publish/ending.ts';
import { auditDeployment } from '../record.ts';
import { lockDeployment } from '../store.ts';
import type { DeploymentBuildRow } from '../types.ts';
import { lockBuild } from './store.ts';

const ACTION = 'deployments.builds.cancel';

/**
 * Ends a build that waits or runs, at once: the process that carries it out finds the row ended when it renews its lease, within a second, and takes
 * the machine away. What is live stays live. @throws CONFLICT when it is over.
 */
export const cancelBuild = (op: Op, core: Core, deploymentId: string, buildId: string): Promise<DeploymentBuildRow> =>
  once<DeploymentBuildRow>(op, ACTION, async (keep) => {
    const { id } = await getDeployment(op, core, deploymentId);
    return core.db.tx(op, ACTION, async (tx) => {
      const deployment = await lockDeployment(tx, id);
      const build = deployment === undefined ? undefined : await lockBuild(tx, id, buildId);
      if (deployment === undefined || build === undefined) throw notFound();
      if (build.state !== 'queued' && build.state !== 'building')
        throw new Fault('CONFLICT', `The build is over: it is ${build.state}.`, { details: { state: build.state } });
      await auditDeployment(tx, op, ACTION, deployment, { metadata: { build_id: build.id, version_id: build.version_id } });
      await failPublishIn(tx, op, core, build, 'cancelled');
      const ended = await lockBuild(tx, id, buildId);
      if (ended === undefined) throw notFound();
      return keep(tx, ended);
    });
  });
