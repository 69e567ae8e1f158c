import { randomBytes } from 'node:crypto';
import { once, type Tx } from '@miosa/db';
import { Fault, invalid, isSlug, newId, normaliseSlug, type Op, randomBase32, type SizeName } from '@miosa/kernel';
import { checkVars, type EnvVar, ownerOf, seal, varsOf } from '../../sandboxes/index.ts';
import { checkMetadata, checkSlug, type Ownership, type OwnershipRequest } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { sealRevision } from '../env/revisions.ts';
import { insertRevision } from '../env/store.ts';
import { announce, auditDeployment } from '../record.ts';
import { claimManagedRoute, managedName } from '../routes.store.ts';
import { insertDeployment, organizationSlug, slugTaken } from '../store.ts';
import type { DeploymentRow, NewDeployment } from '../types.ts';

export interface DeploymentRequest extends OwnershipRequest {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly source_type?: DeploymentRow['source_type'] | undefined;
  readonly repo_url?: string | null | undefined;
  readonly branch?: string | null | undefined;
  readonly auto_deploy?: boolean | undefined;
  readonly build_command?: string | null | undefined;
  readonly run_command?: string | null | undefined;
  readonly port?: number | null | undefined;
  readonly health_check_path?: string | null | undefined;
  readonly replicas?: number | undefined;
  readonly size?: SizeName | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly spa?: DeploymentRow['spa'] | undefined;
}

const DEFAULT_SIZE: SizeName = 'xs';
const SUFFIX_CHARACTERS = 4;
const ATTEMPTS = 5;
const SECRET_BYTES = 24;

export const slugIsTaken = (slug: string): Fault => new Fault('SLUG_TAKEN', `There is a deployment with the slug "${slug}" already.`);

/** A chosen slug, or one made of the name. */
const slugsFor = (request: DeploymentRequest): readonly string[] => {
  if (request.slug !== undefined) return [checkSlug('slug', request.slug)];
  const base = normaliseSlug(request.name);
  const suffixed = (): string => `${(base || 'app').slice(0, 35).replace(/-+$/, '')}-${randomBase32(SUFFIX_CHARACTERS)}`;
  return [...(isSlug(base) ? [base] : []), ...Array.from({ length: ATTEMPTS }, suffixed)];
};

/** https only, without credentials: what is in the URL would be shown and logged. */
export const checkRepoUrl = (path: string, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || text.length > 2048)
    throw invalid(path, 'an https URL without user and password; put a token into the environment as GIT_TOKEN');
  return url.href;
};

const checkSource = (request: DeploymentRequest): void => {
  if (request.source_type === 'repo' && request.repo_url == null) throw invalid('repo_url', 'is needed with source_type "repo"');
  if (request.auto_deploy === true && request.source_type !== 'repo') throw invalid('auto_deploy', 'works with source_type "repo" only');
};

const secretContext = (id: string): string => `deployment_webhook\n${id}`;
/** For the route of the hook. */
export const webhookContext = secretContext;

interface Draft {
  readonly row: NewDeployment;
  readonly vars: readonly EnvVar[];
  readonly webhookSecret: string | null;
}

const draftOf = (op: Op, core: Core, request: DeploymentRequest, ownership: Ownership): Draft => {
  const now = op.now();
  const id = newId('dep', now.getTime());
  const vars = varsOf(request.env ?? {});
  checkVars('env', vars);
  checkMetadata('metadata', request.metadata ?? {});
  checkSource(request);
  const isRepo = request.source_type === 'repo';
  const webhookSecret = isRepo ? randomBytes(SECRET_BYTES).toString('base64url') : null;
  return {
    vars,
    webhookSecret,
    row: {
      id,
      tenant_id: ownership.tenantId,
      workspace_id: ownership.workspaceId,
      project_id: ownership.projectId,
      owner_user_id: ownerOf(op),
      external_workspace_id: ownership.externalWorkspaceId,
      external_user_id: ownership.externalUserId,
      external_project_id: ownership.externalProjectId,
      name: request.name,
      slug: '',
      metadata: JSON.stringify(request.metadata ?? {}),
      state: 'pending',
      state_reason: null,
      source_type: request.source_type ?? 'sandbox',
      repo_url: request.repo_url == null ? null : checkRepoUrl('repo_url', request.repo_url),
      branch: request.branch ?? null,
      auto_deploy: request.auto_deploy ?? false,
      sealed_webhook_secret: webhookSecret === null ? null : seal(core.sealKey, secretContext(id), webhookSecret),
      build_command: request.build_command ?? null,
      run_command: request.run_command ?? null,
      port: request.port ?? null,
      health_check_path: request.health_check_path ?? null,
      replicas: request.replicas ?? 1,
      size: request.size ?? DEFAULT_SIZE,
      spa: request.spa ?? 'auto',
      env_revision: vars.length === 0 ? 0 : 1,
      test: op.actor.type === 'key' && op.actor.keyType === 'test',
      created_by: `${op.actor.type}:${op.actor.id}`,
      created_at: now,
      updated_at: now,
    },
  };
};

/** In the transaction that wants it: row, host name, environment, audit entry, event. */
const insertIn = async (tx: Tx, op: Op, core: Core, draft: Draft, slugs: readonly string[]): Promise<DeploymentRow> => {
  const { row, vars } = draft;
  const organization = await organizationSlug(tx, row.tenant_id);
  for (const slug of slugs) {
    if (await slugTaken(tx, row.tenant_id, slug, row.id)) continue;
    const isFree = await claimManagedRoute(tx, {
      name: managedName(slug, organization),
      tenantId: row.tenant_id,
      deploymentId: row.id,
    });
    if (!isFree) continue;
    const inserted = await insertDeployment(tx, { ...row, slug });
    if (inserted === undefined) throw slugIsTaken(slug); // taken between the two: the name is undone with the transaction
    if (vars.length > 0) {
      const updatedAt = op.now().toISOString();
      const kept = vars.map(({ key, value }) => ({ key, value, encrypted: true, updatedAt }));
      await insertRevision(tx, sealRevision(core, inserted.id, 1, kept, op.now()));
    }
    await auditDeployment(tx, op, 'deployments.create', inserted, { metadata: { slug, source_type: inserted.source_type } });
    await announce(tx, op, core, inserted, 'created');
    return inserted;
  }
  throw slugIsTaken(slugs[0] ?? '');
};

export interface Made {
  readonly row: DeploymentRow;
  /** Shown once. */
  readonly webhookSecret: string | null;
}

/** Checks and a function that inserts, for those who have a transaction of their own. */
export const prepareDeployment = (op: Op, core: Core, request: DeploymentRequest, ownership: Ownership) => {
  const slugs = slugsFor(request);
  const draft = draftOf(op, core, request, ownership);
  return async (tx: Tx): Promise<Made> => ({ row: await insertIn(tx, op, core, draft, slugs), webhookSecret: draft.webhookSecret });
};

export const createDeployment = (op: Op, core: Core, request: DeploymentRequest): Promise<Made> =>
  once<Made>(op, 'deployments.create', async (keep) => {
    checkSource(request);
    slugsFor(request); // what is wrong with it is said before a project is made for it
    await core.tenancy.assertSetupDone(op);
    const ownership = await core.tenancy.resolveOwnership(op, request);
    const insert = prepareDeployment(op, core, request, ownership);
    return core.db.tx(op, 'deployments.create', async (tx) => {
      if (!(await core.tenancy.holdProject(tx, ownership.tenantId, ownership.projectId)))
        throw new Fault('CONFLICT', 'The project was deleted meanwhile.');
      return keep(tx, await insert(tx));
    });
  });
