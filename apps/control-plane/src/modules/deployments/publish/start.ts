import { once, type Tx } from '@miosa/db';
import { newId, notFound, type Op } from '@miosa/kernel';
import { checkMetadata } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { auditDeployment } from '../record.ts';
import { lockDeployment, setDeployment } from '../store.ts';
import type { BuildRequest, DeploymentBuildRow, DeploymentRow, Source, VersionRow } from '../types.ts';
import { insertVersion, setVersion } from '../versions/store.ts';
import { insertBuild } from './builds.store.ts';

export interface PublishRequest extends BuildRequest {
  readonly promote?: boolean | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
}

export interface Publishing {
  readonly source: Source;
  readonly sourceSandboxId?: string | null | undefined;
  readonly request: PublishRequest;
  readonly commit?: { readonly sha: string; readonly message: string } | undefined;
  /** Name of the operation, for the audit log. */
  readonly action: string;
}

export interface Started {
  readonly version: VersionRow;
  readonly build: DeploymentBuildRow;
}

const BUILD_FIELDS = ['kind', 'output_path', 'entrypoint', 'build_command', 'run_command', 'port', 'health_check_path'] as const;

const buildRequestOf = (request: PublishRequest): BuildRequest =>
  Object.fromEntries(BUILD_FIELDS.flatMap((name) => (request[name] === undefined ? [] : [[name, request[name]]])));

/** In the transaction that wants it: the next version and its build, in the queue of the deployment. @throws 404 when it was deleted. */
export const insertPublish = async (tx: Tx, op: Op, deployment: DeploymentRow, how: Publishing): Promise<Started> => {
  checkMetadata('metadata', how.request.metadata ?? {});
  const locked = await lockDeployment(tx, deployment.id);
  if (locked === undefined) throw notFound();
  const now = op.now();
  const number = locked.next_version_number;
  await setDeployment(tx, locked.id, { next_version_number: number + 1 });
  const created = await insertVersion(tx, {
    id: newId('ver', now.getTime()),
    deployment_id: locked.id,
    tenant_id: locked.tenant_id,
    version_number: number,
    kind: null,
    state: 'created',
    state_reason: null,
    source_type: how.source.type,
    source: JSON.stringify(how.source),
    source_sandbox_id: how.sourceSandboxId ?? null,
    source_sha256: null,
    request: JSON.stringify(buildRequestOf(how.request)),
    metadata: JSON.stringify(how.request.metadata ?? {}),
    artifact_sha256: null,
    files: null,
    total_bytes: null,
    entrypoint: null,
    run_command: null,
    port: null,
    health_check_path: null,
    env_revision: locked.env_revision,
    release_id: null,
    build_id: null,
    created_by: `${op.actor.type}:${op.actor.id}`,
    promoted_at: null,
    archived_at: null,
    created_at: now,
    updated_at: now,
  });
  const build = await insertBuild(tx, {
    id: newId('bld', now.getTime()),
    deployment_id: locked.id,
    version_id: created.id,
    tenant_id: locked.tenant_id,
    state: 'queued',
    triggered_by: `${op.actor.type}:${op.actor.id}`,
    commit_sha: how.commit?.sha ?? null,
    commit_message: how.commit?.message ?? null,
    error: null,
    error_code: null,
    promote: how.request.promote ?? true,
    actor: JSON.stringify(op.actor),
    request_id: op.requestId,
    machine_id: null,
    lease_until: null,
    cancel_requested_at: null,
    created_at: now,
    started_at: null,
    finished_at: null,
  });
  const version = await setVersion(tx, created.id, { build_id: build.id });
  await auditDeployment(tx, op, how.action, locked, { metadata: { version_id: version.id, source_type: how.source.type } });
  return { version, build };
};

/** A publish of a deployment that is there already; carried out by a worker. */
export const startPublish = (op: Op, core: Core, deployment: DeploymentRow, how: Publishing): Promise<Started> =>
  once<Started>(op, how.action, (keep) => core.db.tx(op, how.action, async (tx) => keep(tx, await insertPublish(tx, op, deployment, how))));
