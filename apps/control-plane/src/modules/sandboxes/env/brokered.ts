import { createHash, createHmac } from 'node:crypto';
import { Fault } from '@miosa/kernel';
import type { BrokeredSecrets, RuntimeInstance } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { type EnvRow, listBrokered } from './store.ts';
import { openVar, placeholderOf } from './values.ts';

/** Of sealed rows: a value that is set again, also to the same, is another version. Empty = none. */
const versionOf = (rows: readonly EnvRow[]): string => {
  if (rows.length === 0) return '';
  const hash = createHash('sha256');
  for (const { key, sealed_value, hosts } of rows) hash.update(`${key}\n${hosts?.join()}\n${sealed_value.toString('base64')}\n`);
  return hash.digest('hex').slice(0, 32);
};

const secretsOf = ({ sealKey }: Core, id: string, rows: readonly EnvRow[]): BrokeredSecrets => ({
  version: versionOf(rows),
  seed: createHmac('sha256', sealKey).update(`egress authority\n${id}`).digest('base64url'),
  secrets: rows.map((row) => ({
    placeholder: placeholderOf(sealKey, id, row.key),
    value: openVar(sealKey, row),
    hosts: row.hosts ?? [],
  })),
});

/** Gives the host what is stored now. Returns what programs inside must trust; null without secrets or without a machine. */
export const brokerSecrets = async (core: Core, id: string): Promise<string | null> => {
  const rows = await listBrokered(core.db.read, [id]);
  try {
    return (await core.runtime.setSecrets(id, secretsOf(core, id, rows))).trust;
  } catch (error) {
    if (error instanceof Fault && error.code === 'NOT_FOUND') return null;
    throw error;
  }
};

/** Reconciler: a host keeps true values in memory only, so one that was restarted has none, and lets nothing out until it is given them again. */
export const alignSecrets = async (core: Core, machines: readonly RuntimeInstance[]): Promise<void> => {
  const rows = await listBrokered(
    core.db.read,
    machines.map(({ id }) => id),
  );
  const bySandbox = Map.groupBy(rows, (row) => row.sandbox_id);
  for (const { id, secretsVersion = '' } of machines) {
    if (versionOf(bySandbox.get(id) ?? []) === secretsVersion) continue;
    await brokerSecrets(core, id).catch((error: unknown) => core.log.warn({ err: error, sandboxId: id }, 'secrets not with the host yet'));
  }
};
