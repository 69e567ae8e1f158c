import { createHmac } from 'node:crypto';
import { canonicalHost, invalid } from '@miosa/kernel';
import { open, seal } from '../seal.ts';
import type { SandboxRow } from '../types.ts';
import type { EnvRow } from './store.ts';

const KEY = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const MAX_VALUE_BYTES = 32 * 1024;
export const MAX_VARS = 200;
const RESERVED = new Set(['MIOSA_SANDBOX_ID', 'MIOSA_WORKSPACE_ID', 'MIOSA_PROJECT_ID']);

/** What may stand in a header; a value as short as a word would be found in every answer. */
const BROKERED_VALUE = /^[\x21-\x7e]{8,8192}$/;
const MAX_HOSTS = 50;

export interface EnvVar {
  readonly key: string;
  readonly value: string;
  readonly encrypted?: boolean | undefined;
  /** The true value stays outside and is sent to these only; `host` or `*.host`. */
  readonly hosts?: readonly string[] | null | undefined;
}

const hostOf = (path: string, text: string): string => {
  const isWildcard = text.startsWith('*.');
  const host = canonicalHost(isWildcard ? text.slice(2) : text);
  if (host === null) throw invalid(path, 'is neither a host (api.example.com) nor all its subdomains (*.example.com)');
  return isWildcard ? `*.${host}` : host;
};

const checkBrokered = (path: string, { value, encrypted, hosts }: EnvVar): void => {
  if (hosts == null) return;
  if (hosts.length === 0 || hosts.length > MAX_HOSTS) throw invalid(`${path}.hosts`, `1 to ${MAX_HOSTS} hosts`);
  for (const host of hosts) hostOf(`${path}.hosts`, host);
  if (encrypted === false) throw invalid(`${path}.encrypted`, 'a value with hosts is always encrypted');
  if (!BROKERED_VALUE.test(value)) throw invalid(path, 'a value with hosts is 8 to 8192 visible ASCII characters without spaces');
};

/** Contract 4.2 (env): names, sizes and count. */
export const checkVars = (path: string, vars: readonly EnvVar[]): void => {
  if (vars.length > MAX_VARS) throw invalid(path, `at most ${MAX_VARS} variables`);
  const seen = new Set<string>();
  for (const entry of vars) {
    const { key, value } = entry;
    if (!KEY.test(key)) throw invalid(`${path}.${key.slice(0, 64)}`, 'names are letters, digits and _, and do not start with a digit');
    if (RESERVED.has(key)) throw invalid(`${path}.${key}`, 'this name is set by the platform');
    if (seen.has(key)) throw invalid(`${path}.${key}`, 'given twice');
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) throw invalid(`${path}.${key}`, 'values are at most 32 KiB');
    if (value.includes('\0')) throw invalid(`${path}.${key}`, 'values cannot hold NUL');
    checkBrokered(`${path}.${key}`, entry);
    seen.add(key);
  }
};

export const varsOf = (env: Readonly<Record<string, string>>): EnvVar[] => Object.entries(env).map(([key, value]) => ({ key, value }));

// Sandbox, name and hosts are authenticated with the value: a row copied to another sandbox or name, or given other hosts, does not open.
const contextOf = (sandboxId: string, key: string, hosts: readonly string[] | null): string =>
  `sandbox_env\n${sandboxId}\n${key}${hosts === null ? '' : `\n${hosts.join()}`}`;

export const sealVar = (sealKey: Buffer, sandboxId: string, { key, value, encrypted = true, hosts }: EnvVar, now: Date): EnvRow => {
  const canonical = hosts == null ? null : [...new Set(hosts.map((host) => hostOf('hosts', host)))].toSorted();
  return {
    sandbox_id: sandboxId,
    key,
    sealed_value: seal(sealKey, contextOf(sandboxId, key, canonical), value),
    encrypted: encrypted || canonical !== null,
    hosts: canonical,
    updated_at: now,
  };
};

export const openVar = (sealKey: Buffer, row: EnvRow): string =>
  open(sealKey, contextOf(row.sandbox_id, row.key, row.hosts), row.sealed_value);

/** What a brokered variable is inside: nobody can guess it, and for this sandbox and name it is always the same. */
export const placeholderOf = (sealKey: Buffer, sandboxId: string, key: string): string =>
  `miosa-secret-${createHmac('sha256', sealKey).update(`placeholder\n${sandboxId}\n${key}`).digest('hex').slice(0, 32)}`;

/** What processes inside find in the variable. */
export const insideVar = (sealKey: Buffer, row: EnvRow): string =>
  row.hosts === null ? openVar(sealKey, row) : placeholderOf(sealKey, row.sandbox_id, row.key);

/** What every sandbox finds in its environment; never a credential. A machine is told by its deployment what it is. */
export const injectedVars = (row: Pick<SandboxRow, 'id' | 'workspace_id' | 'project_id' | 'purpose'>): Record<string, string> => ({
  ...(row.purpose === null ? { MIOSA_SANDBOX_ID: row.id } : {}),
  MIOSA_WORKSPACE_ID: row.workspace_id,
  MIOSA_PROJECT_ID: row.project_id,
});
