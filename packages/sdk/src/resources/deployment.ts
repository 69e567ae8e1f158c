import type { Bound } from '../bind.ts';
import { boundObject } from '../boundObject.ts';
import type { Data } from '../wire.ts';
import type { DeploymentsApi } from './deployments.ts';

export type DeploymentData = Data<'deployments.get'>;

const NAMES = [
  'update',
  'delete',
  'publish',
  'redeploy',
  'rollback',
  'start',
  'stop',
  'restart',
  'versions',
  'releases',
  'builds',
  'uploads',
  'runtimeInstances',
  'logs',
  'metrics',
  'env',
] as const;

interface DeploymentActions {
  readonly update: Bound<DeploymentsApi['update']>;
  readonly delete: Bound<DeploymentsApi['delete']>;
  readonly publish: Bound<DeploymentsApi['publish']>;
  readonly redeploy: Bound<DeploymentsApi['redeploy']>;
  readonly rollback: Bound<DeploymentsApi['rollback']>;
  readonly start: Bound<DeploymentsApi['start']>;
  readonly stop: Bound<DeploymentsApi['stop']>;
  readonly restart: Bound<DeploymentsApi['restart']>;
  readonly versions: Bound<DeploymentsApi['versions']>;
  readonly releases: Bound<DeploymentsApi['releases']>;
  readonly builds: Bound<DeploymentsApi['builds']>;
  readonly uploads: Bound<DeploymentsApi['uploads']>;
  readonly runtimeInstances: Bound<DeploymentsApi['runtimeInstances']>;
  readonly logs: Bound<DeploymentsApi['logs']>;
  readonly metrics: Bound<DeploymentsApi['metrics']>;
  readonly env: Bound<DeploymentsApi['env']>;
  /** The same deployment as it is now. */
  refresh(): Promise<Deployment>;
}

/** A deployment as it was when the call answered, with what can be done to it. Fields never change by themselves: actions return a new object. */
export type Deployment = Readonly<DeploymentData> & DeploymentActions;

class DeploymentObject extends boundObject<DeploymentsApi, DeploymentData, Deployment>(NAMES) {}

export const deploymentOf = (api: DeploymentsApi, data: DeploymentData): Deployment =>
  new DeploymentObject(api, data) as unknown as Deployment;
