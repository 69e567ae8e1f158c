import { newUuid, type TenantId, type UserId } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTenant } from '../tenancy/index.ts';
import { createMembersInstallation, type MembersInstallation, statusesOf } from './testing/members.ts';

let t: MembersInstallation;
const destroyed: string[] = [];
beforeAll(async () => {
  t = await createMembersInstallation();
  t.tenancy.registerDependents({
    kind: 'sandboxes',
    countByProject: async () => new Map(),
    destroyAll: async (_op, within, reason) => {
      destroyed.push(`${'workspaceId' in within ? within.workspaceId : ''} ${reason}`);
    },
  });
});
afterAll(() => t.close());
beforeEach(() => {
  destroyed.length = 0;
});

const name = () => `Firm ${newUuid().slice(-8)} x`;
const ID = { 'x-request-id': 'the-same-id' };
const create = (as: string, body: object = { name: name() }) => t.as(as)('POST', '/platform/tenants', body);
const switchTo = (as: string, selector: string) => t.as(as)('POST', `/platform/tenants/${selector}/switch`, undefined, ID);
const me = (as: string, selector?: string) =>
  t.as(as)('GET', '/auth/me', undefined, selector === undefined ? ID : { ...ID, 'x-miosa-tenant': selector });
const required = (role: string) => ({ status: 403, body: { error: { code: 'FORBIDDEN', details: { required_role: role } } } });

describe('another organization', () => {
  it('belongs to who makes it, with a permanent name and a default workspace', async () => {
    const user = await t.addUser('viewer');
    const wanted = name();
    const made = await create(user.token, { name: wanted });
    expect(made).toMatchObject({
      status: 201,
      body: { data: { name: wanted, setup_required: false, role: 'owner', owner_user_id: user.id } },
    });
    expect((await create(user.token, { name: wanted })).body.error.code).toBe('SLUG_TAKEN');
    expect((await create(t.key)).status).toBe(403);
    const { id } = made.body.data;
    const workspaces = await t.as(user.token)('GET', '/workspaces', undefined, { 'x-miosa-tenant': id });
    expect(workspaces.body.data).toMatchObject([{ slug: 'default' }]);
    const list = await t.as(user.token)('GET', '/platform/tenants');
    expect(list.body.data.map((tenant: { id: string; role: string }) => [tenant.id, tenant.role])).toEqual(
      expect.arrayContaining([
        [t.tenantId, 'viewer'],
        [id, 'owner'],
      ]),
    );
  });

  it('is one of at most twenty, also when many are made at once or given up again', async () => {
    const user = await t.addUser('viewer');
    const made: string[] = [];
    await t.db.tx({ log: t.systemOp().log, requestId: 'test' }, 'tenants', async (tx) => {
      for (let i = 0; i < 19; i++) {
        made.push((await createTenant(tx, { name: null, ownerUserId: user.id as UserId, now: new Date() })).id);
      }
    });
    const answers = await Promise.all([create(user.token), create(user.token), create(user.token)]);
    expect(statusesOf(answers)).toEqual([201, 403, 403]);
    expect(answers.find(({ status }) => status === 403)?.body.error).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { quota: 'organizations', limit: 20, used: 20, level: 'user' },
    });
    await sql`update tenants set deleted_at = now() where id = ${made[0]}`.execute(t.db.read);
    expect((await create(user.token)).status).toBe(403); // its slug is used up all the same
    await sql`update tenants set deleted_at = now() - interval '31 days' where id = ${made[0]}`.execute(t.db.read);
    expect((await create(user.token)).status).toBe(201);
  });
});

describe('a user of several organizations', () => {
  it('acts in the one that X-MIOSA-Tenant names, with the role there', async () => {
    const { tenantId, token } = await t.addTenant('Second Home');
    const user = await t.addUser('viewer');
    await sql`insert into members (tenant_id, user_id, role) values (${tenantId}, ${user.id}, 'admin')`.execute(t.db.read);
    expect((await me(user.token)).body.data).toMatchObject({ role: 'viewer', tenant: { id: t.tenantId } });
    for (const selector of ['second-home', tenantId, tenantId.toUpperCase()]) {
      expect((await me(user.token, selector)).body.data).toMatchObject({ role: 'admin', tenant: { id: tenantId } });
    }
    const list = (id: string, selector: string) =>
      t.as(user.token)('GET', `/tenants/${id}/members`, undefined, { 'x-miosa-tenant': selector });
    expect((await list(tenantId, tenantId)).status).toBe(200);
    expect(await list(t.tenantId, t.tenantId)).toMatchObject(required('admin'));
    // The path never says more than the header.
    expect((await list(t.tenantId, tenantId)).status).toBe(404);
    expect((await me(token, 'cliniciq')).status).toBe(404);
  });

  it('finds an organization of others as unknown as one that does not exist', async () => {
    const user = await t.addUser('member');
    const { tenantId } = await t.addTenant('Closed Society');
    const unknown = await me(user.token, 'no-such-society');
    expect(unknown.status).toBe(404);
    for (const selector of ['closed-society', tenantId]) expect(await me(user.token, selector)).toEqual(unknown);
    const { key } = await t.mint({ key_type: 'user' }, user.token);
    expect(await me(key, 'closed-society')).toEqual(unknown);
    expect(await switchTo(user.token, 'closed-society')).toEqual(await switchTo(user.token, 'no-such-society'));
    expect((await switchTo(user.token, 'closed-society')).status).toBe(404);
  });

  it('gets a session of its own by switching, in that organization and no other', async () => {
    const user = await t.addUser('member');
    const { slug, id } = (await create(user.token)).body.data;
    const { body } = await switchTo(user.token, slug);
    expect(body.data.tenant).toMatchObject({ id, role: 'owner' });
    expect((await me(body.data.token)).body.data).toMatchObject({ tenant: { id }, role: 'owner' });
    const refreshed = await t.call('POST', '/auth/refresh', { refresh_token: body.data.refresh_token }, { as: null });
    expect(refreshed.body.tenant.id).toBe(id);
    await t.as(body.data.token)('POST', '/auth/logout', {});
    expect((await me(body.data.token)).status).toBe(401);
    expect((await me(user.token)).body.data.tenant.id).toBe(t.tenantId);
  });
});

