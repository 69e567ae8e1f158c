import { type Core, inBackground } from '../deps.ts';
import { tendDeployment } from './tend.ts';

/** Brings the instances of a deployment to what its row says by now, soon: replicas, stop and start, restart, deletion. */
export const followChange = (core: Core, deploymentId: string): void => {
  inBackground(core, tendDeployment(core, deploymentId)).catch(() => {}); // the reconciler repeats it
};
