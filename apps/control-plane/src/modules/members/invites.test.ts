import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, createMembersInstallation, type MembersInstallation, statusesOf } from './testing/members.ts';

let t: MembersInstallation;
let owner: string;
let admin: string;
beforeAll(async () => {
  t = await createMembersInstallation();
  owner = (await t.addUser('owner')).token;
  admin = (await t.addUser('admin')).token;
});
afterAll(() => t.close());

const ID = { 'x-request-id': 'the-same-id' };
const view = (token: string) => t.call('GET', `/invites/${token}`, undefined, { as: null, headers: ID });
const accept = (token: string, as: string) => t.call('POST', `/invites/${token}/accept`, {}, { as, headers: ID });
/** Somebody who has an account elsewhere. */
const outsider = async () => t.addUser('owner', (await t.addTenant(null)).tenantId);
const address = () => `${newUuid()}@example.com`;

describe('the link of an invite', () => {
  it('is in the answer and in one mail to the address, and nowhere else', async () => {
    const email = address();
    const made = await t.as(admin)('POST', `${t.organization}/invites`, { email, role: 'viewer' });
    expect(made).toMatchObject({ status: 201, body: { data: { email, role: 'viewer', workspace_id: null, accepted_at: null } } });
    const url: string = made.body.data.invite_url;
    const mails = (await t.mails()).filter(({ to }) => to === email);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain(url);
    const token = url.split('/').at(-1) ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    const listed = await t.as(admin)('GET', `${t.organization}/invites`);
    expect(listed.body.data[0]).toMatchObject({ id: made.body.data.id, email });
    const { rows } = await sql<{ text: string }>`
      select i::text as text from invites i union all select a::text from audit_entries a`.execute(t.db.read);
    for (const text of [JSON.stringify(listed.body), ...rows.map((row) => row.text)]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(Buffer.from(token).toString('hex'));
    }
  });

  it('says to anybody what it is for, and nothing of who made it', async () => {
    const email = address();
    const { token } = await t.invite(owner, { email, role: 'admin' });
    const { body } = await view(token);
    expect(body.data).toEqual({
      email,
      tenant_name: 'ClinicIQ',
      workspace_name: null,
      role: 'admin',
      expires_at: expect.any(String),
      expired: false,
      revoked: false,
      accepted: false,
    });
    expect((await view(`${token}x`)).status).toBe(404);
  });

  it('is given again to a repeated request, which sends no second mail', async () => {
    const email = address();
    const ask = () => t.as(admin)('POST', `${t.organization}/invites`, { email }, { 'idempotency-key': email });
    const [first, second] = [await ask(), await ask()];
    expect(second).toEqual(first);
    expect((await t.mails()).filter(({ to }) => to === email)).toHaveLength(1);
    const { body } = await t.as(admin)('GET', `${t.organization}/invites?limit=100`);
    expect(body.data.filter((row: { email: string }) => row.email === email)).toHaveLength(1);
  });

  it.each([
    ['a second line', 'a@example.com\r\nBcc: b@example.com'],
    ['a second address', 'a@example.com,b@example.com'],
    ['a name', 'Anna <a@example.com>'],
    ['a quoted part', '"a b"@example.com'],
    ['no domain', 'a@localhost'],
  ])('is sent to no address with %s', async (_, email) => {
    const before = (await t.mails()).length;
    expect(await t.as(admin)('POST', `${t.organization}/invites`, { email })).toMatchObject({ status: 422 });
    expect(await t.mails()).toHaveLength(before);
  });
});

describe('an invite lets in', () => {
  it('the user of its address, whatever the case, with its role, in every organization the user has', async () => {
    const user = await outsider();
    const { token } = await t.invite(admin, { email: user.email.toUpperCase(), role: 'member' });
    expect(await accept(token, user.token)).toEqual({
      status: 200,
      body: { data: { accepted: true, tenant_id: t.tenantId, workspace_id: null, role: 'member' } },
    });
    expect((await t.roles())[user.id]).toBe('member');
    const here = await t.as(user.token)('GET', '/auth/me', undefined, { 'x-miosa-tenant': 'cliniciq' });
    expect(here.body.data).toMatchObject({ role: 'member', tenant: { slug: 'cliniciq' } });
    expect((await view(token)).body.data).toMatchObject({ accepted: true });
    const audit = await t.call('GET', `/audit?actor_id=${user.id}`);
    expect(audit.body.data.map(({ action }: { action: string }) => action)).toContain('invites.accept');
  });

  it('once, of many at the same time', async () => {
    const user = await outsider();
    const { token } = await t.invite(admin, { email: user.email });
    const answers = await Promise.all(Array.from({ length: 6 }, () => accept(token, user.token)));
    expect(statusesOf(answers)).toEqual([200, 409, 409, 409, 409, 409]);
    expect(new Set(answers.filter(({ status }) => status === 409).map(codeOf))).toEqual(new Set(['ALREADY_ACCEPTED']));
  });

  it('nobody else, who reads the same of a good, an expired and a revoked one', async () => {
    const [user, stranger] = [await outsider(), await outsider()];
    const { id, token } = await t.invite(admin, { email: user.email });
    const answers = [await accept(token, stranger.token)];
    await sql`update invites set expires_at = now() where id = ${id}`.execute(t.db.read);
    answers.push(await accept(token, stranger.token));
    await sql`update invites set revoked_at = now() where id = ${id}`.execute(t.db.read);
    answers.push(await accept(token, stranger.token));
    expect(answers[0]).toMatchObject({ status: 422, body: { error: { code: 'EMAIL_MISMATCH' } } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await accept('unknown', stranger.token)).status).toBe(404);
    expect((await t.roles())[stranger.id]).toBeUndefined();
  });

  it('nobody with a key, and no one is asked for one', async () => {
    const { token } = await t.invite(admin, { email: address() });
    expect(await accept(token, t.key)).toMatchObject({ status: 403, body: { error: { details: { reason: 'session_required' } } } });
  });
});

