import type { ApiKeyId, KeyPurpose, KeyType, TenantId, UserId, WorkspaceId } from '@miosa/kernel';
import type { ColumnType, Generated } from 'kysely';

export interface ApiKeyTable {
  id: ApiKeyId;
  tenant_id: TenantId;
  user_id: UserId | null;
  workspace_id: WorkspaceId | null;
  name: string;
  key_type: KeyType;
  key_purpose: KeyPurpose;
  key_hash: Buffer;
  key_prefix: string;
  scopes: string[];
  allowed_ips: Generated<string[]>;
  rate_limit_rpm: number;
  rotated_to: ApiKeyId | null;
  created_by: string;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  expiry_told: Generated<boolean>;
  created_at: ColumnType<Date, Date, never>;
}

/** One row a refresh family. */
export interface SessionTable {
  id: string;
  user_id: UserId;
  tenant_id: TenantId;
  token_hash: Buffer;
  previous_hash: Buffer | null;
  expires_at: Date;
  ended_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

/** A link sent to somebody who forgot the password. */
export interface PasswordResetTable {
  token_hash: Buffer;
  user_id: UserId;
  expires_at: Date;
  used_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

/** A program on a device without a browser that waits for its user's approval (RFC 8628). */
export interface DeviceLoginTable {
  id: string;
  device_hash: Buffer;
  user_hash: Buffer;
  client_name: string | null;
  expires_at: Date;
  approved_by: UserId | null;
  tenant_id: TenantId | null;
  delivered_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

declare module '@miosa/db' {
  interface Schema {
    api_keys: ApiKeyTable;
    sessions: SessionTable;
    password_resets: PasswordResetTable;
    device_logins: DeviceLoginTable;
  }
}
