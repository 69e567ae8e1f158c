import { createHash } from 'node:crypto';
import { Fault, isId, type Op } from '@miosa/kernel';
import { open } from '../../../sandboxes/index.ts';
import { type Core, inBackground, systemOp } from '../../deps.ts';
import { webhookContext } from '../../lifecycle/create.ts';
import { insertPublish } from '../../publish/start.ts';
import { runQueuedBuilds } from '../../publish/worker.ts';
import { findLiving, lockDeployment } from '../../store.ts';
import type { DeploymentRow } from '../../types.ts';
import { eventOf, type Push, pushFor } from './push.ts';
import { isSigned } from './signature.ts';
import { isBuilt, setEvent } from './store.ts';

const ACTION = 'deployments.gitHook';
const ALREADY = 'this push was received already';

export interface Received {
  /** Why nothing is built. */
  readonly ignored: string | null;
  readonly versionId: string | null;
  readonly buildId: string | null;
}

const nothing = (ignored: string): Received => ({ ignored, versionId: null, buildId: null });

const secretOf = (core: Core, deployment: DeploymentRow | undefined): string | null => {
  const sealed = deployment?.sealed_webhook_secret ?? null;
  return deployment === undefined || sealed === null ? null : open(core.sealKey, webhookContext(deployment.id), sealed);
};

/** The repository is the deployment's own, whatever the event says; a repeated event builds nothing. */
const publishPush = (op: Op, core: Core, deployment: DeploymentRow, push: Push, event: string): Promise<Received> =>
  core.db.tx(op, ACTION, async (tx) => {
    const locked = await lockDeployment(tx, deployment.id);
    if (locked?.repo_url == null) return nothing('the deployment has no repository');
    if (await isBuilt(tx, locked.id, event, push.commit)) return nothing(ALREADY);
    const { build, version } = await insertPublish(tx, op, locked, {
      source: { type: 'repo', url: locked.repo_url, branch: push.branch, commit: push.commit },
      request: {},
      commit: { sha: push.commit, message: push.message },
      action: ACTION,
    });
    await setEvent(tx, build.id, event);
    return { ignored: null, versionId: version.id, buildId: build.id };
  });

/**
 * What a Git host sends after a push. Whoever holds the deployment's secret may make it build its own repository, and nothing else. @throws FORBIDDEN, in
 * the same words after the same work, for a wrong signature and for a deployment that does not exist.
 */
export const receiveHook = async (
  op: Op,
  core: Core,
  id: string,
  bytes: Buffer,
  headers: Readonly<Record<string, string | undefined>>,
): Promise<Received> => {
  const deployment = isId('dep', id) ? await findLiving(core.db.read, id) : undefined;
  if (!isSigned(secretOf(core, deployment), bytes, headers['x-hub-signature-256']) || deployment === undefined)
    throw new Fault('FORBIDDEN', 'The signature is not that of this deployment’s webhook_secret over this body (X-Hub-Signature-256).');
  const wanted = pushFor(deployment, eventOf(headers), bytes);
  if ('ignored' in wanted) return nothing(wanted.ignored);
  const system: Op = { ...systemOp(core, deployment.tenant_id, 'git-hook'), requestId: op.requestId, ip: op.ip, userAgent: op.userAgent };
  const received = await publishPush(system, core, deployment, wanted.push, createHash('sha256').update(bytes).digest('hex'));
  if (received.buildId !== null) inBackground(core, runQueuedBuilds(core)).catch(() => {}); // the reconciler repeats it
  return received;
};