it('the plan says what is allowed and what is there', async () => {
  const { tenantId, token } = await t.addTenant('Planned');
  const { body } = await t.as(token)('GET', '/tenant/plan');
  expect(body.data).toMatchObject({
    id: tenantId,
    name: 'Planned',
    plan: 'starter',
    status: 'active',
    limits: { requests_per_minute: 3000, requests_per_minute_per_key: 300 },
    usage: { members: 1, workspaces: 1, projects: 0, api_keys: 1 },
  });
});

describe('a deleted organization', () => {
  const remove = (as: string, id: string, confirm: string, headers = {}) =>
    t.as(as)('DELETE', `/tenants/${id}?confirm=${confirm}`, undefined, headers);
  const make = async () => {
    const made = await t.addTenant(name());
    const { rows } = await sql<{ slug: string; name: string }>`select slug, name from tenants where id = ${made.tenantId}`.execute(
      t.db.read,
    );
    const [row] = rows;
    if (row === undefined) throw new Error('no tenant');
    return { ...made, ...row };
  };
  const lives = async (id: TenantId) =>
    (await sql`select from tenants where id = ${id} and deleted_at is null`.execute(t.db.read)).rows.length === 1;

  it('is deleted by its owners only, who repeat its slug', async () => {
    const { tenantId, token, key, slug } = await make();
    const [admin, operator] = [await t.addUser('admin', tenantId), await t.addUser('owner', t.tenantId, true)];
    expect(await remove(admin.token, tenantId, slug)).toMatchObject(required('owner'));
    expect(await remove(operator.token, tenantId, slug, { 'x-miosa-tenant': tenantId })).toMatchObject(required('owner'));
    expect((await remove(key, tenantId, slug)).status).toBe(403);
    expect(await remove(token, tenantId, 'something-else')).toMatchObject({ status: 422, body: { error: { code: 'VALIDATION_ERROR' } } });
    expect((await t.as(token)('DELETE', `/tenants/${tenantId}`)).status).toBe(400);
    expect((await remove(token, t.tenantId, 'cliniciq')).status).toBe(404);
    expect(await lives(tenantId)).toBe(true);
    expect(destroyed).toEqual([]);
  });

  it('has no key, session, invite or resource left, and its slug is never given again', async () => {
    const { tenantId, token, key, slug, name: called } = await make();
    const member = await t.addUser('member', tenantId);
    const outsider = await t.addUser('member');
    const invite = await t.invite(token, { email: outsider.email }, `/tenants/${tenantId}`);
    const workspaces = (await t.as(token)('GET', '/workspaces')).body.data.map(({ id }: { id: string }) => id);
    expect(await remove(token, tenantId, slug)).toEqual({ status: 200, body: { data: { id: tenantId, deleted: true } } });
    for (const credential of [token, key, member.token]) expect((await me(credential)).status).toBe(401);
    expect(destroyed).toEqual(workspaces.map((id: string) => `${id} organization_deleted`));
    expect((await t.as(outsider.token)('POST', `/invites/${invite.token}/accept`, {})).status).toBe(410);
    expect((await t.call('GET', `/invites/${invite.token}`, undefined, { as: null })).body.data.revoked).toBe(true);
    expect((await create(outsider.token, { name: called })).body.error.code).toBe('SLUG_TAKEN');
    expect((await switchTo(outsider.token, slug)).status).toBe(404);
  });

  it('takes nobody in who accepts an invite at the same moment, without being gone for both', async () => {
    for (let round = 0; round < 4; round++) {
      const { tenantId, token, slug } = await make();
      const outsider = await t.addUser('member');
      const invite = await t.invite(token, { email: outsider.email }, `/tenants/${tenantId}`);
      const [gone, accepted] = await Promise.all([
        remove(token, tenantId, slug),
        t.as(outsider.token)('POST', `/invites/${invite.token}/accept`, {}),
      ]);
      expect(gone.status).toBe(200);
      expect([200, 410]).toContain(accepted.status);
      expect((await me(outsider.token, tenantId)).status).toBe(404);
    }
  });

  it('leaves its users the other ones they belong to', async () => {
    const { tenantId, token, slug } = await make();
    const user = await t.addUser('member', tenantId);
    await sql`insert into members (tenant_id, user_id, role) values (${t.tenantId}, ${user.id}, 'viewer')`.execute(t.db.read);
    await remove(token, tenantId, slug);
    const again = await t.login(user.email);
    expect((await me(again)).body.data).toMatchObject({ role: 'viewer', tenant: { id: t.tenantId } });
  });
});
