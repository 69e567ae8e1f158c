import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, PASSWORD } from './testing/installation.ts';

let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const NEXT = 'a quite different one';
const post = (path: string, body: object, as: string | null = null) => t.call('POST', path, body, { as });
const tokensOf = async (email: string, password = PASSWORD) => (await post('/auth/login', { email, password })).body;
const meWith = (as: string) => t.call('GET', '/auth/me', undefined, { as });
const actions = async (userId: string) =>
  (await t.call('GET', `/audit?actor_id=${userId}`)).body.data.map((entry: { action: string }) => entry.action);
const linkTo = async (email: string): Promise<string> => {
  const mail = (await t.mails()).filter(({ to }) => to === email).at(-1);
  return /reset-password#(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
};

describe('the own account', () => {
  it('has a name that its user changes and clears', async () => {
    const { id, token } = await t.addUser('viewer');
    const patch = (body: object) => t.call('PATCH', '/auth/me', body, { as: token });
    expect((await patch({ name: 'Anna' })).body.data).toMatchObject({ id, name: 'Anna', avatar_url: null });
    expect((await patch({})).body.data.name).toBe('Anna');
    expect((await patch({ name: null })).body.data.name).toBeNull();
    expect((await patch({ name: 'a\nb' })).status).toBe(422);
    expect((await t.call('PATCH', '/auth/me', { name: 'x' })).status).toBe(403);
    expect((await actions(id)).filter((action: string) => action === 'auth.me.update')).toHaveLength(2);
  });

  it('says what a key or session may, and null where only browser tokens have permissions', async () => {
    const { token } = await t.addUser('member');
    expect((await meWith(token)).body.data).toMatchObject({ credential: 'jwt', scopes: ['*'], permissions: null, key: null });
  });
});

