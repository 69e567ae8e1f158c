import { invalid, notFound, type Op, type SizeName } from '@miosa/kernel';
import { visibilityOf } from '../../sandboxes/index.ts';
import { checkMetadata, checkSlug, mergePatch } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { followChange } from '../instances/follow.ts';
import { endBuild, openBuildsOf } from '../publish/builds.store.ts';
import { announce, auditDeployment } from '../record.ts';
import { claimManagedRoute, managedName, retireRoutes } from '../routes.store.ts';
import {
  type ListFilters,
  listVisible,
  livingIn,
  lockDeployment,
  organizationSlug,
  type Page,
  setDeployment,
  slugTaken,
} from '../store.ts';
import { DEPLOYMENT_STATES, type DeploymentRow, type DeploymentTable } from '../types.ts';
import { checkRepoUrl, slugIsTaken } from './create.ts';
import { getDeployment } from './find.ts';

export const listDeployments = async (op: Op, core: Core, filters: ListFilters, page: Page): Promise<DeploymentRow[]> => {
  if (filters.state !== undefined && !DEPLOYMENT_STATES.some((state) => state === filters.state)) return [];
  return listVisible(core.db.read, await visibilityOf(op, core), filters, page);
};

export interface DeploymentChange {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly repo_url?: string | null | undefined;
  readonly branch?: string | null | undefined;
  readonly auto_deploy?: boolean | undefined;
  readonly build_command?: string | null | undefined;
  readonly run_command?: string | null | undefined;
  readonly port?: number | null | undefined;
  readonly health_check_path?: string | null | undefined;
  readonly replicas?: number | undefined;
  readonly size?: SizeName | undefined;
  readonly spa?: DeploymentRow['spa'] | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly external_workspace_id?: string | null | undefined;
  readonly external_user_id?: string | null | undefined;
  readonly external_project_id?: string | null | undefined;
}

const PLAIN = [
  'name',
  'branch',
  'auto_deploy',
  'build_command',
  'run_command',
  'port',
  'health_check_path',
  'replicas',
  'size',
  'spa',
  'external_workspace_id',
  'external_user_id',
  'external_project_id',
] as const;

const changesOf = (row: DeploymentRow, change: DeploymentChange): Partial<Record<keyof DeploymentTable, unknown>> => {
  const set: Partial<Record<keyof DeploymentTable, unknown>> = {};
  for (const name of PLAIN) if (change[name] !== undefined) set[name] = change[name];
  if (change.repo_url !== undefined) set.repo_url = change.repo_url === null ? null : checkRepoUrl('repo_url', change.repo_url);
  if (row.source_type === 'repo' && set.repo_url === null) throw invalid('repo_url', 'a deployment from a repository needs one');
  if (change.auto_deploy === true && row.source_type !== 'repo') throw invalid('auto_deploy', 'works with source_type "repo" only');
  if (change.metadata !== undefined) {
    const merged = mergePatch(row.metadata, change.metadata) as Record<string, unknown>;
    checkMetadata('metadata', merged);
    set.metadata = JSON.stringify(merged);
  }
  return set;
};

export const updateDeployment = async (op: Op, core: Core, id: string, change: DeploymentChange): Promise<DeploymentRow> => {
  const found = await getDeployment(op, core, id);
  if (change.slug !== undefined) checkSlug('slug', change.slug);
  changesOf(found, change); // what is wrong with it is said before anything has changed
  const updated = await core.db.tx(op, 'deployments.update', async (tx) => {
    const row = await lockDeployment(tx, found.id);
    if (row === undefined) throw notFound();
    const now = op.now();
    const { slug } = change;
    if (slug !== undefined && slug !== row.slug) {
      if (await slugTaken(tx, row.tenant_id, slug, row.id)) throw slugIsTaken(slug);
      const name = managedName(slug, await organizationSlug(tx, row.tenant_id));
      if (!(await claimManagedRoute(tx, { name, tenantId: row.tenant_id, deploymentId: row.id }))) throw slugIsTaken(slug);
      await retireRoutes(tx, row.id, now, name); // nobody else may take the old name
    }
    const set = { ...changesOf(row, change), ...(slug === undefined ? {} : { slug }), updated_at: now };
    const changed = await setDeployment(tx, row.id, set as Parameters<typeof setDeployment>[2]);
    await auditDeployment(tx, op, 'deployments.update', changed, { metadata: { fields: Object.keys(change) } });
    return changed;
  });
  followChange(core, updated.id);
  return updated;
};

