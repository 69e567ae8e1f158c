import type { Database } from '@miosa/db';
import type { DeploymentRoute, DeploymentStore, InstanceRoute, NameSpace } from './deployment-types.ts';

interface Row {
  space: NameSpace;
  name: string;
  deployment_id: string;
  tenant_id: string;
  state: DeploymentRoute['state'];
  spa: DeploymentRoute['spa'];
  version_id: string | null;
  kind: DeploymentRoute['kind'];
  manifest_sha256: string | null;
  instances: InstanceRoute[];
}

declare module '@miosa/db' {
  interface Schema {
    edge_deployments: Row;
    edge_versions: Row & { suffix: string };
  }
}

const COLUMNS = [
  'space',
  'name',
  'deployment_id as deploymentId',
  'tenant_id as tenantId',
  'state',
  'spa',
  'version_id as versionId',
  'kind',
  'manifest_sha256 as manifestSha256',
  'instances',
] as const;

/** SQL of the edge for deployments: reads of the two published views. */
export const createDeploymentStore = (db: Database): DeploymentStore => ({
  all: (limit) => db.read.selectFrom('edge_deployments').select(COLUMNS).limit(limit).execute(),

  byName: async (space, name) =>
    (await db.read.selectFrom('edge_deployments').select(COLUMNS).where('space', '=', space).where('name', '=', name).executeTakeFirst()) ??
    null,

  byIds: (ids) => db.read.selectFrom('edge_deployments').select(COLUMNS).where('deployment_id', 'in', ids).execute(),

  version: async (name, suffix) =>
    (await db.read
      .selectFrom('edge_versions')
      .select(COLUMNS)
      .where('space', '=', 'managed')
      .where('name', '=', name)
      .where('suffix', '=', suffix)
      .executeTakeFirst()) ?? null,
});
