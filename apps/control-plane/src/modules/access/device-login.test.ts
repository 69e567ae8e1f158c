import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './testing/installation.ts';
import { newUserCode, readUserCode } from './user-code.ts';

/** The login itself is in `account.test.ts`; here is what somebody else may try with it. */
let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const start = async (client_name?: string) =>
  (await t.call('POST', '/auth/cli/start', client_name === undefined ? {} : { client_name }, { as: null })).body.data;
const poll = (device_code: string) => t.call('POST', '/auth/cli/token', { device_code }, { as: null });
const approve = (user_code: string, as: string, headers = {}) => t.call('POST', '/auth/cli/approve', { user_code }, { as, headers });
const me = (as: string, headers = {}) => t.call('GET', '/auth/me', undefined, { as, headers });

describe('a user code', () => {
  it('is eight letters of twenty, any as likely as the other', () => {
    const codes = Array.from({ length: 5000 }, newUserCode);
    // 34 bits: one collision here has a chance of 1 in 2000, two of 1 in 8 million.
    expect(new Set(codes).size).toBeGreaterThanOrEqual(codes.length - 1);
    for (let i = 0; i < 9; i++) {
      const letters = new Set(codes.map((code) => code[i]));
      expect(letters.size).toBe(i === 4 ? 1 : 20);
    }
    expect(codes.join()).not.toMatch(/[AEIOUY0-9]/);
  });

  it.each([' wdjb-mjht ', 'WDJBMJHT', 'w.d.j.b m j h t'])('is read however it is typed: %s', (typed) => {
    expect(readUserCode(typed)).toBe('WDJB-MJHT');
  });

  it.each(['WDJB-MJH', 'WDJB-MJHTT', 'WDJB%MJHT', '????????'])('is not what resembles one: %s', async (typed) => {
    const { token } = await t.addUser('member');
    expect([410, 422]).toContain((await approve(typed, token)).status);
  });

  it('opens nothing by itself, and neither does a device code where a user code is asked', async () => {
    const { token } = await t.addUser('member');
    const codes = await start();
    expect((await poll(codes.user_code)).status).toBe(410);
    expect([410, 422]).toContain((await approve(codes.device_code, token)).status);
    expect((await poll(codes.device_code)).status).toBe(409);
  });
});

describe('an approval', () => {
  it('is one user’s: the second finds the code used', async () => {
    for (let round = 0; round < 4; round++) {
      const users = [await t.addUser('member'), await t.addUser('member')];
      const codes = await start();
      const answers = await Promise.all(users.map(({ token }) => approve(codes.user_code, token)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
      const winner = users[answers.findIndex(({ status }) => status === 200)];
      const { api_key } = (await poll(codes.device_code)).body.data;
      expect((await me(api_key)).body.data.user.id).toBe(winner?.id);
    }
  });

  it('binds to the organization it was given in, and the key goes nowhere else', async () => {
    const { tenantId } = await t.addTenant('Second Home');
    const user = await t.addUser('viewer');
    await sql`insert into members (tenant_id, user_id, role) values (${tenantId}, ${user.id}, 'admin')`.execute(t.db.read);
    const codes = await start();
    expect((await approve(codes.user_code, user.token, { 'x-miosa-tenant': 'second-home' })).status).toBe(200);
    const { api_key, tenant } = (await poll(codes.device_code)).body.data;
    expect(tenant).toMatchObject({ id: tenantId, role: 'admin' });
    expect((await me(api_key)).body.data).toMatchObject({
      tenant: { id: tenantId },
      role: 'admin',
      key: { key_type: 'user', user_id: user.id, key_purpose: 'api', name: 'Device login' },
    });
    expect((await me(api_key, { 'x-miosa-tenant': 'cliniciq' })).status).toBe(404);
  });

  it('gives a key of a user even to an operator: what needs a session or an operator stays closed to it', async () => {
    const operator = await t.addUser('owner', t.tenantId, true);
    const codes = await start();
    await approve(codes.user_code, operator.token);
    const { api_key } = (await poll(codes.device_code)).body.data;
    expect((await t.call('POST', '/api-keys', { name: 'more', key_type: 'admin' }, { as: api_key })).status).toBe(403);
    expect((await t.call('POST', '/api-keys', { name: 'more', key_type: 'live' }, { as: api_key })).status).toBe(403);
    expect((await approve((await start()).user_code, api_key)).body.error.details.reason).toBe('session_required');
  });

  it('is not given where the approver does not belong, operator or not', async () => {
    const { tenantId } = await t.addTenant('Not Mine');
    const operator = await t.addUser('admin', t.tenantId, true);
    const codes = await start();
    const answer = await approve(codes.user_code, operator.token, { 'x-miosa-tenant': tenantId });
    expect(answer).toMatchObject({ status: 403, body: { error: { details: { reason: 'no_member' } } } });
    expect((await poll(codes.device_code)).status).toBe(409);
  });

  it.each([
    ['the user is suspended', (id: string) => sql`update users set suspended_at = now() where id = ${id}`, 403],
    ['the ten minutes are over', () => sql`update device_logins set expires_at = now()`, 410],
  ] as const)('gives no key when %s meanwhile', async (_, change, status) => {
    const user = await t.addUser('member');
    const codes = await start();
    await approve(codes.user_code, user.token);
    await change(user.id).execute(t.db.read);
    expect((await poll(codes.device_code)).status).toBe(status);
    expect((await sql`select from api_keys where user_id = ${user.id}`.execute(t.db.read)).rows).toHaveLength(0);
  });
});

it('a name of a program is text of one line', async () => {
  const answer = await t.call('POST', '/auth/cli/start', { client_name: 'laptop\nApproved by security' }, { as: null });
  expect(answer.status).toBe(422);
});

it('a changed password ends the links for a new one', async () => {
  const { email, token } = await t.addUser('member');
  await t.call('POST', '/auth/password/forgot', { email }, { as: null });
  const link = /reset-password#(\S+)/.exec((await t.mails()).find(({ to }) => to === email)?.text ?? '')?.[1] ?? '';
  expect(link).toHaveLength(43);
  const changed = await t.call('POST', '/auth/password', { current: 'correct horse battery', new: 'a quite different one' }, { as: token });
  expect(changed.status).toBe(200);
  const use = await t.call('POST', '/auth/password/reset', { token: link, password: 'chosen by a thief' }, { as: null });
  expect(use.status).toBe(410);
});
