import type { Static } from 'typebox';
import { isActive } from './keys.manage.ts';
import type { ApiKeyRow } from './keys.store.ts';
import type { MintedKey } from './keys.ts';
import type { ApiKey, ApiKeyWithSecret, User } from './schemas.ts';
import type { UserRow } from './users.store.ts';

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

export const presentKey = (row: ApiKeyRow, now: Date): Static<typeof ApiKey> => ({
  id: row.id,
  tenant_id: row.tenant_id,
  name: row.name,
  key_prefix: row.key_prefix,
  key_type: row.key_type,
  key_purpose: row.key_purpose,
  scopes: row.scopes,
  workspace_id: row.workspace_id,
  user_id: row.user_id,
  allowed_ips: row.allowed_ips,
  rate_limit_rpm: row.rate_limit_rpm,
  monthly_budget_usd: null,
  status: row.revoked_at !== null ? 'revoked' : isActive(row, now) ? 'active' : 'expired',
  expires_at: time(row.expires_at),
  last_used_at: time(row.last_used_at),
  rotated_to: row.rotated_to,
  created_by: row.created_by,
  created_at: row.created_at.toISOString(),
  revoked_at: time(row.revoked_at),
});

export const presentMinted = ({ row, fresh }: MintedKey, now: Date): Static<typeof ApiKeyWithSecret> => ({
  ...presentKey(row, now),
  key: fresh.key,
});

export const presentUser = (row: UserRow): Static<typeof User> => ({
  id: row.id,
  email: row.email,
  name: row.name,
  avatar_url: null, // pictures are not kept yet
  is_operator: row.is_operator,
  created_at: row.created_at.toISOString(),
});
