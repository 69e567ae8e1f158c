import { once } from '@miosa/db';
import { Fault, notFound, type Op, tenantOf } from '@miosa/kernel';
import { endSessionsIn, insertMember, openSession, ratesOfPlan, revokeKeysOf, roleUntilCommit, userById } from '../access/index.ts';
import { record } from '../audit/index.ts';
import { countOwned, createTenant, presentTenant, type TenantRow, tenantById, tenantBySelector } from '../tenancy/index.ts';
import { authorityIn, userOf } from './authority.ts';
import type { Core } from './core.ts';
import { holdUser, totalsOf } from './members.store.ts';

/** Slugs are never given again, so nobody takes them by the thousand. */
const MAX_OWNED = 20;

/** The caller owns it. Its name, and so its slug, are permanent at once. */
export const createOrganization = (op: Op, core: Core, name: string): Promise<TenantRow> =>
  once<TenantRow>(op, 'platform.tenants.create', (keep) =>
    core.db.tx(op, 'platform.tenants.create', async (tx) => {
      const self = userOf(op);
      await holdUser(tx, self.id);
      const used = await countOwned(tx, self.id);
      if (used >= MAX_OWNED && !self.isOperator) {
        throw new Fault('QUOTA_EXCEEDED', `A user owns at most ${MAX_OWNED} organizations.`, {
          details: { quota: 'organizations', limit: MAX_OWNED, used, level: 'user' },
        });
      }
      const tenant = await createTenant(tx, { name, ownerUserId: self.id, now: op.now() });
      await insertMember(tx, tenant.id, self.id, 'owner', op.now());
      const { requestId, ip, userAgent, log, now, signal } = op;
      const there: Op = { requestId, ip, userAgent, log, now, signal, actor: { ...self, tenantId: tenant.id, role: 'owner' } };
      const metadata = { slug: tenant.slug };
      await record(tx, there, { action: 'tenants.create', resourceType: 'tenant', resourceId: tenant.id, metadata });
      return keep(tx, tenant);
    }),
  );

/** A session of its own in another organization of the user; one the user does not belong to is 404. */
export const switchTo = (op: Op, core: Core, selector: string) =>
  core.db.tx(op, 'platform.tenants.switch', async (tx) => {
    const { id } = userOf(op);
    const tenant = await tenantBySelector(tx, selector);
    const role = tenant === undefined ? null : await roleUntilCommit(tx, tenant.id, id);
    const user = await userById(tx, id);
    if (tenant === undefined || role === null || user === undefined) throw notFound();
    const { result, self, sessionId } = await openSession(tx, op, core.access.core, { user, tenant, role });
    await record(tx, self, { action: 'platform.tenants.switch', resourceType: 'session', resourceId: sessionId });
    return { tenant: presentTenant(tenant, role), token: result.token, refresh_token: result.refresh_token };
  });

/** Keys and sessions end, then everything in it is destroyed. Only an owner, not an operator. */
export const deleteOrganization = async (op: Op, core: Core, confirm: string): Promise<void> => {
  const id = tenantOf(op);
  await core.tenancy.deleteOrganization(op, confirm, async (tx) => {
    await authorityIn(tx, op, { tenantId: id, workspaceId: null }, 'owner');
    await revokeKeysOf(tx, id, null, op.now());
    await endSessionsIn(tx, id, op.now());
  });
  core.access.core.authenticator.forget();
};

/** What the plan allows in a minute, and what there is. */
export const planOf = async (op: Op, core: Core) => {
  const id = tenantOf(op);
  const [tenant, totals, resources] = await Promise.all([
    tenantById(core.db.read, id),
    totalsOf(core.db.read, id),
    core.tenancy.countEverything(id),
  ]);
  if (tenant === undefined) throw notFound();
  const rates = ratesOfPlan(tenant.plan);
  return {
    id,
    name: tenant.name,
    plan: tenant.plan,
    status: tenant.suspended_at === null ? ('active' as const) : ('suspended' as const),
    limits: { requests_per_minute: rates.organization, requests_per_minute_per_key: rates.key },
    usage: { ...totals, ...resources },
  };
};
