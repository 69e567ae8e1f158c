import { invalid, notFound, type Op } from '@miosa/kernel';
import { checkVars, type EnvVar, MAX_VARS } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { auditDeployment } from '../record.ts';
import { lockDeployment, setDeployment } from '../store.ts';
import { type KeptVar, sealRevision, varsAt } from './revisions.ts';
import { insertRevision } from './store.ts';

export interface ShownVar {
  readonly key: string;
  readonly value: string | null;
  readonly encrypted: boolean;
  readonly updated_at: string;
}

const show = ({ key, value, encrypted, updatedAt }: KeptVar): ShownVar => ({
  key,
  value: encrypted ? null : value,
  encrypted,
  updated_at: updatedAt,
});

/** The newest revision. Encrypted values are never returned; returning the others is audited, since they may be secrets all the same. */
export const listVars = async (op: Op, core: Core, id: string): Promise<ShownVar[]> => {
  const deployment = await getDeployment(op, core, id);
  const shown = (await varsAt(core, core.db.read, deployment.id, deployment.env_revision)).map(show);
  if (shown.some(({ value }) => value !== null)) await auditDeployment(core.db.read, op, 'deployments.env.list', deployment);
  return shown;
};

/** A new revision beside the old ones: versions keep the one they were made with. */
const change = async (
  op: Op,
  core: Core,
  id: string,
  action: 'deployments.env.set' | 'deployments.env.delete',
  next: (before: readonly KeptVar[]) => readonly KeptVar[],
  metadata: object,
): Promise<ShownVar[]> => {
  const found = await getDeployment(op, core, id);
  return core.db.tx(op, action, async (tx) => {
    const row = await lockDeployment(tx, found.id);
    if (row === undefined) throw notFound();
    const vars = next(await varsAt(core, tx, row.id, row.env_revision));
    if (vars.length > MAX_VARS) throw invalid('vars', `a deployment has at most ${MAX_VARS} variables`);
    const revision = row.env_revision + 1;
    await insertRevision(tx, sealRevision(core, row.id, revision, vars, op.now()));
    const changed = await setDeployment(tx, row.id, { env_revision: revision, updated_at: op.now() });
    await auditDeployment(tx, op, action, changed, { metadata: { ...metadata, env_revision: revision } });
    return vars.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(show);
  });
};

export const setVars = (op: Op, core: Core, id: string, vars: readonly EnvVar[], replace: boolean): Promise<ShownVar[]> => {
  checkVars('vars', vars);
  const updatedAt = op.now().toISOString();
  const added = vars.map(({ key, value, encrypted = true }) => ({ key, value, encrypted, updatedAt }));
  const names = new Set(vars.map(({ key }) => key));
  const next = (before: readonly KeptVar[]): readonly KeptVar[] => [
    ...(replace ? [] : before.filter(({ key }) => !names.has(key))),
    ...added,
  ];
  return change(op, core, id, 'deployments.env.set', next, { keys: [...names], replace });
};

export const deleteVar = async (op: Op, core: Core, id: string, key: string): Promise<void> => {
  const next = (before: readonly KeptVar[]): readonly KeptVar[] => {
    if (!before.some((entry) => entry.key === key)) throw notFound();
    return before.filter((entry) => entry.key !== key);
  };
  await change(op, core, id, 'deployments.env.delete', next, { key });
};
