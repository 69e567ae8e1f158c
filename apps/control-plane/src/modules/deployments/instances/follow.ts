import type { Core } from '../deps.ts';

/** Brings the instances of a deployment to what its row says by now, soon: replicas, stop and start, deletion. `restart`: also new ones for those that run. */
export const followChange = (_core: Core, _deploymentId: string, _how: { readonly restart?: boolean } = {}): void => {};
