import { testDatabase } from '@miosa/db';
import { newUuid, type Op } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccess } from '../access/index.ts';
import { JWT_SECRET, PASSWORD, silent } from '../access/testing/installation.ts';
import { createTenancy } from '../tenancy/index.ts';
import { register } from './register.ts';
import { codeOf, createMembersInstallation, type MembersInstallation, statusesOf } from './testing/members.ts';

let t: MembersInstallation;
let owner: string;
beforeAll(async () => {
  t = await createMembersInstallation();
  owner = (await t.addUser('owner')).token;
});
afterAll(() => t.close());

const address = () => `${newUuid()}@example.com`;
const post = (body: object) => t.call('POST', '/auth/register', { password: PASSWORD, ...body }, { as: null });
const anonymous = (): Op => ({ ...t.systemOp(), actor: { type: 'system', id: 'anonymous', name: 'anonymous', tenantId: null } });
const count = async (table: 'users' | 'tenants'): Promise<number> =>
  (await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(t.db.read)).rows[0]?.n ?? -1;

describe('an account of its own', () => {
  it('comes with an organization and a session, and is no operator', async () => {
    const email = address();
    const made = await post({ email, name: 'Anna', organization_name: 'Anna & Sons' });
    expect(made).toMatchObject({
      status: 201,
      body: { user: { email, name: 'Anna' }, tenant: { name: 'Anna & Sons', slug: 'anna-sons', setup_required: false, role: 'owner' } },
    });
    const me = await t.as(made.body.token)('GET', '/auth/me');
    expect(me.body.data).toMatchObject({ role: 'owner', user: { email, is_operator: false } });
    expect((await t.as(made.body.token)('GET', '/workspaces')).body.data).toMatchObject([{ slug: 'default' }]);
    expect((await t.login(email)).split('.')).toHaveLength(3);
    const audit = await t.as(made.body.token)('GET', '/audit');
    expect(audit.body.data.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['auth.register', 'tenants.create']),
    );
    expect(JSON.stringify(audit.body)).not.toContain(PASSWORD);
  });

  it('without a name has a temporary slug, and nothing is made in it before it has a real one', async () => {
    const { body } = await post({ email: address() });
    const { id } = body.tenant;
    expect(body.tenant).toMatchObject({ name: null, slug: expect.stringMatching(/^org-[0-9a-z]{10}$/), setup_required: true });
    const call = t.as(body.token);
    expect(await call('POST', '/workspaces', { name: 'W' })).toMatchObject({ status: 409, body: { error: { code: 'SETUP_REQUIRED' } } });
    expect(await call('POST', '/projects', { name: 'P' })).toMatchObject({ status: 409, body: { error: { code: 'SETUP_REQUIRED' } } });
    // People, keys and reads work before.
    expect((await call('POST', `/tenants/${id}/invites`, { email: address() })).status).toBe(201);
    expect((await call('POST', '/api-keys', { name: 'k', key_type: 'live' })).status).toBe(201);
    const name = `Late Bloomer ${newUuid().slice(-8)}`;
    expect((await call('PUT', `/tenants/${id}`, { name })).body.data).toMatchObject({ name, setup_required: false });
    expect((await call('POST', '/workspaces', { name: 'W' })).status).toBe(201);
  });

  it('is made once by many at the same time, and leaves nothing of the others behind', async () => {
    const [users, tenants, email] = [await count('users'), await count('tenants'), address()];
    const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => post({ email: i % 2 === 0 ? email : email.toUpperCase() })));
    expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409]);
    expect([(await count('users')) - users, (await count('tenants')) - tenants]).toEqual([1, 1]);
    const again = await post({ email, password: 'another password' });
    expect(again.body.error).toMatchObject({ code: 'CONFLICT', details: { reason: 'email_taken' } });
    expect((await t.call('POST', '/auth/login', { email, password: 'another password' }, { as: null })).status).toBe(401);
  });

  it('is not left behind when the name of its organization cannot be had', async () => {
    const email = address();
    expect(codeOf(await post({ email, organization_name: 'ClinicIQ' }))).toBe('SLUG_TAKEN');
    expect((await post({ email, organization_name: '123' })).status).toBe(422);
    expect((await post({ email })).status).toBe(201);
  });

  it.each([
    ['a short password', { password: 'short' }],
    ['a very long one', { password: 'x'.repeat(201) }],
    ['no address', { email: 'anna' }],
    ['two addresses', { email: 'anna@example.com,eve@example.com' }],
    ['a header in the address', { email: 'anna@example.com\nBcc: eve@example.com' }],
    ['a control character in the name', { name: 'a\nb' }],
  ])('is refused with %s', async (_, body) => {
    expect((await post({ email: address(), ...body })).status).toBe(422);
  });
});

