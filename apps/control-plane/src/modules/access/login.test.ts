import { createHmac } from 'node:crypto';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, JWT_SECRET, PASSWORD } from './testing/installation.ts';

let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const post = (path: string, body: object, as: string | null = null) => t.call('POST', path, body, { as });
const loginAs = async (email: string) => (await post('/auth/login', { email, password: PASSWORD })).body;
const meWith = (as: string) => t.call('GET', '/auth/me', undefined, { as });

describe('first set-up', () => {
  it('makes one organization, and no second', async () => {
    const again = await t.internal('POST', '/internal/bootstrap', { organization_name: 'Second', email: 'a@b.c', password: PASSWORD });
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } });
    expect((await t.call('POST', '/internal/bootstrap', {}, { as: null })).status).toBe(404);
    const me = (await t.call('GET', '/auth/me')).body.data;
    expect(me).toMatchObject({
      credential: 'key',
      user: null,
      role: null,
      scopes: ['*'],
      tenant: { slug: 'cliniciq', setup_required: false, plan: 'starter' },
      key: { key_type: 'live', rate_limit_rpm: 300 },
    });
    expect(me.key).not.toHaveProperty('key');
  });
});

describe('login', () => {
  it('answers bare with two tokens, the user and the organization', async () => {
    const { email, id } = await t.addUser('member');
    const { status, body } = await post('/auth/login', { email: email.toUpperCase(), password: PASSWORD });
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { id, email }, tenant: { slug: 'cliniciq', role: 'member' } });
    expect((await meWith(body.token)).body.data).toMatchObject({ credential: 'jwt', role: 'member', user: { id }, key: null });
    const header = JSON.parse(Buffer.from(body.token.split('.')[0], 'base64url').toString());
    expect(header.alg).toBe('HS512');
  });

  it('answers alike for a wrong password and an unknown account', async () => {
    const { email } = await t.addUser('member');
    const headers = { 'x-request-id': 'the-same-id' };
    const wrong = await t.call('POST', '/auth/login', { email, password: 'not the password' }, { as: null, headers });
    const unknown = await t.call('POST', '/auth/login', { email: 'nobody@example.com', password: PASSWORD }, { as: null, headers });
    expect(wrong.status).toBe(401);
    expect(wrong).toEqual(unknown);
  });

  it('delays after ten failures of one account, known or not, and never locks it', () => {
    const { passwords } = t.access.core;
    for (let i = 0; i < 10; i++) {
      expect(passwords.delayMs('guess@example.com')).toBe(0);
      passwords.noteFailure('guess@example.com');
    }
    expect(passwords.delayMs('guess@example.com')).toBe(250);
    for (let i = 0; i < 100; i++) passwords.noteFailure('guess@example.com');
    expect(passwords.delayMs('guess@example.com')).toBe(5000);
    expect(passwords.delayMs('other@example.com')).toBe(0);
    passwords.noteSuccess('guess@example.com');
    expect(passwords.delayMs('guess@example.com')).toBe(0);
  });

  it('refuses somebody who belongs to no organization', async () => {
    const { email, id } = await t.addUser('member');
    await sql`delete from members where user_id = ${id}`.execute(t.db.read);
    expect(await post('/auth/login', { email, password: PASSWORD })).toMatchObject({ status: 403 });
  });
});

describe('refresh', () => {
  it('rotates: both tokens are new, and the old refresh token ends the family', async () => {
    const { email } = await t.addUser('member');
    const first = await loginAs(email);
    const second = (await post('/auth/refresh', { refresh_token: first.refresh_token })).body;
    expect(second.token).not.toBe(first.token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const reused = await post('/auth/refresh', { refresh_token: first.refresh_token });
    expect(reused).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } });
    // The family is over: neither the newest refresh token nor the access tokens live on.
    expect((await post('/auth/refresh', { refresh_token: second.refresh_token })).status).toBe(401);
    expect((await meWith(second.token)).status).toBe(401);
    const { data } = (await t.call('GET', '/audit?action=auth.refresh&outcome=denied')).body;
    expect(data[0].metadata).toEqual({ reason: 'reused_token' });
  });

  it('of one token by many at once succeeds at most once, and ends the family', async () => {
    const { email } = await t.addUser('member');
    const { refresh_token } = await loginAs(email);
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/auth/refresh', { refresh_token })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const winner = answers.find(({ status }) => status === 200)?.body;
    expect((await post('/auth/refresh', { refresh_token: winner.refresh_token })).status).toBe(401);
  });

  it('works for seven days, and access for one hour', async () => {
    const fresh = await createInstallation();
    try {
      const { body } = await fresh.call('POST', '/auth/login', { email: 'owner@cliniciq.example', password: PASSWORD }, { as: null });
      fresh.advance(3540_000);
      expect((await fresh.call('GET', '/auth/me', undefined, { as: body.token })).status).toBe(200);
      fresh.advance(120_000);
      expect((await fresh.call('GET', '/auth/me', undefined, { as: body.token })).status).toBe(401);
    } finally {
      await fresh.close();
    }
  });

  it('takes refresh tokens only, and other routes access tokens only', async () => {
    const { email } = await t.addUser('member');
    const { token, refresh_token } = await loginAs(email);
    expect((await post('/auth/refresh', { refresh_token: token })).status).toBe(401);
    expect((await meWith(refresh_token)).status).toBe(401);
  });
});

