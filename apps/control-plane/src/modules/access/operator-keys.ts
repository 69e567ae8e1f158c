import { once } from '@miosa/db';
import { invalid, notFound, type Op, type UserId } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { tenantById } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { generateKey } from './key-format.ts';
import { type ApiKeyRow, insertKey, type KeyStatus, listAllKeys, lockAnyKey, revokeKey } from './keys.store.ts';
import { ceilingOf, type MintedKey } from './keys.ts';
import { addressesFor, expiryFor, rpmFor, scopesFor } from './minting.ts';
import type { OperatorKeyCreate } from './schemas.ts';
import { roleIn } from './users.store.ts';

/** A `user` key belongs to a member of the organization; other keys belong to nobody. */
const userOf = async (core: Core, body: Static<typeof OperatorKeyCreate>): Promise<UserId | null> => {
  const userId = (body.user_id ?? null) as UserId | null;
  if (body.key_type !== 'user') {
    if (userId !== null) throw invalid('user_id', 'is for keys of type user');
    return null;
  }
  if (userId === null) throw invalid('user_id', 'is required for a key of type user');
  const tenant = await tenantById(core.db.read, body.tenant_id);
  if (tenant === undefined || (await roleIn(core.db.read, tenant.id, userId)) === null)
    throw invalid('user_id', 'is no member of the organization');
  return userId;
};

/** Keys of every organization, for operators. `inTenant` gives the operation in another organization, where its entry belongs. */
export const createOperatorKeys = (core: Core, inTenant: (op: Op, tenantId: ApiKeyRow['tenant_id']) => Op) => ({
  list: (
    filters: { readonly tenantId?: string | undefined; readonly status?: KeyStatus | undefined; readonly now: Date },
    page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
  ) => listAllKeys(core.db.read, filters, page),

  /** Any type, for any organization; but an operator's key gives no more than it has. */
  mint: (op: Op, body: Static<typeof OperatorKeyCreate>): Promise<MintedKey> =>
    once<MintedKey>(op, 'admin.apiKeys.create', async (keep) => {
      const tenant = await tenantById(core.db.read, body.tenant_id);
      if (tenant === undefined) throw notFound();
      const ceiling = await ceilingOf(op, core);
      const key = {
        tenantId: tenant.id,
        userId: await userOf(core, body),
        workspaceId: null,
        name: body.name,
        type: body.key_type,
        purpose: body.purpose,
        scopes: scopesFor(body.purpose, body.scopes, ceiling),
        allowedIps: addressesFor(body.allowed_ips, ceiling),
        rateLimitRpm: rpmFor(tenant.plan, body.rate_limit_rpm, ceiling),
        createdBy: `${op.actor.type}:${op.actor.id}`,
        expiresAt: expiryFor(body.expires_at, ceiling, op.now()),
      };
      const fresh = generateKey(key.type);
      return core.db.tx(op, 'admin.apiKeys.create', async (tx) => {
        const row = await insertKey(tx, key, fresh, op.now());
        await record(tx, inTenant(op, tenant.id), {
          action: 'admin.apiKeys.create',
          resourceType: 'api_key',
          resourceId: row.id,
          metadata: { key_type: row.key_type, key_purpose: row.key_purpose, scopes: row.scopes, key_prefix: row.key_prefix },
        });
        return keep(tx, { row, fresh });
      });
    }),

  /** Irreversible, everywhere within a second. Repeating it changes nothing. */
  revoke: async (op: Op, id: string): Promise<ApiKeyRow> => {
    const revoked = await core.db.tx(op, 'admin.apiKeys.revoke', async (tx) => {
      const row = await lockAnyKey(tx, id);
      if (row === undefined) throw notFound();
      if (row.revoked_at !== null) return row;
      const after = await revokeKey(tx, row.id, op.now());
      const metadata = { key_prefix: row.key_prefix };
      await record(tx, inTenant(op, row.tenant_id), {
        action: 'admin.apiKeys.revoke',
        resourceType: 'api_key',
        resourceId: row.id,
        metadata,
      });
      return after;
    });
    core.keys.forget(id);
    return revoked;
  },
});

export type OperatorKeys = ReturnType<typeof createOperatorKeys>;
