import { invalid } from '@miosa/kernel';
import { open, seal } from '../seal.ts';
import type { SandboxRow } from '../types.ts';
import type { EnvRow } from './store.ts';

const KEY = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const MAX_VALUE_BYTES = 32 * 1024;
export const MAX_VARS = 200;
const RESERVED = new Set(['MIOSA_SANDBOX_ID', 'MIOSA_WORKSPACE_ID', 'MIOSA_PROJECT_ID']);

export interface EnvVar {
  readonly key: string;
  readonly value: string;
  readonly encrypted?: boolean;
}

/** Contract 4.2 (env): names, sizes and count. */
export const checkVars = (path: string, vars: readonly EnvVar[]): void => {
  if (vars.length > MAX_VARS) throw invalid(path, `at most ${MAX_VARS} variables`);
  const seen = new Set<string>();
  for (const { key, value } of vars) {
    if (!KEY.test(key)) throw invalid(`${path}.${key.slice(0, 64)}`, 'names are letters, digits and _, and do not start with a digit');
    if (RESERVED.has(key)) throw invalid(`${path}.${key}`, 'this name is set by the platform');
    if (seen.has(key)) throw invalid(`${path}.${key}`, 'given twice');
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) throw invalid(`${path}.${key}`, 'values are at most 32 KiB');
    if (value.includes('\0')) throw invalid(`${path}.${key}`, 'values cannot hold NUL');
    seen.add(key);
  }
};

export const varsOf = (env: Readonly<Record<string, string>>): EnvVar[] => Object.entries(env).map(([key, value]) => ({ key, value }));

// Sandbox and name are authenticated with the value: a row copied to another sandbox or name does not open.
const contextOf = (sandboxId: string, key: string): string => `sandbox_env\n${sandboxId}\n${key}`;

export const sealVar = (sealKey: Buffer, sandboxId: string, { key, value, encrypted = true }: EnvVar, now: Date): EnvRow => ({
  sandbox_id: sandboxId,
  key,
  sealed_value: seal(sealKey, contextOf(sandboxId, key), value),
  encrypted,
  updated_at: now,
});

export const openVar = (sealKey: Buffer, row: EnvRow): string => open(sealKey, contextOf(row.sandbox_id, row.key), row.sealed_value);

/** What every sandbox finds in its environment; never a credential. */
export const injectedVars = (row: Pick<SandboxRow, 'id' | 'workspace_id' | 'project_id'>): Record<string, string> => ({
  MIOSA_SANDBOX_ID: row.id,
  MIOSA_WORKSPACE_ID: row.workspace_id,
  MIOSA_PROJECT_ID: row.project_id,
});