describe('who may register', () => {
  it('nobody, while the installation has no organization: a stranger would be its first', async () => {
    const fresh = await testDatabase();
    const tenancy = createTenancy({ db: fresh.db });
    const access = createAccess({ db: fresh.db, tenancy, log: silent, jwtSecretHex: JWT_SECRET });
    const core = { db: fresh.db, tenancy, access, registration: 'open' } as const;
    await expect(register(anonymous(), core, { email: address(), password: PASSWORD })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await sql`select from users`.execute(fresh.db.read)).rows).toHaveLength(0);
    await access.close();
    await fresh.close();
  });

  it.each(['invite', 'closed'] as const)('%s: nobody else, and the refusal tells nothing of accounts', async (registration) => {
    const { email } = await t.addUser('member');
    const ask = (address: string) =>
      register(anonymous(), { ...t.deps, registration }, { email: address, password: PASSWORD }).catch((error: Error) => error);
    const [known, unknown] = [await ask(email), await ask(address())];
    expect(known).toMatchObject({ code: 'FORBIDDEN' });
    expect(known).toEqual(unknown);
  });

  it('closed: not by an invite either', async () => {
    const email = address();
    const { token } = await t.invite(owner, { email });
    const body = { email, password: PASSWORD, invite_token: token };
    await expect(register(anonymous(), { ...t.deps, registration: 'closed' }, body)).rejects.toMatchObject({
      details: { reason: 'registration_closed' },
    });
    const made = await register(anonymous(), { ...t.deps, registration: 'invite' }, body);
    expect(made).toMatchObject({ tenant: { slug: 'cliniciq', role: 'member' } });
  });
});

describe('registering by an invite', () => {
  it('leads into its organization, with its role, and makes no other', async () => {
    const [tenants, email] = [await count('tenants'), address()];
    const { token } = await t.invite(owner, { email: email.toUpperCase(), role: 'admin' });
    const made = await post({ email, invite_token: token });
    expect(made).toMatchObject({ status: 201, body: { tenant: { id: t.tenantId, role: 'admin' } } });
    expect(await count('tenants')).toBe(tenants);
    expect((await t.roles())[made.body.user.id]).toBe('admin');
    const audit = await t.call('GET', `/audit?actor_id=${made.body.user.id}`);
    expect(audit.body.data.map(({ action }: { action: string }) => action).sort()).toEqual(['auth.register', 'invites.accept']);
  });

  it('is for its address only, and not together with an organization', async () => {
    const { token } = await t.invite(owner, { email: address() });
    const email = address();
    expect(codeOf(await post({ email, invite_token: token }))).toBe('EMAIL_MISMATCH');
    expect(codeOf(await post({ email, invite_token: 'unknown' }))).toBe('GONE');
    const invited = address();
    const mine = await t.invite(owner, { email: invited });
    expect((await post({ email: invited, invite_token: mine.token, organization_name: 'Mine' })).status).toBe(422);
    expect((await post({ email })).status).toBe(201); // no account was left behind
  });

  it('works once, of many at the same time', async () => {
    const email = address();
    const { token } = await t.invite(owner, { email });
    const answers = await Promise.all(Array.from({ length: 4 }, () => post({ email, invite_token: token })));
    expect(statusesOf(answers)).toEqual([201, 409, 409, 409]);
  });

  it('leaves no account when the invite is gone', async () => {
    const email = address();
    const { id, token } = await t.invite(owner, { email });
    await t.as(owner)('DELETE', `${t.organization}/invites/${id}`);
    expect(codeOf(await post({ email, invite_token: token }))).toBe('GONE');
    expect((await sql`select from users where email = ${email}`.execute(t.db.read)).rows).toHaveLength(0);
  });

  it('brings somebody back who belongs to no organization any more, by the password the account has', async () => {
    const user = await t.addUser('member');
    await t.as(owner)('DELETE', `${t.organization}/members/${user.id}`);
    const { token } = await t.invite(owner, { email: user.email, role: 'viewer' });
    const wrong = await post({ email: user.email, invite_token: token, password: 'a wrong password' });
    expect(wrong.body.error).toMatchObject({ code: 'CONFLICT', details: { reason: 'email_taken' } });
    expect((await t.roles())[user.id]).toBeUndefined();
    const back = await post({ email: user.email, invite_token: token });
    expect(back).toMatchObject({ status: 201, body: { user: { id: user.id }, tenant: { id: t.tenantId, role: 'viewer' } } });
    expect((await t.as(back.body.token)('GET', '/auth/me')).status).toBe(200);
    expect((await t.as(user.token)('GET', '/auth/me')).status).toBe(401); // the old session stays ended
    expect(codeOf(await post({ email: user.email, invite_token: token }))).toBe('ALREADY_ACCEPTED');
  });

  it('counts wrong passwords of that account as a login does, and lets no suspended user in', async () => {
    const user = await t.addUser('member', (await t.addTenant(null)).tenantId);
    const { token } = await t.invite(owner, { email: user.email });
    for (let i = 0; i < 10; i++) await post({ email: user.email, invite_token: token, password: `a wrong one ${i}` });
    expect(t.access.core.passwords.delayMs(user.email)).toBe(250);
    await sql`update users set suspended_at = now() where id = ${user.id}`.execute(t.db.read);
    expect((await post({ email: user.email, invite_token: token })).status).toBe(410);
    expect((await t.roles())[user.id]).toBeUndefined();
  });
});
