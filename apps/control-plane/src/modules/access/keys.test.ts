import { createHash } from 'node:crypto';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './testing/installation.ts';

let t: Installation;
let operator: string;
let admin: string;
let member: string;
let viewer: string;
beforeAll(async () => {
  t = await createInstallation();
  operator = await t.login('owner@cliniciq.example');
  [admin, member, viewer] = [(await t.addUser('admin')).token, (await t.addUser('member')).token, (await t.addUser('viewer')).token];
});
afterAll(() => t.close());

const create = (as: string, body: object) => t.call('POST', '/api-keys', { name: 'k', ...body }, { as });
const works = async (key: string, ip?: string) =>
  (await t.call('GET', '/auth/me', undefined, { as: key, ...(ip === undefined ? {} : { ip }) })).status === 200;
const workspace = async () => (await t.call('POST', '/workspaces', { name: newUuid() })).body.data.id;

describe('a new key', () => {
  it('is shown once, and only its hash is kept', async () => {
    const { status, body } = await create(admin, { name: 'Production SDK Key', key_type: 'user', purpose: 'api' });
    expect(status).toBe(201);
    const { key, ...rest } = body.data;
    expect(key).toMatch(/^msk_u_[0-9A-Za-z]{32}$/);
    expect(rest).toMatchObject({
      name: 'Production SDK Key',
      key_prefix: key.slice(0, 12),
      key_type: 'user',
      key_purpose: 'api',
      scopes: ['*'],
      workspace_id: null,
      allowed_ips: [],
      expires_at: null,
      last_used_at: null,
      status: 'active',
      rate_limit_rpm: 300,
    });
    expect((await t.call('GET', `/api-keys/${rest.id}`)).body.data).toEqual(rest);
    const { rows } = await sql<{
      all: string;
      key_hash: Buffer;
    }>`select k::text as all, key_hash from api_keys k where id = ${rest.id}`.execute(t.db.read);
    expect(rows[0]?.key_hash).toEqual(createHash('sha256').update(key).digest());
    expect(rows[0]?.all).not.toContain(key.slice(12));
    expect(JSON.stringify((await t.call('GET', '/audit?action=apiKeys.create')).body)).not.toContain(key.slice(12));
  });

  it.each([
    ['live', /^msk_live_/],
    ['test', /^msk_test_/],
    ['admin', /^msk_a_/],
    ['platform', /^msk_p_/],
    ['user', /^msk_u_/],
  ])('of type %s carries its label', async (key_type, shape) => expect((await t.mint({ key_type }, operator)).key).toMatch(shape));

  it.each([
    ['an unknown scope', { scopes: ['sandboxes:fly'] }],
    ['no scope at all', { scopes: [] }],
    ['a scope twice', { scopes: ['*', '*'] }],
    ['an expiry in the past', { expires_at: '2020-01-01T00:00:00Z' }],
    ['an expiry that is no time', { expires_at: 'tomorrow' }],
    ['an address that is none', { allowed_ips: ['10.0.0.0/99'] }],
    ['an LLM key with other scopes', { purpose: 'optimal', scopes: ['*'] }],
    ['an unknown type', { key_type: 'root' }],
    ['an empty name', { name: '' }],
    ['a rate of zero', { rate_limit_rpm: 0 }],
    ['a budget, which is not there yet', { monthly_budget_usd: 5 }],
  ])('with %s is refused', async (_what, body) => {
    const answer = await create(admin, body);
    expect(answer).toMatchObject({ status: 422, body: { error: { code: 'VALIDATION_ERROR' } } });
  });

  it('has the rate of the plan unless a lower one is asked for', async () => {
    expect((await t.mint({ rate_limit_rpm: 10 })).rate_limit_rpm).toBe(10);
    expect((await t.mint({ rate_limit_rpm: 10_000 })).rate_limit_rpm).toBe(300);
  });

  it('for LLM routes carries their scope alone, and opens nothing else', async () => {
    const made = await t.mint({ purpose: 'optimal' });
    expect(made.scopes).toEqual(['llm:invoke']);
    const { error } = (await t.call('GET', '/workspaces', undefined, { as: made.key })).body;
    expect(error).toMatchObject({ code: 'FORBIDDEN', details: { reason: 'wrong_purpose' } });
  });
});