describe('an invite is gone', () => {
  const gone = { status: 410, body: { error: { code: 'GONE' } } };

  it('after seven days, when it is revoked, and when a newer one took its place', async () => {
    const user = await outsider();
    const { id, token } = await t.invite(admin, { email: user.email });
    const { rows } = await sql<{ days: number }>`
      select extract(epoch from expires_at - created_at)::int / 86400 as days from invites where id = ${id}`.execute(t.db.read);
    expect(rows).toEqual([{ days: 7 }]);
    await sql`update invites set expires_at = now() where id = ${id}`.execute(t.db.read);
    expect(await accept(token, user.token)).toMatchObject(gone);
    expect((await view(token)).body.data).toMatchObject({ expired: true, revoked: false });

    const second = await t.invite(admin, { email: user.email });
    const third = await t.invite(admin, { email: user.email });
    expect(await accept(second.token, user.token)).toMatchObject(gone);
    const revoke = (invite: string) => t.as(admin)('DELETE', `${t.organization}/invites/${invite}`);
    expect(await revoke(third.id)).toEqual({ status: 200, body: { data: { id: third.id, deleted: true } } });
    expect(await revoke(third.id)).toMatchObject({ status: 200 });
    expect(await accept(third.token, user.token)).toMatchObject(gone);
    expect((await view(third.token)).body.data).toMatchObject({ revoked: true });
    const { body } = await t.as(admin)('GET', `${t.organization}/invites?limit=100`);
    expect(body.data.map((row: { id: string }) => row.id)).not.toContain(third.id);
  });

  it.each(['leaves', 'is removed', 'becomes a member', 'is suspended'])('when its author %s', async (how) => {
    const [author, user] = [await t.addUser('admin'), await outsider()];
    const { token } = await t.invite(author.token, { email: user.email });
    const member = `${t.organization}/members/${author.id}`;
    if (how === 'leaves') await t.as(author.token)('DELETE', member);
    else if (how === 'is removed') await t.as(owner)('DELETE', member);
    else if (how === 'becomes a member') await t.as(owner)('PATCH', member, { role: 'member' });
    else await sql`update users set suspended_at = now() where id = ${author.id}`.execute(t.db.read);
    expect(await accept(token, user.token)).toMatchObject(gone);
    expect((await t.roles())[user.id]).toBeUndefined();
  });

  it.each(['stepped down', 'handed the organization over'])('when it makes an owner and its author has %s', async (how) => {
    const [author, user] = [await t.addUser('owner'), await outsider()];
    const more = await t.invite(author.token, { email: user.email, role: 'owner' });
    const other = await outsider();
    const less = await t.invite(author.token, { email: other.email, role: 'admin' });
    const step =
      how === 'stepped down'
        ? t.as(author.token)('PATCH', `${t.organization}/members/${author.id}`, { role: 'admin' })
        : t.as(author.token)('POST', `${t.organization}/transfer-ownership`, { user_id: t.ownerId });
    expect((await step).status).toBe(200);
    expect((await view(more.token)).body.data).toMatchObject({ revoked: true });
    expect(await accept(more.token, user.token)).toMatchObject(gone);
    expect(await accept(less.token, other.token)).toMatchObject({ status: 200 }); // an admin may still do that
  });

  it('when its user was removed meanwhile, from the organization or one more place of it', async () => {
    const user = await outsider();
    const workspace = `/workspaces/${await t.workspace('Behind the door')}`;
    const first = await t.invite(admin, { email: user.email });
    const second = await t.invite(admin, { email: user.email }, workspace);
    await accept(first.token, user.token);
    const late = await t.invite(admin, { email: (await outsider()).email });
    await t.as(admin)('DELETE', `${t.organization}/members/${user.id}`);
    expect(await accept(second.token, user.token)).toMatchObject(gone);
    expect((await t.roles())[user.id]).toBeUndefined();
    expect((await view(late.token)).body.data).toMatchObject({ revoked: false });
  });

  it('while its organization is suspended', async () => {
    const { tenantId, token: boss } = await t.addTenant('Suspended Soon');
    const user = await t.addUser('member');
    const { token } = await t.invite(boss, { email: user.email }, `/tenants/${tenantId}`);
    await sql`update tenants set suspended_at = now() where id = ${tenantId}`.execute(t.db.read);
    expect(await accept(token, user.token)).toMatchObject(gone);
    expect((await view(token)).body.data).toMatchObject({ revoked: true });
  });
});

