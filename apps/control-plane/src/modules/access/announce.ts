import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { emit } from '../events/index.ts';
import type { ApiKeyRow } from './keys.store.ts';

/** In the transaction of the change and after it; never the key itself. */
export const announceKey = (tx: Tx, op: Op, row: ApiKeyRow, happened: 'created' | 'rotated' | 'revoked' | 'expired'): Promise<void> =>
  emit(tx, op, {
    type: `api_key.${happened}`,
    resource: { type: 'api_key', id: row.id },
    data: {
      id: row.id,
      tenant_id: row.tenant_id,
      name: row.name,
      key_prefix: row.key_prefix,
      key_type: row.key_type,
      key_purpose: row.key_purpose,
      scopes: row.scopes,
      workspace_id: row.workspace_id,
      user_id: row.user_id,
      expires_at: row.expires_at?.toISOString() ?? null,
      rotated_to: row.rotated_to,
      revoked_at: row.revoked_at?.toISOString() ?? null,
      created_at: row.created_at.toISOString(),
    },
    ownership: { workspaceId: row.workspace_id, ownerUserId: row.user_id },
  });