describe('who mints what', () => {
  it('follows the table', async () => {
    const [live, test] = [await t.mint({}), await t.mint({ key_type: 'test' })];
    const [a, p] = [await t.mint({ key_type: 'admin' }, operator), await t.mint({ key_type: 'platform' }, operator)];
    const own = await t.mint({ key_type: 'user' }, admin);
    const table: [string, string, string[]][] = [
      ['operator session', operator, ['user', 'live', 'test', 'admin', 'platform']],
      ['admin session', admin, ['user', 'live', 'test']],
      ['member session', member, ['user']],
      ['viewer session', viewer, ['user']],
      ['live key', live.key, ['live', 'test']],
      ['test key', test.key, ['live', 'test']],
      ['user key', own.key, ['user']],
      ['admin key', a.key, ['live', 'test', 'admin', 'platform']],
      ['platform key', p.key, ['live', 'test', 'admin', 'platform']],
    ];
    for (const [who, as, allowed] of table) {
      for (const key_type of ['user', 'live', 'test', 'admin', 'platform']) {
        expect([who, key_type, (await create(as, { key_type })).status]).toEqual([who, key_type, allowed.includes(key_type) ? 201 : 403]);
      }
    }
  });

  it('binds a user key to its user, and to the user of the key that mints it', async () => {
    const first = await t.mint({ key_type: 'user' }, member);
    const second = await t.mint({ key_type: 'user' }, first.key);
    expect(first.user_id).not.toBeNull();
    expect(second.user_id).toBe(first.user_id);
  });
});

describe('no key widens itself', () => {
  it('by scopes', async () => {
    const narrow = await t.mint({ scopes: ['api_keys:write', 'sandboxes:write'] });
    expect((await create(narrow.key, { key_type: 'live', scopes: ['sandboxes:read', 'previews:write'] })).status).toBe(201);
    for (const scopes of [undefined, ['*'], ['*:read'], ['audit:read'], ['sandboxes:write', 'llm:invoke']]) {
      const answer = await create(narrow.key, { key_type: 'live', scopes });
      expect(answer.body.error).toMatchObject({ code: 'FORBIDDEN', details: { reason: 'key_widens_itself' } });
    }
    expect((await create(narrow.key, { key_type: 'live', purpose: 'optimal' })).status).toBe(403);
  });

  it('by workspace', async () => {
    const [own, elsewhere] = [await workspace(), await workspace()];
    const bound = await t.mint({ workspace_id: own });
    expect((await t.mint({}, bound.key)).workspace_id).toBe(own);
    expect((await create(bound.key, { key_type: 'live', workspace_id: elsewhere })).status).toBe(404);
    expect((await create(t.key, { key_type: 'live', workspace_id: newUuid() })).status).toBe(404);
    expect((await create(member, { key_type: 'user', workspace_id: own })).status).toBe(404);
  });

  it('by address, life or rate', async () => {
    const expires_at = new Date(Date.now() + 3600_000).toISOString();
    const narrow = await t.mint({ allowed_ips: ['10.0.0.0/8'], expires_at, rate_limit_rpm: 50 });
    const by = (body: object) => t.call('POST', '/api-keys', { name: 'k', key_type: 'live', ...body }, { as: narrow.key, ip: '10.1.1.1' });
    expect((await by({})).body.data).toMatchObject({ allowed_ips: ['10.0.0.0/8'], expires_at, rate_limit_rpm: 50 });
    expect((await by({ allowed_ips: ['10.1.0.0/16'] })).status).toBe(201);
    for (const body of [{ allowed_ips: [] }, { allowed_ips: ['0.0.0.0/0'] }, { expires_at: '2999-01-01T00:00:00Z' }]) {
      expect((await by(body)).status).toBe(403);
    }
    const self = (body: object) => t.call('PATCH', `/api-keys/${narrow.id}`, body, { as: narrow.key, ip: '10.1.1.1' });
    expect((await self({ allowed_ips: null })).status).toBe(403);
    expect((await self({ rate_limit_rpm: 300 })).body.data.rate_limit_rpm).toBe(50);
    const free = await t.mint({});
    const theft = await t.call('POST', `/api-keys/${free.id}/rotate`, {}, { as: narrow.key, ip: '10.1.1.1' });
    expect(theft.body.error.details).toEqual({ reason: 'key_widens_itself' });
  });

  it('by rotating or disarming a greater one', async () => {
    const narrow = await t.mint({ scopes: ['api_keys:write'] });
    const great = await t.mint({});
    const users = await t.mint({ key_type: 'user' }, admin);
    const operators = await t.mint({ key_type: 'admin' }, operator);
    for (const target of [great, users, operators]) {
      const expected = target === operators ? 404 : 403;
      expect((await t.call('POST', `/api-keys/${target.id}/rotate`, {}, { as: narrow.key })).status).toBe(expected);
      expect((await t.call('DELETE', `/api-keys/${target.id}`, undefined, { as: narrow.key })).status).toBe(expected);
      expect((await t.call('PATCH', `/api-keys/${target.id}`, { name: 'x' }, { as: narrow.key })).status).toBe(expected);
      expect(await works(target.key)).toBe(true);
    }
    // Nor does an admin come to hold another user's key, or an operator's.
    const members = await t.mint({ key_type: 'user' }, member);
    expect((await t.call('POST', `/api-keys/${members.id}/rotate`, {}, { as: admin })).body.error.details).toEqual({
      reason: 'other_user',
    });
    expect((await t.call('POST', `/api-keys/${operators.id}/rotate`, {}, { as: admin })).status).toBe(404);
    expect((await t.call('DELETE', `/api-keys/${members.id}`, undefined, { as: admin })).status).toBe(200);
  });
});

