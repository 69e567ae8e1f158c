import type { AgentEndpoint, SandboxRoute } from './types.ts';

/** A process of a dynamic version, and the machine it runs in. */
export interface InstanceRoute {
  readonly id: string;
  readonly state: 'healthy' | 'unhealthy';
  readonly port: number;
  readonly machineId: string;
  readonly endpoint: AgentEndpoint | null;
  readonly machineState: SandboxRoute['state'];
  readonly transition: SandboxRoute['transition'];
}

/** In which table of names: below the domain of apps, or a host name of its own. */
export type NameSpace = 'managed' | 'exact' | 'base';

/** All the edge knows of one host name of a deployment, or of one version of it. A request keeps the one it was given. */
export interface DeploymentRoute {
  readonly space: NameSpace;
  readonly name: string;
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly state: 'pending' | 'building' | 'running' | 'stopped' | 'failed' | 'deleted';
  readonly spa: 'auto' | 'on' | 'off';
  readonly versionId: string | null;
  readonly kind: 'static' | 'dynamic' | null;
  readonly manifestSha256: string | null;
  readonly instances: readonly InstanceRoute[];
}

/** The published view of deployments. Every method is one query. */
export interface DeploymentStore {
  /** At most `limit` of them. */
  all(limit: number): Promise<DeploymentRoute[]>;
  byName(space: NameSpace, name: string): Promise<DeploymentRoute | null>;
  /** All names of these deployments. */
  byIds(deploymentIds: readonly string[]): Promise<DeploymentRoute[]>;
  /** `suffix`: the last ten characters of a version's id. */
  version(name: string, suffix: string): Promise<DeploymentRoute | null>;
}
