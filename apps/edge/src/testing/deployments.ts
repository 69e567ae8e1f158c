import { newId, randomBase32 } from '@miosa/kernel';
import type { DeploymentRoute, InstanceRoute } from '../routes/deployment-types.ts';
import type { FakeAgent } from './fake-agent.ts';
import { NAMES, type Platform } from './platform.ts';

export interface Published {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** Changes what the database says, and tells the edge. */
  readonly change: (fields: Partial<DeploymentRoute>) => void;
  readonly now: () => DeploymentRoute;
}

/** A deployment that nothing was published in. */
export const deploy = (platform: Platform, fields: Partial<DeploymentRoute> = {}): Published => {
  const name = fields.name ?? `site-${randomBase32(6)}.cliniciq`;
  const route: DeploymentRoute = {
    ...{ space: 'managed', name, deploymentId: newId('dep'), tenantId: 'ten_1', state: 'running', spa: 'auto' },
    ...{ versionId: newId('ver'), kind: null, manifestSha256: null, instances: [] },
    ...fields,
  };
  const { deploymentStore } = platform;
  const change = (more: Partial<DeploymentRoute>): void => {
    deploymentStore.live.set(name, { ...(deploymentStore.live.get(name) ?? route), ...more });
    platform.deploymentChanged(route.deploymentId);
  };
  change({});
  const host = route.space === 'managed' ? `${name}.${NAMES.appsDomain}` : name;
  return { id: route.deploymentId, name, host, change, now: () => deploymentStore.live.get(name) ?? route };
};

export const instanceOn = (agent: FakeAgent, fields: Partial<InstanceRoute> = {}): InstanceRoute => ({
  ...{ id: newId('ins'), state: 'healthy', port: 3000, machineId: newId('sbx'), machineState: 'running', transition: null },
  endpoint: { socketPath: agent.socketPath },
  ...fields,
});