describe('keys are seen', () => {
  const ids = async (as: string) =>
    (await t.call('GET', '/api-keys?limit=100', undefined, { as })).body.data.map((k: { id: string }) => k.id);

  it('by their users, their workspace’s keys, and the organization', async () => {
    const ws = await workspace();
    const bound = await t.mint({ workspace_id: ws });
    const mine = await t.mint({ key_type: 'user' }, member);
    const operators = await t.mint({ key_type: 'platform' }, operator);
    const foreign = (await t.addTenant('Key Neighbour')).key;
    expect(await ids(bound.key)).toEqual([bound.id]);
    const own = await ids(member);
    expect(own).toContain(mine.id);
    expect(own).not.toContain(bound.id);
    expect(await ids(t.key)).toEqual(expect.arrayContaining([bound.id, mine.id]));
    expect(await ids(t.key)).not.toContain(operators.id);
    expect(await ids(operator)).toContain(operators.id);
    for (const as of [foreign, bound.key, viewer]) {
      expect((await t.call('GET', `/api-keys/${mine.id}`, undefined, { as })).status).toBe(404);
      expect((await t.call('DELETE', `/api-keys/${mine.id}`, undefined, { as })).status).toBe(404);
    }
  });

  it('by type and status', async () => {
    const { id } = await t.mint({ key_type: 'test' });
    await t.call('DELETE', `/api-keys/${id}`);
    const listed = (await t.call('GET', '/api-keys?key_type=test&status=revoked&limit=100')).body.data;
    expect(listed.map((k: { id: string }) => k.id)).toContain(id);
    expect(
      (await t.call('GET', '/api-keys?key_type=test&status=active&limit=100')).body.data.map((k: { id: string }) => k.id),
    ).not.toContain(id);
  });
});

