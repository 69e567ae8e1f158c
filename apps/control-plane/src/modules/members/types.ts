import type { Role, TenantId, UserId, WorkspaceId } from '@miosa/kernel';
import type { ColumnType } from 'kysely';

export interface InviteTable {
  id: string;
  tenant_id: TenantId;
  /** Null: to the organization. */
  workspace_id: WorkspaceId | null;
  email: string;
  role: Role;
  token_hash: Buffer;
  invited_by: UserId;
  expires_at: Date;
  accepted_at: Date | null;
  accepted_by: UserId | null;
  revoked_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

declare module '@miosa/db' {
  interface Schema {
    invites: InviteTable;
  }
}

/** Where somebody belongs: an organization, or one workspace of it. */
export interface Place {
  readonly tenantId: TenantId;
  readonly workspaceId: WorkspaceId | null;
}

/** Who may make an account. */
export type Registration = 'open' | 'invite' | 'closed';
