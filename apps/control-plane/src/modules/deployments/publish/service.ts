import { once } from '@miosa/db';
import { Fault, invalid, notFound, type Op } from '@miosa/kernel';
import { visibilityOf } from '../../sandboxes/index.ts';
import type { OwnershipRequest } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { prepareDeployment } from '../lifecycle/create.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { findNamed, holdName } from '../store.ts';
import type { DeploymentRow, Source } from '../types.ts';
import { findVersion } from '../versions/store.ts';
import { insertPublish, type PublishRequest, type Started, startPublish } from './start.ts';

export interface PublishBody extends PublishRequest, OwnershipRequest {
  readonly source_sandbox_id?: string | undefined;
  readonly source_snapshot_id?: string | undefined;
}

interface Origin {
  readonly source: Source;
  readonly sandboxId: string;
}

/** What is published must be the caller's to read, and of the deployment's project: nothing else may become public by it. */
const originOf = async (op: Op, core: Core, request: PublishBody): Promise<Origin & { readonly projectId: string }> => {
  const { source_sandbox_id: sandboxId, source_snapshot_id: snapshotId } = request;
  if ((sandboxId === undefined) === (snapshotId === undefined))
    throw invalid('source_sandbox_id', 'give exactly one of source_sandbox_id and source_snapshot_id');
  if (sandboxId !== undefined) {
    const { id, ownership } = await core.machines.source(op, sandboxId);
    return { source: { type: 'sandbox', sandbox_id: id }, sandboxId: id, projectId: ownership.projectId };
  }
  const { id, ownership } = await core.machines.sourceSnapshot(op, snapshotId ?? '');
  return { source: { type: 'snapshot', snapshot_id: snapshotId ?? '' }, sandboxId: id, projectId: ownership.projectId };
};

const assertSameProject = (deployment: DeploymentRow, projectId: string): void => {
  if (deployment.project_id !== projectId)
    throw new Fault('OWNERSHIP_CONFLICT', 'Sandbox and deployment belong to different projects.', {
      details: { deployment_project_id: deployment.project_id, source_project_id: projectId },
    });
};

/** The selectors, where given, must say the project that the deployment is in. */
export const checkOwnership = async (op: Op, core: Core, deployment: DeploymentRow, request: OwnershipRequest): Promise<void> => {
  const says = [request.workspace_id, request.workspace_slug, request.project_id, request.project_slug, request.external_project_id];
  if (says.every((value) => value == null)) return;
  const { projectId } = await core.tenancy.resolveOwnership(op, request);
  assertSameProject(deployment, projectId);
};

export const publish = async (op: Op, core: Core, id: string, request: PublishBody): Promise<Started> => {
  const deployment = await getDeployment(op, core, id);
  await checkOwnership(op, core, deployment, request);
  const { source, sandboxId, projectId } = await originOf(op, core, request);
  assertSameProject(deployment, projectId);
  return startPublish(op, core, deployment, { source, sourceSandboxId: sandboxId, request, action: 'deployments.publish' });
};

export interface DeployBody extends PublishRequest {
  readonly deployment_id?: string | undefined;
  readonly name?: string | undefined;
}

/** Publishes a sandbox to a deployment of its own project, which is made when there is none of that name. */
export const deploySandbox = async (op: Op, core: Core, sandboxId: string, request: DeployBody): Promise<Started> => {
  const action = 'sandboxes.deploy';
  const { id, ownership } = await core.machines.source(op, sandboxId);
  const { projectId } = ownership;
  const how = { source: { type: 'sandbox', sandbox_id: id }, sourceSandboxId: id, request, action } as const;
  if (request.deployment_id !== undefined) {
    const deployment = await getDeployment(op, core, request.deployment_id);
    assertSameProject(deployment, projectId);
    return startPublish(op, core, deployment, how);
  }
  const { name } = request;
  if (name === undefined) throw invalid('name', 'give the name of the deployment, or deployment_id');
  return once<Started>(op, action, async (keep) => {
    await core.tenancy.assertSetupDone(op);
    const who = await visibilityOf(op, core);
    const insert = prepareDeployment(op, core, { name }, ownership);
    return core.db.tx(op, action, async (tx) => {
      await holdName(tx, projectId, name);
      const existing = await findNamed(tx, who, projectId, name);
      if (existing === undefined && !(await core.tenancy.holdProject(tx, ownership.tenantId, ownership.projectId))) throw notFound();
      const deployment = existing ?? (await insert(tx)).row;
      return keep(tx, await insertPublish(tx, op, deployment, how));
    });
  });
};

/** Builds the newest version's source again. */
export const redeploy = async (op: Op, core: Core, id: string): Promise<Started> => {
  const deployment = await getDeployment(op, core, id);
  const from = deployment.active_version_id;
  const version = from === null ? undefined : await findVersion(core.db.read, deployment.id, from);
  if (version === undefined && deployment.source_type !== 'repo')
    throw new Fault('CONFLICT', 'Nothing was published yet: there is no source to build again.', { details: { reason: 'no_version' } });
  const source: Source =
    version === undefined ? { type: 'repo', url: deployment.repo_url ?? '', branch: deployment.branch } : withoutCommit(version.source);
  if (source.type === 'sandbox') await core.machines.source(op, source.sandbox_id);
  if (source.type === 'snapshot') await core.machines.sourceSnapshot(op, source.snapshot_id);
  return startPublish(op, core, deployment, {
    source,
    sourceSandboxId: version?.source_sandbox_id,
    request: version?.request ?? {},
    action: 'deployments.redeploy',
  });
};

const withoutCommit = (source: Source): Source => (source.type === 'repo' ? { ...source, commit: undefined } : source);