/** Its host names lead nowhere as soon as this commits; machines and files are taken away by reconcilers. */
const deleteIn = async (op: Op, core: Core, id: string): Promise<void> => {
  await core.db.tx(op, 'deployments.delete', async (tx) => {
    const row = await lockDeployment(tx, id);
    if (row === undefined) return; // another DELETE was first
    const now = op.now();
    await retireRoutes(tx, row.id, now, null);
    for (const build of await openBuildsOf(tx, row.id))
      await endBuild(tx, build.id, { state: 'cancelled', error: 'The deployment was deleted.', errorCode: 'GONE', at: now });
    const deleted = await setDeployment(tx, row.id, { deleted_at: now, state: 'stopped', updated_at: now });
    await auditDeployment(tx, op, 'deployments.delete', deleted);
    await announce(tx, op, core, deleted, 'deleted');
  });
  followChange(core, id);
};

export const deleteDeployment = async (op: Op, core: Core, name: string): Promise<string> => {
  const { id } = await getDeployment(op, core, name);
  await deleteIn(op, core, id);
  return id;
};

/** For tenancy: ends every deployment of a workspace or project. */
export const deleteAll = async (
  op: Op,
  core: Core,
  within: { readonly workspaceId?: string; readonly projectId?: string },
): Promise<void> => {
  const tenantId = op.actor.tenantId;
  if (tenantId === null) return;
  for (const id of await livingIn(core.db.read, tenantId, within)) await deleteIn(op, core, id);
};

/** Stopped: visitors are told so; nothing runs. */
const setStopped = async (op: Op, core: Core, name: string, stopped: boolean): Promise<DeploymentRow> => {
  const found = await getDeployment(op, core, name);
  const action = stopped ? 'deployments.stop' : 'deployments.start';
  const changed = await core.db.tx(op, action, async (tx) => {
    const row = await lockDeployment(tx, found.id);
    if (row === undefined) throw notFound();
    const state = stopped ? 'stopped' : row.active_version_id === null ? 'pending' : 'running';
    const set = await setDeployment(tx, row.id, { state, state_reason: stopped ? 'user' : null, updated_at: op.now() });
    await auditDeployment(tx, op, action, set);
    return set;
  });
  followChange(core, changed.id);
  return changed;
};

export const stopDeployment = (op: Op, core: Core, name: string): Promise<DeploymentRow> => setStopped(op, core, name, true);
export const startDeployment = (op: Op, core: Core, name: string): Promise<DeploymentRow> => setStopped(op, core, name, false);

/** New instances of the live version, with the environment as it is now. */
export const restartDeployment = async (op: Op, core: Core, name: string): Promise<DeploymentRow> => {
  const found = await getDeployment(op, core, name);
  const changed = await core.db.tx(op, 'deployments.restart', async (tx) => {
    const row = await lockDeployment(tx, found.id);
    if (row === undefined) throw notFound();
    const isStopped = row.state === 'stopped' || row.state === 'failed';
    const set = await setDeployment(tx, row.id, {
      active_env_revision: row.env_revision,
      restarted_at: op.now(),
      ...(isStopped && row.active_version_id !== null ? { state: 'running' as const, state_reason: null } : {}),
      updated_at: op.now(),
    });
    await auditDeployment(tx, op, 'deployments.restart', set, { metadata: { env_revision: row.env_revision } });
    return set;
  });
  followChange(core, changed.id);
  return changed;
};
