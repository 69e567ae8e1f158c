import { invalid, notFound, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import { lookupFor, settleFor } from '../lifecycle/settled.ts';
import { isReady } from '../render.ts';
import type { EnvVar as EnvVarSchema } from '../schemas.ts';
import { findAny } from '../store.ts';
import { brokerSecrets } from './brokered.ts';
import { pushEnvironment } from './push.ts';
import { deleteEnv, type EnvRow, listEnv, lockSandbox, putEnv } from './store.ts';
import { checkVars, type EnvVar, MAX_VARS, openVar, sealVar } from './values.ts';

type Shown = Static<typeof EnvVarSchema>;

const show = (core: Core, row: EnvRow): Shown => ({
  key: row.key,
  value: row.encrypted ? null : openVar(core.sealKey, row),
  encrypted: row.encrypted,
  hosts: row.hosts,
  updated_at: row.updated_at.toISOString(),
});

/** Encrypted values are never returned. Returning the others is audited, since they may be secrets all the same. */
export const listVars = async (op: Op, core: Core, id: string): Promise<Shown[]> => {
  const row = await lookupFor(op, core, id)();
  if (row === undefined) throw notFound();
  const vars = (await listEnv(core.db.read, id)).map((entry) => show(core, entry));
  if (vars.some((entry) => entry.value !== null)) await auditSandbox(core.db.read, op, 'sandboxes.env.list', row);
  return vars;
};

/** New processes see the change at once; a sleeping sandbox is left asleep and gets it when it wakes, but the host knows its secrets already. */
const apply = async (core: Core, id: string, touchesSecrets: boolean): Promise<void> => {
  const row = await findAny(core.db.read, id);
  if (touchesSecrets) await brokerSecrets(core, id);
  if (row !== undefined && isReady(row)) await pushEnvironment(core, row);
};

export const setVars = async (op: Op, core: Core, id: string, vars: readonly EnvVar[], replace: boolean): Promise<Shown[]> => {
  checkVars('vars', vars);
  const row = await settleFor(op, core, lookupFor(op, core, id), 'change');
  const sealed = vars.map((entry) => sealVar(core.sealKey, id, entry, op.now()));
  const { stored, touchesSecrets } = await core.db.tx(op, 'sandboxes.env.set', async (tx) => {
    await lockSandbox(tx, id);
    const before = await listEnv(tx, id);
    if (replace) await deleteEnv(tx, id);
    await putEnv(tx, sealed);
    const all = await listEnv(tx, id);
    if (all.length > MAX_VARS) throw invalid('vars', `a sandbox has at most ${MAX_VARS} variables`);
    await auditSandbox(tx, op, 'sandboxes.env.set', row, { metadata: { keys: vars.map(({ key }) => key), replace } });
    return { stored: all, touchesSecrets: [...before, ...all].some(({ hosts }) => hosts !== null) };
  });
  await apply(core, id, touchesSecrets);
  return stored.map((entry) => show(core, entry));
};

export const deleteVar = async (op: Op, core: Core, id: string, key: string): Promise<void> => {
  const row = await settleFor(op, core, lookupFor(op, core, id), 'change');
  const touchesSecrets = await core.db.tx(op, 'sandboxes.env.delete', async (tx) => {
    await lockSandbox(tx, id);
    const before = await listEnv(tx, id);
    if (!(await deleteEnv(tx, id, key))) throw notFound();
    await auditSandbox(tx, op, 'sandboxes.env.delete', row, { metadata: { key } });
    return before.some((row) => row.key === key && row.hosts !== null);
  });
  await apply(core, id, touchesSecrets);
};