describe('a changed password', () => {
  it('ends all other sessions and keeps the own; the old one opens nothing', async () => {
    const { id, email, token } = await t.addUser('member');
    const other = await tokensOf(email);
    expect((await post('/auth/password', { current: PASSWORD, new: NEXT }, token)).body).toEqual({ data: { success: true } });
    expect((await meWith(token)).status).toBe(200);
    expect((await meWith(other.token)).status).toBe(401);
    expect((await post('/auth/refresh', { refresh_token: other.refresh_token })).status).toBe(401);
    expect((await post('/auth/login', { email, password: PASSWORD })).status).toBe(401);
    expect((await post('/auth/login', { email, password: NEXT })).status).toBe(200);
    expect(await actions(id)).toContain('auth.password');
  });

  it('needs the current one, a long enough new one, and counts guesses as at login', async () => {
    const { email, token } = await t.addUser('member');
    for (let i = 0; i < 10; i++) {
      expect(await post('/auth/password', { current: `guess ${i}`, new: NEXT }, token)).toMatchObject({ status: 401 });
    }
    expect(t.access.core.passwords.delayMs(email)).toBe(250);
    expect((await post('/auth/password', { current: PASSWORD, new: 'short' }, token)).status).toBe(422);
    expect((await meWith(token)).status).toBe(200);
  });

  it('is changed once by two at the same time', async () => {
    const { token } = await t.addUser('member');
    const both = await Promise.all([1, 2].map((n) => post('/auth/password', { current: PASSWORD, new: `${NEXT} ${n}` }, token)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  });
});

describe('a forgotten password', () => {
  it('answers alike for known, unknown and suspended accounts, and mails the known one alone', async () => {
    const { email } = await t.addUser('member');
    const banned = await t.addUser('member');
    await sql`update users set suspended_at = now() where id = ${banned.id}`.execute(t.db.read);
    const before = (await t.mails()).length;
    const headers = { 'x-request-id': 'the-same-id' };
    const ask = (address: string) => t.call('POST', '/auth/password/forgot', { email: address }, { as: null, headers });
    const answers = [await ask(email), await ask('nobody@example.com'), await ask(banned.email)];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await t.mails()).slice(before).map(({ to }) => to)).toEqual([email]);
  });

  it('is replaced by the link, once, and every session ends', async () => {
    const { id, email, token } = await t.addUser('member');
    await post('/auth/password/forgot', { email: email.toUpperCase() });
    await post('/auth/password/forgot', { email });
    const link = await linkTo(email);
    const uses = await Promise.all([1, 2, 3].map(() => post('/auth/password/reset', { token: link, password: NEXT })));
    expect(uses.map(({ status }) => status).sort()).toEqual([200, 410, 410]);
    expect((await meWith(token)).status).toBe(401);
    expect((await post('/auth/login', { email, password: NEXT })).status).toBe(200);
    const { rows } = await sql<{ n: number }>`select count(*) as n from password_resets where user_id = ${id} and used_at is null`.execute(
      t.db.read,
    );
    expect(rows[0]?.n).toBe(0); // the first link died with the second
    expect(await actions(id)).toEqual(expect.arrayContaining(['auth.password.forgot', 'auth.password.reset']));
  });

  it('gives the same refusal for an expired, an unknown and a cut token', async () => {
    const { email, id } = await t.addUser('member');
    await post('/auth/password/forgot', { email });
    const link = await linkTo(email);
    await sql`update password_resets set expires_at = now() - interval '1 second' where user_id = ${id}`.execute(t.db.read);
    const headers = { 'x-request-id': 'the-same-id' };
    const use = (token: string) => t.call('POST', '/auth/password/reset', { token, password: NEXT }, { as: null, headers });
    const answers = [await use(link), await use('x'), await use(link.slice(1))];
    expect(answers[0]).toMatchObject({ status: 410, body: { error: { code: 'GONE' } } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
  });

  it('sends no more than three mails an hour to one account, however many ask at once', async () => {
    const { email } = await t.addUser('member');
    await Promise.all(Array.from({ length: 8 }, () => post('/auth/password/forgot', { email })));
    expect((await t.mails()).filter(({ to }) => to === email)).toHaveLength(3);
  });

  it('stores hashes of tokens only', async () => {
    const { email } = await t.addUser('member');
    await post('/auth/password/forgot', { email });
    const link = await linkTo(email);
    const { rows } = await sql<{ text: string }>`select r::text as text from password_resets r`.execute(t.db.read);
    expect(link).toHaveLength(43);
    expect(rows.map(({ text }) => text).join()).not.toContain(link);
    expect(rows.map(({ text }) => text).join()).not.toContain(Buffer.from(link).toString('hex'));
  });
});

describe('a device', () => {
  const start = async (client_name = 'laptop') => (await post('/auth/cli/start', { client_name })).body.data;
  const poll = (device_code: string) => post('/auth/cli/token', { device_code });

  it('gets a key of the user who approves, once', async () => {
    const { id, token } = await t.addUser('member');
    const codes = await start();
    expect(codes).toMatchObject({ expires_in: 600, interval: 5 });
    expect(codes.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(codes.verification_uri_complete).toBe(`${codes.verification_uri}?user_code=${codes.user_code}`);
    expect(await poll(codes.device_code)).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT', details: { reason: 'authorization_pending' } } },
    });
    const typed = ` ${codes.user_code.toLowerCase().replace('-', ' ')} `;
    expect((await post('/auth/cli/approve', { user_code: typed }, token)).body).toEqual({ data: { success: true } });
    const polls = await Promise.all(Array.from({ length: 5 }, () => poll(codes.device_code)));
    expect(polls.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410, 410]);
    const { api_key, tenant } = polls.find(({ status }) => status === 200)?.body.data ?? {};
    expect(tenant).toMatchObject({ slug: 'cliniciq', role: 'member' });
    expect((await meWith(api_key)).body.data).toMatchObject({ user: { id }, key: { key_type: 'user', name: 'laptop' } });
    expect(await actions(id)).toEqual(expect.arrayContaining(['auth.cli.approve', 'auth.cli.token']));
    expect(await post('/auth/cli/approve', { user_code: codes.user_code }, token)).toMatchObject({ status: 410 });
  });

  it('waits ten minutes and no longer, and takes no code for another', async () => {
    const { token } = await t.addUser('member');
    const codes = await start();
    await sql`update device_logins set expires_at = now() - interval '1 second'`.execute(t.db.read);
    expect((await post('/auth/cli/approve', { user_code: codes.user_code }, token)).status).toBe(410);
    expect((await poll(codes.device_code)).status).toBe(410);
    expect((await poll(codes.user_code)).status).toBe(410);
    expect((await post('/auth/cli/approve', { user_code: 'BBBB-BBBB' }, token)).status).toBe(410);
    expect((await t.call('POST', '/auth/cli/approve', { user_code: codes.user_code })).status).toBe(403);
  });

  it('gets nothing when its user has left meanwhile', async () => {
    const { id, token } = await t.addUser('member');
    const codes = await start();
    await post('/auth/cli/approve', { user_code: codes.user_code }, token);
    await sql`delete from members where user_id = ${id}`.execute(t.db.read);
    expect(await poll(codes.device_code)).toMatchObject({ status: 403, body: { error: { details: { reason: 'no_member' } } } });
  });

  it('leaves only hashes behind, and in the end nothing', async () => {
    const codes = await start();
    const stored = async () =>
      (await sql<{ text: string }>`select d::text as text from device_logins d`.execute(t.db.read)).rows.map(({ text }) => text).join();
    const before = await stored();
    for (const code of [codes.device_code, codes.user_code]) {
      expect(before).not.toContain(code);
      expect(before).not.toContain(Buffer.from(code).toString('hex'));
    }
    await sql`update device_logins set expires_at = now() - interval '2 hours'`.execute(t.db.read);
    await t.access.purge();
    expect(await stored()).toBe('');
  });
});