describe('who may invite', () => {
  const post = (as: string, role: string) => t.as(as)('POST', `${t.organization}/invites`, { email: address(), role });

  it.each([
    ['member', 'viewer', 'admin'],
    ['viewer', 'viewer', 'admin'],
    ['admin', 'owner', 'owner'],
  ] as const)('not a %s a new %s', async (role, wanted, required) => {
    const { token } = await t.addUser(role);
    expect(await post(token, wanted)).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN', details: { required_role: required } } },
    });
  });

  it('no key and no operator more than an admin', async () => {
    const operator = await t.addUser('viewer', (await t.addTenant(null)).tenantId, true);
    const headers = { 'x-miosa-tenant': 'cliniciq' };
    const by = (role: string) => t.as(operator.token)('POST', `${t.organization}/invites`, { email: address(), role }, headers);
    expect((await by('admin')).status).toBe(201);
    expect(await by('owner')).toMatchObject({ status: 403, body: { error: { details: { required_role: 'owner' } } } });
    expect((await post(t.key, 'viewer')).status).toBe(403);
  });

  it('nobody a member again, and nobody from another organization', async () => {
    const member = await t.addUser('member');
    expect(await t.as(admin)('POST', `${t.organization}/invites`, { email: member.email.toUpperCase() })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT', details: { reason: 'already_member' } } },
    });
    const other = await t.addTenant(null);
    const { id } = await t.invite(admin, { email: address() });
    for (const [method, path] of [
      ['GET', '/invites'],
      ['POST', '/invites'],
      ['DELETE', `/invites/${id}`],
    ] as const) {
      const foreign = await t.as(other.token)(method, `${t.organization}${path}`, method === 'POST' ? { email: address() } : undefined, ID);
      const absent = await t.as(other.token)(
        method,
        `/tenants/${newUuid()}${path}`,
        method === 'POST' ? { email: address() } : undefined,
        ID,
      );
      expect(foreign).toEqual(absent);
      expect(foreign.status).toBe(404);
    }
    expect((await t.as(other.token)('DELETE', `/tenants/${other.tenantId}/invites/${id}`)).status).toBe(404);
  });

  it('nobody more than two hundred a day', async () => {
    const { tenantId, token } = await t.addTenant('Bulk');
    const { id } = await t.invite(token, { email: address() }, `/tenants/${tenantId}`);
    await sql`
      insert into invites (id, tenant_id, email, role, token_hash, invited_by, expires_at)
      select id || n, tenant_id, n || email, role, sha256(n::text::bytea), invited_by, expires_at
        from invites, generate_series(1, 198) n where id = ${id}`.execute(t.db.read);
    const post200 = () => t.as(token)('POST', `/tenants/${tenantId}/invites`, { email: address() });
    const answers = await Promise.all([post200(), post200(), post200()]);
    expect(statusesOf(answers)).toEqual([201, 403, 403]);
    expect(answers.find(({ status }) => status === 403)?.body.error).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { quota: 'invites_per_day', limit: 200, used: 200, level: 'organization' },
    });
  });

  it('an author demoted at the same moment leaves no open invite behind', async () => {
    for (let round = 0; round < 5; round++) {
      const author = await t.addUser('admin');
      const [sent, changed] = await Promise.all([
        t.as(author.token)('POST', `${t.organization}/invites`, { email: address() }),
        t.as(owner)('PATCH', `${t.organization}/members/${author.id}`, { role: 'viewer' }),
      ]);
      expect(changed.status).toBe(200);
      expect([201, 403]).toContain(sent.status);
      const { rows } = await sql`select from invites where invited_by = ${author.id} and revoked_at is null`.execute(t.db.read);
      expect(rows).toHaveLength(0);
    }
  });
});

it('an accepted invite is not revoked any more', async () => {
  const user = await outsider();
  const { id, token } = await t.invite(admin, { email: user.email });
  await accept(token, user.token);
  const answer = await t.as(admin)('DELETE', `${t.organization}/invites/${id}`);
  expect(answer).toMatchObject({ status: 409, body: { error: { code: 'ALREADY_ACCEPTED' } } });
});
