import { RefusedCredential } from '@miosa/http';
import type { Role } from '@miosa/kernel';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Access, createAccess } from '../access/index.ts';
import { JWT_SECRET, PASSWORD, silent } from '../access/testing/installation.ts';
import { createTenancy } from '../tenancy/index.ts';
import { codeOf, createMembersInstallation, type MembersInstallation, statusesOf } from './testing/members.ts';

let t: MembersInstallation;
let owner: { readonly id: string; readonly token: string };
let admin: { readonly id: string; readonly token: string };
/** A second process on the same database: it hears of changes from the database alone. */
let elsewhere: Access;
beforeAll(async () => {
  t = await createMembersInstallation();
  [owner, admin] = [await t.addUser('owner'), await t.addUser('admin')];
  elsewhere = createAccess({ db: t.db, tenancy: createTenancy({ db: t.db }), log: silent, jwtSecretHex: JWT_SECRET });
  await elsewhere.start();
});
afterAll(async () => {
  await elsewhere.close();
  await t.close();
});

const member = (id: string, tenantId: string = t.tenantId) => `/tenants/${tenantId}/members/${id}`;
const remove = (id: string, as = admin.token) => t.as(as)('DELETE', member(id));
const change = (id: string, role: Role, as = admin.token) => t.as(as)('PATCH', member(id), { role });
const userKey = (as: string) => t.mint({ key_type: 'user', scopes: ['*'] }, as);
const required = (role: string) => ({ status: 403, body: { error: { code: 'FORBIDDEN', details: { required_role: role } } } });
const lastOwner = { status: 409, body: { error: { code: 'LAST_OWNER' } } };
const owners = async (tenantId: string) =>
  (
    await sql<{ user_id: string }>`select user_id from members where tenant_id = ${tenantId} and role = 'owner'`.execute(t.db.read)
  ).rows.map((row) => row.user_id);
const standsFor = async (tenantId: string) =>
  (await sql<{ id: string }>`select owner_user_id as id from tenants where id = ${tenantId}`.execute(t.db.read)).rows[0]?.id;
/** What of a user still works in the organization, whatever the answers say. */
const alive = async (userId: string): Promise<number> => {
  const { rows } = await sql<{ n: number }>`
    select (select count(*) from sessions where user_id = ${userId} and tenant_id = ${t.tenantId} and ended_at is null)::int
         + (select count(*) from api_keys where user_id = ${userId} and tenant_id = ${t.tenantId} and revoked_at is null)::int as n`.execute(
    t.db.read,
  );
  return rows[0]?.n ?? -1;
};

