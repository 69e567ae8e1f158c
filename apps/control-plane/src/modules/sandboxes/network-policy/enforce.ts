import type { Db } from '@miosa/db';
import { Fault, type NetworkPolicy, networkDigest, networkPolicyOf, restrictiveLevels } from '@miosa/kernel';
import type { RuntimeInstance } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { findAny } from '../store.ts';
import { storedLevels } from './store.ts';

/** A sandbox whose boot is under way gets its policy as soon as the host knows it. */
const BOOT_WAIT_MS = 30_000;
const CHANGED_WAIT_MS = 500;

/** Settings kept before their form was checked: nobody knows what was meant, so nothing is allowed. */
const NOTHING: NetworkPolicy = { defaultEffect: 'deny', rules: [] };

const parsed = (stored: unknown): NetworkPolicy => {
  try {
    return networkPolicyOf('network_policy', stored);
  } catch {
    return NOTHING;
  }
};

/** The levels that restrict each living sandbox, the widest first; all must allow (contract 4.2). */
export const levelsOf = async (
  core: Core,
  ids: readonly string[],
  db: Db = core.db.read,
): Promise<ReadonlyMap<string, readonly NetworkPolicy[]>> => {
  const operator = core.operatorNetworkPolicy ?? null;
  const rows = await storedLevels(db, ids);
  return new Map(
    rows.map(({ id, organization, workspace, project, resource }) => {
      const stored = [organization, workspace, project, resource].filter((level) => level !== null && level !== undefined).map(parsed);
      return [id, restrictiveLevels(operator === null ? stored : [operator, ...stored])];
    }),
  );
};

/** Brings what is stored now to the host. When it resolves it is in force, or the sandbox has no machine. */
export const enforce = async (core: Core, id: string): Promise<void> => {
  for (const until = Date.now() + BOOT_WAIT_MS; ; ) {
    // Read again each time: of two changes at once, the later to reach the host carries what was stored last.
    const levels = (await levelsOf(core, [id])).get(id);
    if (levels === undefined) return;
    try {
      return await core.runtime.setNetworkPolicy(id, levels);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'NOT_FOUND') throw error;
    }
    if ((await findAny(core.db.read, id))?.state !== 'provisioning' || Date.now() > until) return;
    await core.signals.changed(id, CHANGED_WAIT_MS, core.stopping);
  }
};

/**
 * Reconciler: what a level changed for many sandboxes, and what a host did not answer to. Every sandbox obeys within seconds of its
 * organization's, workspace's or operator's change.
 */
export const alignNetworkPolicies = async (core: Core, machines: readonly RuntimeInstance[]): Promise<void> => {
  const wanted = await levelsOf(
    core,
    machines.map(({ id }) => id),
  );
  for (const { id, networkDigest: actual = '' } of machines) {
    const levels = wanted.get(id);
    if (levels === undefined || networkDigest(levels) === actual) continue;
    await enforce(core, id).catch((error: unknown) => core.log.warn({ err: error, sandboxId: id }, 'network policy not in force yet'));
  }
};