describe('the life of a key', () => {
  it('narrows and never grows', async () => {
    const { id, key } = await t.mint({ scopes: ['workspaces:write', 'audit:read'] });
    expect((await t.call('GET', '/audit', undefined, { as: key })).status).toBe(200);
    const patch = (body: object) => t.call('PATCH', `/api-keys/${id}`, body, { as: admin });
    expect((await patch({ name: 'New', scopes: ['workspaces:read'] })).body.data).toMatchObject({
      name: 'New',
      scopes: ['workspaces:read'],
    });
    expect((await t.call('GET', '/audit', undefined, { as: key })).body.error.details).toEqual({ required_scope: 'audit:read' });
    expect((await t.call('GET', '/workspaces', undefined, { as: key })).status).toBe(200);
    expect((await patch({ scopes: ['workspaces:write'] })).status).toBe(422);
  });

  it('is held to its addresses', async () => {
    const { key } = await t.mint({ allowed_ips: ['203.0.113.0/24', '2001:db8::/32'] });
    expect(await works(key, '203.0.113.9')).toBe(true);
    expect(await works(key, '2001:db8::9')).toBe(true);
    expect(await works(key, '198.51.100.1')).toBe(false);
    expect(await works(key, '203.0.113.9, 198.51.100.1')).toBe(false);
    expect(await works(key)).toBe(false);
  });

  it('ends with a revocation, at once and for good', async () => {
    const { id, key } = await t.mint({});
    expect(await works(key)).toBe(true);
    const { body } = await t.call('DELETE', `/api-keys/${id}`);
    expect(body.data).toMatchObject({ id, status: 'revoked' });
    expect(await works(key)).toBe(false);
    expect((await t.call('DELETE', `/api-keys/${id}`)).body.data).toEqual(body.data);
    expect((await t.call('POST', `/api-keys/${id}/rotate`, {})).body.error.code).toBe('CONFLICT');
    expect((await t.call('PATCH', `/api-keys/${id}`, { name: 'x' })).body.error.code).toBe('CONFLICT');
    expect((await t.call('GET', `/audit?action=apiKeys.revoke&resource_id=${id}`)).body.data).toHaveLength(1);
  });

  it('may revoke itself', async () => {
    const { id, key } = await t.mint({});
    expect((await t.call('DELETE', `/api-keys/${id}`, undefined, { as: key })).status).toBe(200);
    expect(await works(key)).toBe(false);
  });

  it('goes on in a successor; the old key ends after the grace', async () => {
    const ws = await workspace();
    const old = await t.mint({ scopes: ['workspaces:read'], workspace_id: ws, allowed_ips: ['10.0.0.0/8'] });
    const at = { ip: '10.0.0.1' };
    const { status, body } = await t.call('POST', `/api-keys/${old.id}/rotate`, { grace_seconds: 60 });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      key_type: 'live',
      scopes: ['workspaces:read'],
      workspace_id: ws,
      allowed_ips: ['10.0.0.0/8'],
      expires_at: null,
    });
    expect(body.data.id).not.toBe(old.id);
    expect([await works(old.key, at.ip), await works(body.data.key, at.ip)]).toEqual([true, true]);
    const again = await t.call('POST', `/api-keys/${body.data.id}/rotate`);
    expect(again.status).toBe(201);
    expect([await works(body.data.key, at.ip), await works(again.body.data.key, at.ip)]).toEqual([false, true]);
    expect((await t.call('GET', `/api-keys/${body.data.id}`)).body.data).toMatchObject({
      status: 'expired',
      rotated_to: again.body.data.id,
    });
  });

  it('ends with its date, also while it is remembered', async () => {
    const local = await createInstallation();
    try {
      const { key } = await local.mint({ expires_at: new Date(Date.now() + 60_000).toISOString() });
      const status = async () => (await local.call('GET', '/auth/me', undefined, { as: key })).status;
      expect(await status()).toBe(200);
      local.advance(61_000);
      expect(await status()).toBe(401);
    } finally {
      await local.close();
    }
  });

  it('knows when it was used last, soon after', async () => {
    const { id, key } = await t.mint({});
    await works(key);
    await t.access.close();
    const { last_used_at } = (await t.call('GET', `/api-keys/${id}`)).body.data;
    expect(Math.abs(Date.now() - Date.parse(last_used_at))).toBeLessThan(60_000);
    await t.access.start();
  });
});
