import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Selectable } from 'kysely';
import { canonicalJson } from './canonical.ts';
import type { AuditTable, ChainTable } from './types.ts';

/** An entry without what is added to it later. */
export type EntryContent = Omit<Selectable<AuditTable>, 'seq' | 'attestation'>;

const CONTENT = [
  ...(['id', 'tenant_id', 'api_key_id', 'actor_type', 'actor_id', 'actor_name', 'action', 'resource_type', 'resource_id'] as const),
  ...(['workspace_id', 'project_id', 'external_workspace_id', 'external_user_id', 'external_project_id'] as const),
  ...(['outcome', 'error_code', 'ip_address', 'user_agent', 'request_id', 'metadata'] as const),
];

/** What is hashed: every column of the entry as canonical JSON, its time in ISO form with milliseconds. */
export const contentOf = (entry: EntryContent): string =>
  canonicalJson({ ...Object.fromEntries(CONTENT.map((name) => [name, entry[name]])), created_at: entry.created_at.toISOString() });

/** Hash of a link, in hexadecimal: SHA-256 over the previous hash (nothing at the first) and the content. */
export const linkHash = (previous: string | null, content: string): string =>
  createHash('sha256')
    .update(previous ?? '')
    .update(content)
    .digest('hex');

/** Proofs by a key that is not in the database: who can write its tables cannot make them. */
export interface Attestor {
  entry(content: string): Buffer;
  head(chain: Omit<Selectable<ChainTable>, 'proof'>): Buffer;
}

export const createAttestor = (key: Buffer): Attestor => {
  // Given as bytes, it would be made into a key at each use: that takes longer than the hash.
  const secret = createSecretKey(key);
  const mac = (kind: string, text: string): Buffer => createHmac('sha256', secret).update(`${kind}\n${text}`).digest();
  return {
    entry: (content) => mac('entry', content),
    head: (chain) => mac('head', canonicalJson([chain.tenant_id, chain.base_position, chain.base_hash, chain.position, chain.hash])),
  };
};

export const sameBytes = (a: Buffer | null, b: Buffer): boolean => a !== null && a.length === b.length && timingSafeEqual(a, b);
