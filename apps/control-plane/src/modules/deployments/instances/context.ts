import { Fault } from '@miosa/kernel';
import { type EnvVar, varsOf } from '../../sandboxes/index.ts';
import type { Ownership } from '../../tenancy/index.ts';
import { RUN_DEFAULTS } from '../build/command.ts';
import type { Core } from '../deps.ts';
import { varsAt } from '../env/revisions.ts';
import type { DeploymentRow, InstanceRow, ReleaseRow, VersionRow } from '../types.ts';
import { findRelease, findVersion } from '../versions/store.ts';
import { findAnyDeployment } from './facts.store.ts';

/** Where nobody said one: what most frameworks take `PORT` to be. */
export const DEFAULT_PORT = 3000;

export interface Context {
  readonly deployment: DeploymentRow;
  readonly version: VersionRow;
  readonly release: ReleaseRow & { readonly snapshot_id: string };
  readonly runCommand: string;
  readonly path: string;
  readonly port: number;
}

const broken = (message: string): Fault => new Fault('CONFLICT', message, { details: { reason: 'not_runnable' } });

/** All that a version's instances are made of. @throws Fault when it cannot be run any more. */
export const contextOf = async (core: Core, deploymentId: string, versionId: string): Promise<Context> => {
  const [deployment, version] = await Promise.all([
    findAnyDeployment(core.db.read, deploymentId),
    findVersion(core.db.read, deploymentId, versionId),
  ]);
  if (deployment === undefined || version === undefined) throw broken('The deployment is gone.');
  const release = version.release_id === null ? undefined : await findRelease(core.db.read, deploymentId, version.release_id);
  if (release === undefined || release.snapshot_id === null) throw broken('The version has no files to run.');
  if (release.collected_at !== null)
    throw new Fault('GONE', 'The files of the version were removed after their retention. Publish it again.');
  if (version.run_command === null) throw broken('The version has no run command.');
  return {
    deployment,
    version,
    release: { ...release, snapshot_id: release.snapshot_id },
    runCommand: version.run_command,
    path: version.health_check_path ?? '/',
    port: version.port ?? DEFAULT_PORT,
  };
};

/** What its processes find: defaults, the revision it runs with, then what the platform says. */
export const varsFor = async (core: Core, { deployment, port }: Context, { env_revision }: InstanceRow): Promise<EnvVar[]> => {
  const own = await varsAt(core, core.db.read, deployment.id, env_revision);
  const platform: EnvVar[] = [
    { key: 'PORT', value: String(port) },
    { key: 'MIOSA_DEPLOYMENT_ID', value: deployment.id },
  ];
  const taken = new Set(platform.map(({ key }) => key));
  const said = new Set(own.map(({ key }) => key));
  return [
    ...varsOf(RUN_DEFAULTS).filter(({ key }) => !said.has(key)),
    ...own.filter(({ key }) => !taken.has(key)).map(({ key, value, encrypted, hosts }) => ({ key, value, encrypted, hosts })),
    ...platform,
  ];
};

export const ownershipFor = async (core: Core, row: DeploymentRow): Promise<Ownership> => {
  const echo = (await core.tenancy.ownershipOf(core.db.read, row.tenant_id, [row.project_id])).get(row.project_id);
  if (echo === undefined) throw new Fault('GONE', 'The project of the deployment was deleted.');
  return {
    ...echo,
    tenantId: row.tenant_id as Ownership['tenantId'],
    workspaceId: row.workspace_id as Ownership['workspaceId'],
    projectId: row.project_id as Ownership['projectId'],
    externalWorkspaceId: row.external_workspace_id,
    externalUserId: row.external_user_id,
    externalProjectId: row.external_project_id,
  };
};