describe('the members of an organization', () => {
  it('are listed to its admins, newest first, page by page', async () => {
    const [a, b] = [await t.addUser('member'), await t.addUser('viewer')];
    const first = await t.as(admin.token)('GET', `${t.organization}/members?limit=1`);
    expect(first.body.data).toEqual([
      { user_id: b.id, email: b.email, name: null, avatar_url: null, role: 'viewer', status: 'active', joined_at: expect.any(String) },
    ]);
    const second = await t.as(admin.token)('GET', `${t.organization}/members?limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body.data).toMatchObject([{ user_id: a.id }]);
    const { token } = await t.addTenant(null);
    expect((await t.as(token)('GET', `${t.organization}/members?cursor=${first.body.next_cursor}`)).status).toBe(400); // a page of one is none of another
  });

  it.each(['member', 'viewer'] as const)('are no business of a %s, and of no key', async (role) => {
    const { token } = await t.addUser(role);
    expect(await t.as(token)('GET', `${t.organization}/members`)).toMatchObject(required('admin'));
    expect(await t.as(token)('POST', `${t.organization}/members`, { user_id: newUuid() })).toMatchObject(required('admin'));
    expect(await t.as(token)('DELETE', member(admin.id))).toMatchObject(required('admin'));
    expect((await t.call('GET', `${t.organization}/members`)).body.error.details.reason).toBe('session_required');
  });

  it('of another organization are as unknown as those of none', async () => {
    const other = await t.addTenant(null);
    const headers = { 'x-request-id': 'the-same-id' };
    const at = (id: string) => t.as(other.token)('DELETE', `/tenants/${id}/members/${admin.id}`, undefined, headers);
    expect(await at(t.tenantId)).toEqual(await at(newUuid()));
    // In the own organization, a user of another one is not there either.
    const own = (id: string) => t.as(other.token)('DELETE', `/tenants/${other.tenantId}/members/${id}`, undefined, headers);
    expect(await own(admin.id)).toEqual(await own(newUuid()));
    expect((await own(admin.id)).status).toBe(404);
  });
});

describe('adding by id', () => {
  const add = (as: string, user_id: string, role: Role = 'member') => t.as(as)('POST', `${t.organization}/members`, { user_id, role });

  it('is for whom the caller knows from another organization; a stranger is as unknown as nobody', async () => {
    const { tenantId } = await t.addTenant(null);
    const known = await t.addUser('member', tenantId);
    expect((await add(admin.token, known.id)).status).toBe(404);
    expect((await add(admin.token, newUuid())).status).toBe(404);
    await sql`insert into members (tenant_id, user_id, role) values (${tenantId}, ${admin.id}, 'viewer')`.execute(t.db.read);
    expect(await add(admin.token, known.id.toUpperCase())).toMatchObject({
      status: 201,
      body: { data: { user_id: known.id, role: 'member' } },
    });
    expect(await add(admin.token, known.id)).toMatchObject({ status: 409, body: { error: { details: { reason: 'already_member' } } } });
  });

  it('gives no more than the own role', async () => {
    const { tenantId } = await t.addTenant(null);
    const known = await t.addUser('member', tenantId);
    await sql`insert into members (tenant_id, user_id, role) values (${tenantId}, ${admin.id}, 'viewer')`.execute(t.db.read);
    expect(await add(admin.token, known.id, 'owner')).toMatchObject(required('owner'));
    expect((await t.roles())[known.id]).toBeUndefined();
  });
});

describe('a role', () => {
  it('is changed by admins up to their own, seen by every credential of the user', async () => {
    const user = await t.addUser('member');
    const { key } = await userKey(user.token);
    expect(await change(user.id, 'admin')).toMatchObject({ status: 200, body: { data: { user_id: user.id, role: 'admin' } } });
    for (const credential of [user.token, key]) {
      expect((await t.as(credential)('GET', '/auth/me')).body.data.role).toBe('admin');
    }
    expect(await change(user.id, 'owner')).toMatchObject(required('owner'));
    expect(await change(user.id, 'owner', user.token)).toMatchObject(required('owner'));
    expect((await t.roles())[user.id]).toBe('admin');
  });

  it('above the own one is not touched', async () => {
    expect(await change(owner.id, 'viewer')).toMatchObject(required('owner'));
    expect(await remove(owner.id)).toMatchObject(required('owner'));
    const operator = await t.addUser('viewer', (await t.addTenant(null)).tenantId, true);
    const headers = { 'x-miosa-tenant': t.tenantId };
    expect(await t.as(operator.token)('DELETE', member(owner.id), undefined, headers)).toMatchObject(required('owner'));
    expect((await t.roles())[owner.id]).toBe('owner');
  });

  it('is what it is when the change is made, not what it was when the request came in', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await t.addUser('admin'), await t.addUser('admin')];
      const both = await Promise.all([change(b.id, 'viewer', a.token), change(a.id, 'viewer', b.token)]);
      expect(statusesOf(both)).toEqual([200, 403]);
    }
  });
});

describe('the last owner', () => {
  it('neither leaves, nor is removed, nor steps down', async () => {
    const { tenantId, token } = await t.addTenant(null);
    const [id = ''] = await owners(tenantId);
    expect(await t.as(token)('DELETE', member(id, tenantId))).toMatchObject(lastOwner);
    expect(await t.as(token)('PATCH', member(id, tenantId), { role: 'admin' })).toMatchObject(lastOwner);
    const other = await t.addUser('owner', tenantId);
    await sql`update users set suspended_at = now() where id = ${other.id}`.execute(t.db.read);
    expect(await t.as(token)('DELETE', member(id, tenantId))).toMatchObject(lastOwner); // a suspended one does not count
    expect(await t.as(token)('DELETE', member(other.id, tenantId))).toMatchObject({ status: 200 });
  });

  it.each(['leave', 'step down', 'remove each other'])('is left when two %s at once, and stands for the organization', async (how) => {
    for (let round = 0; round < 5; round++) {
      const { tenantId } = await t.addTenant(null);
      const [a, b] = [await t.addUser('owner', tenantId), await t.addUser('owner', tenantId)];
      await sql`delete from members where tenant_id = ${tenantId} and user_id not in (${a.id}, ${b.id})`.execute(t.db.read);
      await sql`update tenants set owner_user_id = ${a.id} where id = ${tenantId}`.execute(t.db.read);
      const act = (self: typeof a, other: typeof a) => {
        if (how === 'step down') return t.as(self.token)('PATCH', member(self.id, tenantId), { role: 'admin' });
        return t.as(self.token)('DELETE', member(how === 'leave' ? self.id : other.id, tenantId));
      };
      const answers = await Promise.all([act(a, b), act(b, a)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const left = await owners(tenantId);
      expect(left).toHaveLength(1);
      expect(await standsFor(tenantId)).toBe(left[0]);
    }
  });
});

/** 401 in the eyes of another process. */
const refusedElsewhere = async (credential: string): Promise<boolean> =>
  elsewhere.authenticate({ authorization: `Bearer ${credential}` }, null).then(
    (actor) => actor === null,
    (error: unknown) => error instanceof RefusedCredential,
  );

describe('who is removed', () => {
  it('has no key, session or open stream left, in any process', async () => {
    const user = await t.addUser('admin');
    const { key } = await userKey(user.token);
    const ends: string[] = [];
    for (const [name, credential] of Object.entries({ session: user.token, key, other: admin.token })) {
      const actor = await elsewhere.authenticate({ authorization: `Bearer ${credential}` }, null);
      if (actor === null) throw new Error('refused');
      elsewhere.watchCredential(actor, () => ends.push(name));
    }
    expect(await remove(user.id)).toEqual({ status: 200, body: { data: { id: user.id, deleted: true } } });
    for (const credential of [key, user.token]) {
      expect((await t.as(credential)('GET', '/auth/me')).status).toBe(401);
      await expect.poll(() => refusedElsewhere(credential), { timeout: 5000, interval: 20 }).toBe(true);
    }
    await expect.poll(() => [...new Set(ends)].sort(), { timeout: 5000, interval: 20 }).toEqual(['key', 'session']);
    expect(await alive(user.id)).toBe(0);
    const { body } = await t.call('GET', '/audit?action=members.delete&limit=1');
    expect(body.data[0]).toMatchObject({ resource_id: user.id, metadata: { role: 'admin', keys_revoked: 1, sessions_ended: 1 } });
  });

  it('keeps sessions elsewhere, which no longer open this organization', async () => {
    const { tenantId } = await t.addTenant(null);
    const user = await t.addUser('member', tenantId);
    await sql`insert into members (tenant_id, user_id, role) values (${t.tenantId}, ${user.id}, 'member')`.execute(t.db.read);
    const me = (selector: string) => t.as(user.token)('GET', '/auth/me', undefined, { 'x-miosa-tenant': selector });
    expect((await me('cliniciq')).body.data.role).toBe('member');
    await remove(user.id);
    expect((await me('cliniciq')).status).toBe(404);
    expect((await me(tenantId)).status).toBe(200);
  });

  it('and comes in again finds the old credentials still dead', async () => {
    const user = await t.addUser('member');
    const { key } = await userKey(user.token);
    await remove(user.id);
    await sql`insert into members (tenant_id, user_id, role) values (${t.tenantId}, ${user.id}, 'member')`.execute(t.db.read);
    t.access.core.authenticator.forget();
    for (const credential of [key, user.token]) expect((await t.as(credential)('GET', '/auth/me')).status).toBe(401);
    expect((await t.as(await t.login(user.email))('GET', '/auth/me')).status).toBe(200);
  });

  it('takes no session along by logging in or switching at the same moment, and no new key', async () => {
    for (let round = 0; round < 6; round++) {
      const user = await t.addUser('member');
      const { device_code, user_code } = (await t.call('POST', '/auth/cli/start', {}, { as: null })).body.data;
      await t.as(user.token)('POST', '/auth/cli/approve', { user_code });
      const [, removed] = await Promise.all([
        t.as(user.token)('POST', '/platform/tenants/cliniciq/switch'),
        remove(user.id),
        t.call('POST', '/auth/cli/token', { device_code }, { as: null }),
        t.as(user.token)('POST', '/api-keys', { name: 'late', key_type: 'user' }),
        t.call('POST', '/auth/login', { email: user.email, password: PASSWORD }, { as: null }),
      ]);
      expect(removed.status).toBe(200);
      expect(await alive(user.id)).toBe(0);
    }
  });

  it('may be oneself, whatever the role', async () => {
    const user = await t.addUser('viewer');
    expect((await remove(user.id, user.token)).status).toBe(200);
    expect((await t.call('POST', '/auth/login', { email: user.email, password: PASSWORD }, { as: null })).body.error.details.reason).toBe(
      'no_organization',
    );
  });
});

describe('ownership', () => {
  const handOver = (as: string, user_id: string) => t.as(as)('POST', `${t.organization}/transfer-ownership`, { user_id });

  it('goes to another member, and the caller is admin from then on', async () => {
    const [from, to] = [await t.addUser('owner'), await t.addUser('viewer')];
    expect(await handOver(from.token, to.id)).toMatchObject({ status: 200, body: { data: { owner_user_id: to.id, role: 'admin' } } });
    expect(await t.roles()).toMatchObject({ [from.id]: 'admin', [to.id]: 'owner' });
    expect(await standsFor(t.tenantId)).toBe(to.id);
    expect(await handOver(from.token, from.id)).toMatchObject(required('owner'));
  });

  it('is given once by two requests at once', async () => {
    const [from, a, b] = [await t.addUser('owner'), await t.addUser('member'), await t.addUser('member')];
    const answers = await Promise.all([handOver(from.token, a.id), handOver(from.token, b.id)]);
    expect(statusesOf(answers)).toEqual([200, 403]);
    const roles = await t.roles();
    expect([roles[a.id], roles[b.id]].sort()).toEqual(['member', 'owner']);
  });

  it('goes to no stranger, no suspended user, and by nobody but an owner', async () => {
    const heir = await t.addUser('member');
    const operator = await t.addUser('admin', t.tenantId, true);
    expect((await handOver(owner.token, (await t.addUser('owner', (await t.addTenant(null)).tenantId)).id)).status).toBe(404);
    expect(await handOver(admin.token, heir.id)).toMatchObject(required('owner'));
    expect(await handOver(operator.token, operator.id)).toMatchObject(required('owner'));
    await sql`update users set suspended_at = now() where id = ${heir.id}`.execute(t.db.read);
    expect(codeOf(await handOver(owner.token, heir.id))).toBe('CONFLICT');
    expect((await t.roles())[owner.id]).toBe('owner');
  });
});
