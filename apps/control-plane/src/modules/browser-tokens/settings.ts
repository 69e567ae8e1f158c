import { networkPolicyWire, notFound, type Op, parseNetworkPolicy, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import type { Core } from './core.ts';
import { checkOrigin } from './origins.ts';
import type { SettingsUpdate } from './schemas.ts';
import { readSettings, type SettingsRow, updateSettings } from './settings.store.ts';

export const getSettings = async (op: Op, core: Core): Promise<SettingsRow> => {
  const row = await readSettings(core.db.read, tenantOf(op));
  if (row === undefined) throw notFound();
  return row;
};

/** Merges: what is not named stays, `null` clears. */
export const changeSettings = async (op: Op, core: Core, body: Static<typeof SettingsUpdate>): Promise<SettingsRow> => {
  const change: { -readonly [K in keyof SettingsRow]?: SettingsRow[K] } = {};
  for (const field of ['allowed_origins', 'embed_origins'] as const) {
    const given = body[field];
    if (given === undefined) continue;
    change[field] = [...new Set((given ?? []).map((origin, i) => checkOrigin(`${field}[${i}]`, origin)))];
  }
  if (body.network_policy !== undefined)
    change.network_policy =
      body.network_policy === null ? null : networkPolicyWire(parseNetworkPolicy('network_policy', body.network_policy));
  const id = tenantOf(op);
  const changed = await core.db.tx(op, 'settings.update', async (tx) => {
    const row = await updateSettings(tx, id, change, op.now());
    if (row !== undefined) await record(tx, op, { action: 'settings.update', resourceType: 'tenant', resourceId: id, metadata: change });
    return row;
  });
  if (changed === undefined) throw notFound();
  core.origins.forget();
  return changed;
};
