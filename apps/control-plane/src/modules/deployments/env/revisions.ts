import { createHmac } from 'node:crypto';
import type { Db } from '@miosa/db';
import { Fault } from '@miosa/kernel';
import { type EnvVar, open, seal } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { findRevision } from './store.ts';

/** A variable as it is kept: with the time of its last change. */
export interface KeptVar extends EnvVar {
  readonly encrypted: boolean;
  readonly updatedAt: string;
}

// Deployment and revision are authenticated with the values: a row copied elsewhere does not open.
const contextOf = (deploymentId: string, revision: number): string => `deployment_env\n${deploymentId}\n${revision}`;

/** Equal for equal values, and without the key nobody can try values against it. */
const digestOf = (sealKey: Buffer, vars: readonly KeptVar[]): string =>
  createHmac('sha256', sealKey)
    .update(`deployment_env\n${JSON.stringify(vars.map(({ key, value }) => [key, value]))}`)
    .digest('hex');

export const sealRevision = (core: Pick<Core, 'sealKey'>, deploymentId: string, revision: number, vars: readonly KeptVar[], now: Date) => {
  const sorted = vars.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return {
    deployment_id: deploymentId,
    revision,
    sealed_vars: seal(core.sealKey, contextOf(deploymentId, revision), JSON.stringify(sorted)),
    sha256: digestOf(core.sealKey, sorted),
    created_at: now,
  };
};

/** Revision 0 is empty. @throws INTERNAL when what is stored is not what was frozen. */
export const varsAt = async (core: Pick<Core, 'sealKey'>, db: Db, deploymentId: string, revision: number): Promise<KeptVar[]> => {
  if (revision === 0) return [];
  const row = await findRevision(db, deploymentId, revision);
  if (row === undefined)
    throw new Fault('INTERNAL', 'The environment of this version is missing.', { internal: `${deploymentId} ${revision}` });
  const vars = JSON.parse(open(core.sealKey, contextOf(deploymentId, revision), row.sealed_vars)) as KeptVar[];
  if (digestOf(core.sealKey, vars) !== row.sha256)
    throw new Fault('INTERNAL', 'The environment of this version is damaged.', { internal: `${deploymentId} ${revision}` });
  return vars;
};
