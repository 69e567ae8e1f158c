import type { Database } from '@miosa/db';
import type { Op, TenantId } from '@miosa/kernel';
import type { Access, OperatorKeys } from '../access/index.ts';
import { type AuditRecord, record } from '../audit/index.ts';
import type { BrowserTokens } from '../browser-tokens/index.ts';
import type { Tenancy } from '../tenancy/index.ts';

export interface AdminDeps {
  readonly db: Database;
  readonly access: Access;
  readonly tenancy: Tenancy;
  readonly browserTokens: Pick<BrowserTokens, 'changeSettings'>;
  /** Dependency → does it answer? */
  readonly readiness: () => Promise<Record<string, boolean>>;
  readonly version: string;
}

/** Shared by the functions of this module; made once by `createAdmin`. */
export interface Core extends AdminDeps {
  readonly keys: OperatorKeys;
}

/** The same operation in another organization: what an operator does there is on record there. */
export const inTenant = (op: Op, tenantId: TenantId): Op => ({
  requestId: op.requestId,
  ip: op.ip,
  userAgent: op.userAgent,
  log: op.log,
  now: op.now,
  signal: op.signal,
  actor: { ...op.actor, tenantId },
});

/** One entry in each organization the call touches; in the operator's own when it touches none (a list over all, a user without any). */
export const recordIn = async (
  db: Parameters<typeof record>[0],
  op: Op,
  tenantIds: readonly TenantId[],
  entry: AuditRecord,
): Promise<void> => {
  if (tenantIds.length === 0) return record(db, op, entry);
  for (const tenantId of tenantIds) await record(db, inTenant(op, tenantId), entry);
};
