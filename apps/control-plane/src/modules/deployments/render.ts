import { deploymentUrl, stagedUrl } from '@miosa/hostnames';
import type { Static } from 'typebox';
import type { Core } from './deps.ts';
import { currentBuilds } from './publish/builds.store.ts';
import type { Deployment, DeploymentBuild, Instance, Release, Version } from './schemas.ts';
import { organizationSlug } from './store.ts';
import type { DeploymentBuildRow, DeploymentRow, InstanceRow, ReleaseRow, VersionRow } from './types.ts';

type Reading = Pick<Core, 'db' | 'tenancy' | 'names'>;

const iso = (date: Date): string => date.toISOString();
const isoOrNull = (date: Date | null): string | null => (date === null ? null : date.toISOString());

/** The Owned fields of a deployment, and of its children, which inherit them. */
const ownedOf = async (core: Reading, rows: readonly DeploymentRow[]) => {
  const tenantId = rows[0]?.tenant_id ?? '';
  const echoes = await core.tenancy.ownershipOf(core.db.read, tenantId, [...new Set(rows.map((row) => row.project_id))]);
  return (row: DeploymentRow) => {
    const echo = echoes.get(row.project_id);
    return {
      tenant_id: row.tenant_id,
      workspace_id: row.workspace_id,
      workspace_slug: echo?.workspaceSlug ?? '',
      workspace_name: echo?.workspaceName ?? '',
      project_id: row.project_id,
      project_slug: echo?.projectSlug ?? '',
      project_name: echo?.projectName ?? '',
      external_workspace_id: row.external_workspace_id,
      external_user_id: row.external_user_id,
      external_project_id: row.external_project_id,
      owner_user_id: row.owner_user_id,
      tags: [],
    };
  };
};

/** All of one organization; a fixed number of queries for any number of rows. */
export const renderDeployments = async (core: Reading, rows: readonly DeploymentRow[]): Promise<Static<typeof Deployment>[]> => {
  const [first] = rows;
  if (first === undefined) return [];
  const [owned, slug, builds] = await Promise.all([
    ownedOf(core, rows),
    organizationSlug(core.db.read, first.tenant_id),
    currentBuilds(
      core.db.read,
      rows.map(({ id }) => id),
    ),
  ]);
  return rows.map((row) => {
    const fallback = deploymentUrl(core.names, { slug: row.slug, organizationSlug: slug });
    return {
      id: row.id,
      name: row.name,
      ...owned(row),
      metadata: row.metadata,
      created_at: iso(row.created_at),
      updated_at: iso(row.updated_at),
      slug: row.slug,
      state: row.state,
      state_reason: row.state_reason,
      source_type: row.source_type,
      public_url: fallback,
      urls: [fallback],
      fallback_url: fallback,
      active_version_id: row.active_version_id,
      previous_version_id: row.previous_version_id,
      current_build_id: builds.get(row.id) ?? null,
      repo_url: row.repo_url,
      branch: row.branch,
      auto_deploy: row.auto_deploy,
      build_command: row.build_command,
      run_command: row.run_command,
      port: row.port,
      health_check_path: row.health_check_path,
      replicas: row.replicas,
      size: row.size,
      env_revision: row.env_revision,
      databases: [],
      buckets: [],
      spa: row.spa,
      test: row.test,
      deployed_at: isoOrNull(row.deployed_at),
    };
  });
};

export const renderDeployment = async (core: Reading, row: DeploymentRow): Promise<Static<typeof Deployment>> => {
  const [shown] = await renderDeployments(core, [row]);
  if (shown === undefined) throw new Error('one row gives one object');
  return shown;
};

/** Versions of one deployment. */
export const renderVersions = async (
  core: Reading,
  deployment: DeploymentRow,
  rows: readonly VersionRow[],
): Promise<Static<typeof Version>[]> => {
  const [owned, slug] = await Promise.all([ownedOf(core, [deployment]), organizationSlug(core.db.read, deployment.tenant_id)]);
  return rows.map((row) => ({
    id: row.id,
    name: `v${row.version_number}`,
    ...owned(deployment),
    metadata: row.metadata,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    deployment_id: row.deployment_id,
    version_number: row.version_number,
    kind: row.kind,
    state: row.state,
    state_reason: row.state_reason,
    release_id: row.release_id,
    build_id: row.build_id,
    source_sandbox_id: row.source_sandbox_id,
    source_sha256: row.source_sha256,
    artifact_sha256: row.artifact_sha256,
    artifact_manifest:
      row.files === null ? null : { files: row.files, total_bytes: Number(row.total_bytes ?? 0), entrypoint: row.entrypoint },
    run_command: row.run_command,
    port: row.port,
    health_check_path: row.health_check_path,
    env_revision: row.env_revision,
    url: stagedUrl(core.names, { slug: deployment.slug, organizationSlug: slug, versionId: row.id }),
    created_by: row.created_by,
    promoted_at: isoOrNull(row.promoted_at),
    archived_at: isoOrNull(row.archived_at),
  }));
};

export const renderRelease = (row: ReleaseRow): Static<typeof Release> => ({
  id: row.id,
  deployment_id: row.deployment_id,
  version_id: row.version_id,
  kind: row.kind,
  sha256: row.sha256,
  size_bytes: Number(row.size_bytes),
  collected_at: isoOrNull(row.collected_at),
  created_at: iso(row.created_at),
});

export const renderBuild = (row: DeploymentBuildRow): Static<typeof DeploymentBuild> => ({
  id: row.id,
  deployment_id: row.deployment_id,
  version_id: row.version_id,
  state: row.state,
  triggered_by: row.triggered_by,
  commit_sha: row.commit_sha,
  commit_message: row.commit_message,
  error: row.error,
  created_at: iso(row.created_at),
  started_at: isoOrNull(row.started_at),
  finished_at: isoOrNull(row.finished_at),
  duration_ms: row.started_at === null || row.finished_at === null ? null : row.finished_at.getTime() - row.started_at.getTime(),
});

export const renderInstance = (row: InstanceRow): Static<typeof Instance> => ({
  id: row.id,
  deployment_id: row.deployment_id,
  version_id: row.version_id,
  release_id: row.release_id,
  state: row.state,
  state_reason: row.state_reason,
  port: row.port,
  restarts: row.restarts,
  created_at: iso(row.created_at),
  started_at: isoOrNull(row.started_at),
  stopped_at: isoOrNull(row.stopped_at),
});
