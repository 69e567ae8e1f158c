import { Fault, type Op, type TenantId } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { anyTenant, createTenant, isUniqueViolation, presentTenant } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { generateKey } from './key-format.ts';
import { insertKey } from './keys.store.ts';
import { rpmFor } from './minting.ts';
import { presentMinted, presentUser } from './present.ts';
import type { Bootstrap, BootstrapResult } from './schemas.ts';
import { insertMember, insertUser, lockBootstrap } from './users.store.ts';

const alreadyDone = (): Fault => new Fault('CONFLICT', 'This installation already has an organization.');

/** First organization, first user (its owner, and operator of the installation) and first server key; CONFLICT when there is any already. */
export const bootstrap = async (op: Op, core: Core, body: Static<typeof Bootstrap>): Promise<Static<typeof BootstrapResult>> => {
  if (await anyTenant(core.db.read)) throw alreadyDone();
  const passwordHash = await core.passwords.hash(body.password);
  const now = op.now();
  try {
    return await core.db.tx(op, 'bootstrap', async (tx) => {
      await lockBootstrap(tx);
      if (await anyTenant(tx)) throw alreadyDone();
      const user = await insertUser(tx, { email: body.email, name: null, passwordHash, isOperator: true }, now);
      const tenant = await createTenant(tx, { name: body.organization_name, ownerUserId: user.id, now });
      await insertMember(tx, tenant.id, user.id, 'owner', now);
      const fresh = generateKey('live');
      const key = {
        tenantId: tenant.id,
        userId: null,
        workspaceId: null,
        name: 'First server key',
        type: 'live',
        purpose: 'api',
        scopes: ['*'],
        allowedIps: [],
        rateLimitRpm: rpmFor(tenant.plan, null, null),
        createdBy: `user:${user.id}`,
        expiresAt: null,
      } as const;
      const row = await insertKey(tx, key, fresh, now);
      const self = inTenant(op, tenant.id);
      await record(tx, self, { action: 'tenants.create', resourceType: 'tenant', resourceId: tenant.id, metadata: { slug: tenant.slug } });
      await record(tx, self, { action: 'users.create', resourceType: 'user', resourceId: user.id, metadata: { is_operator: true } });
      await record(tx, self, {
        action: 'apiKeys.create',
        resourceType: 'api_key',
        resourceId: row.id,
        metadata: { key_prefix: row.key_prefix },
      });
      return { tenant: presentTenant(tenant, 'owner'), user: presentUser(user), api_key: presentMinted({ row, fresh }, now) };
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw alreadyDone();
    throw error;
  }
};

/** The same operation inside the organization it has just made. */
const inTenant = (op: Op, tenantId: TenantId): Op => ({
  requestId: op.requestId,
  ip: op.ip,
  userAgent: op.userAgent,
  log: op.log,
  now: op.now,
  signal: op.signal,
  actor: { type: 'system', id: 'bootstrap', name: 'bootstrap', tenantId },
});