describe('logout', () => {
  it('ends the session and its refresh token', async () => {
    const { email } = await t.addUser('viewer');
    const { token, refresh_token } = await loginAs(email);
    expect(await post('/auth/logout', { refresh_token }, token)).toMatchObject({ status: 200, body: { data: { success: true } } });
    expect((await meWith(token)).status).toBe(401);
    expect((await post('/auth/refresh', { refresh_token })).status).toBe(401);
  });

  it('cannot end somebody else’s session', async () => {
    const [mine, theirs] = [await t.addUser('member'), await t.addUser('member')];
    const victim = await loginAs(theirs.email);
    expect((await post('/auth/logout', { refresh_token: victim.refresh_token }, mine.token)).status).toBe(200);
    expect((await meWith(victim.token)).status).toBe(200);
    expect((await t.call('POST', '/auth/logout', {})).body.error).toMatchObject({
      code: 'FORBIDDEN',
      details: { reason: 'session_required' },
    });
  });
});

describe('forged tokens are refused', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forge = (header: object, payload: object, secret: Buffer | null, algorithm = 'sha512') => {
    const body = `${encode(header)}.${encode(payload)}`;
    return `${body}.${secret === null ? '' : createHmac(algorithm, secret).update(body).digest('base64url')}`;
  };
  const secret = Buffer.from(JWT_SECRET, 'hex');

  it('with another algorithm, secret, audience, subject or session', async () => {
    const { token, id } = await t.addUser('owner');
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { exp: _, ...endless } = payload;
    const good = { alg: 'HS512', typ: 'JWT' };
    expect((await meWith(forge(good, payload, secret))).status).toBe(200);
    const forged = [
      forge({ alg: 'none' }, payload, null),
      forge({ alg: 'HS256' }, payload, secret, 'sha256'),
      forge(good, payload, Buffer.from(JWT_SECRET)),
      forge(good, payload, Buffer.alloc(64)),
      forge(good, endless, secret),
      forge(good, { ...payload, aud: 'miosa:refresh' }, secret),
      forge(good, { ...payload, iss: 'other' }, secret),
      forge(good, { ...payload, sid: newUuid() }, secret),
      forge(good, { ...payload, sid: 'x' }, secret),
      forge(good, { ...payload, sub: newUuid() }, secret),
      forge(good, { ...payload, exp: 1 }, secret),
      `${token}x`,
      token.slice(0, -2),
      'x'.repeat(10_000),
      'a.b.c',
    ];
    for (const attempt of forged) expect([attempt.slice(0, 20), (await meWith(attempt)).status]).toEqual([attempt.slice(0, 20), 401]);
    // The role in the token is not what counts.
    const demoted = await t.addUser('viewer');
    const claims = JSON.parse(Buffer.from(demoted.token.split('.')[1] ?? '', 'base64url').toString());
    expect((await meWith(forge(good, { ...claims, role: 'owner' }, secret))).body.data.role).toBe('viewer');
    expect(id).toBeDefined();
  });

  it('in any place but the Authorization header', async () => {
    expect((await t.call('GET', `/auth/me?token=${t.key}`, undefined, { as: null })).status).toBe(401);
    expect((await t.call('GET', '/auth/me', undefined, { as: null, headers: { 'x-api-key': t.key } })).status).toBe(401);
    expect((await t.call('GET', '/auth/me', undefined, { as: null, headers: { authorization: `Basic ${t.key}` } })).status).toBe(401);
  });
});

describe('membership', () => {
  it('is looked up: removal and a new role count within a second', async () => {
    const { token, id } = await t.addUser('viewer');
    const key = await t.mint({ key_type: 'user' }, token);
    expect((await meWith(token)).body.data.role).toBe('viewer');
    await sql`update members set role = 'admin' where user_id = ${id}`.execute(t.db.read);
    await expect.poll(async () => (await meWith(token)).body.data.role, { timeout: 5000, interval: 100 }).toBe('admin');
    await sql`delete from members where user_id = ${id}`.execute(t.db.read);
    await expect.poll(async () => (await meWith(token)).status, { timeout: 5000, interval: 100 }).toBe(401);
    await expect.poll(async () => (await meWith(key.key)).status, { timeout: 5000, interval: 100 }).toBe(401);
  });
});

describe('X-MIOSA-Tenant', () => {
  const current = async (as: string, selector: string) => {
    const { status, body } = await t.call('GET', '/platform/tenants/current', undefined, { as, headers: { 'x-miosa-tenant': selector } });
    return status === 200 ? body.data.slug : status;
  };

  it('selects among the organizations of a user; any other is 404', async () => {
    const other = await t.addTenant('Second Home');
    const { token, id } = await t.addUser('member');
    expect(await current(token, 'second-home')).toBe(404);
    await sql`insert into members (tenant_id, user_id, role) values (${other.tenantId}, ${id}, 'viewer')`.execute(t.db.read);
    await expect.poll(() => current(token, 'second-home'), { timeout: 5000, interval: 100 }).toBe('second-home');
    expect(await current(token, other.tenantId.toUpperCase())).toBe('second-home');
    expect(await current(token, 'cliniciq')).toBe('cliniciq');
    for (const unknown of ['nowhere', newUuid(), "' or 1=1 --", 'x'.repeat(500)]) expect(await current(token, unknown)).toBe(404);
  });

  it('binds a key to its own organization; operators’ keys and sessions go anywhere', async () => {
    const other = await t.addTenant('Third Home');
    expect(await current(t.key, 'cliniciq')).toBe('cliniciq');
    expect(await current(t.key, 'third-home')).toBe(404);
    const operator = await t.login('owner@cliniciq.example');
    expect(await current(operator, 'third-home')).toBe('third-home');
    for (const key_type of ['admin', 'platform']) {
      const { key } = await t.mint({ key_type }, operator);
      expect(await current(key, other.tenantId)).toBe('third-home');
      expect(await current(key, 'nowhere')).toBe(404);
    }
  });
});
