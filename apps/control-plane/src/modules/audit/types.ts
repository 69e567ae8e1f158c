import type { TenantId } from '@miosa/kernel';
import type { ColumnType, Generated } from 'kysely';

export interface AuditTable {
  seq: Generated<number>;
  id: string;
  tenant_id: TenantId;
  api_key_id: string | null;
  actor_type: string;
  actor_id: string;
  actor_name: string;
  action: string;
  resource_type: string;
  resource_id: string | null;
  workspace_id: string | null;
  project_id: string | null;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  outcome: 'success' | 'denied' | 'failure';
  error_code: string | null;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string;
  metadata: ColumnType<Record<string, unknown>, string, never>;
  created_at: ColumnType<Date, Date, never>;
  /** Proof that a control plane wrote the entry. */
  attestation: Buffer | null;
}

/** Noted by the insert, removed by the sealer. */
export interface UnsealedTable {
  entry_seq: number;
  entry_id: string;
  tenant_id: TenantId;
}

export interface SealTable {
  tenant_id: TenantId;
  position: number;
  entry_seq: number;
  entry_id: string;
  prev_hash: string | null;
  hash: string;
}

export interface ChainTable {
  tenant_id: TenantId;
  base_position: number;
  base_hash: string | null;
  position: number;
  hash: string | null;
  sealed_until: Date | null;
  proof: Buffer | null;
}

export interface OriginTable {
  last_unattested_seq: number;
}

declare module '@miosa/db' {
  interface Schema {
    audit_entries: AuditTable;
    audit_unsealed: UnsealedTable;
    audit_seals: SealTable;
    audit_chains: ChainTable;
    audit_origin: OriginTable;
  }
}

/** Ids a resource carries; any subset. */
export interface AuditOwnership {
  readonly workspaceId?: string | null;
  readonly projectId?: string | null;
  readonly externalWorkspaceId?: string | null;
  readonly externalUserId?: string | null;
  readonly externalProjectId?: string | null;
}

export interface AuditRecord {
  /** SDK name of the operation, e.g. `workspaces.create`. */
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId?: string | null;
  readonly ownership?: AuditOwnership;
  readonly outcome?: 'success' | 'denied' | 'failure';
  readonly errorCode?: string;
  /** Never a secret: no token, password, key or env value. */
  readonly metadata?: object;
}
