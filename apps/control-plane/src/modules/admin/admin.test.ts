import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, type Person, startTestControlPlane, type TestControlPlane } from '../../testing/index.ts';

let plane: TestControlPlane;
let operator: string;
let operatorId: string;
let ownTenant: string;
let target: { id: string; slug: string };
let owner: Person & { token: string };

// biome-ignore lint/suspicious/noExplicitAny: wire bodies.
type Answer = { status: number; body: any };

const call = async (as: string | null, method: string, path: string, body?: object, tenant?: string): Promise<Answer> => {
  const headers = {
    ...(as === null ? {} : { authorization: `Bearer ${as}` }),
    ...(tenant === undefined ? {} : { 'x-miosa-tenant': tenant }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const { status, text } = await plane.send({ method, path: `/api/v1${path}`, headers, body: body && JSON.stringify(body) });
  return { status, body: JSON.parse(text) };
};
const admin = (method: string, path: string, body?: object) => call(operator, method, `/admin${path}`, body);
const login = async (email: string): Promise<Answer> => call(null, 'POST', '/auth/login', { email, password: PASSWORD });
const person = async (tenantId: string, role: 'owner' | 'admin' | 'member' | 'viewer', isOperator = false) => {
  const made = await plane.addUser(tenantId, role, isOperator);
  return { ...made, token: (await login(made.email)).body.token as string };
};
const actions = async (tenantId: string): Promise<string[]> =>
  (await admin('GET', `/audit?tenant_id=${tenantId}&limit=100`)).body.data.map((entry: { action: string }) => entry.action);
/** Within a second (contract 2.4); the poll is generous, since machines are slow. */
const soon = (ask: () => Promise<Answer>) => expect.poll(async () => (await ask()).status, { timeout: 5000, interval: 50 });

let n = 0;
const freshTenant = async () => {
  const made = await plane.addTenant(`Target ${++n} ${Date.now().toString(36)}`);
  return { ...made, owner: await person(made.id, 'owner') };
};

beforeAll(async () => {
  plane = await startTestControlPlane();
  const answer = (await login(plane.first.email)).body;
  [operator, operatorId, ownTenant] = [answer.token, answer.user.id, answer.tenant.id];
  ({ owner, ...target } = await freshTenant());
});
afterAll(() => plane.close());

describe('the gate', () => {
  it('lets in operators and operator keys alone: not owners, server keys or user keys', async () => {
    const live = (await call(owner.token, 'POST', '/api-keys', { name: 'k', key_type: 'live' })).body.data.key;
    const user = (await call(owner.token, 'POST', '/api-keys', { name: 'k', key_type: 'user' })).body.data.key;
    const operatorKey = (await admin('POST', '/api-keys', { name: 'ops', tenant_id: ownTenant, key_type: 'admin' })).body.data.key;
    for (const path of ['/users', '/tenants', '/api-keys', '/api-keys/stats', '/audit', '/stats', '/dashboard', '/health/detailed']) {
      for (const as of [owner.token, live, user]) {
        expect((await call(as, 'GET', `/admin${path}`)).body.error?.details).toEqual({ required_role: 'operator' });
      }
      for (const as of [operator, operatorKey]) expect((await call(as, 'GET', `/admin${path}`)).status).toBe(200);
    }
    expect((await call(null, 'GET', '/admin/users')).status).toBe(401);
  });

  it('answers 404 for what is not there', async () => {
    const nobody = '00000000-0000-7000-8000-000000000000';
    for (const path of [`/users/${nobody}`, `/tenants/${nobody}`]) expect((await admin('GET', path)).status).toBe(404);
    expect((await admin('POST', `/users/${nobody}/suspend`, {})).status).toBe(404);
    expect((await admin('DELETE', `/tenants/${nobody}`)).status).toBe(404);
    expect((await admin('DELETE', `/api-keys/${nobody}`)).status).toBe(404);
    expect((await admin('GET', '/users/not-an-id')).status).toBe(404);
  });
});

describe('users', () => {
  it('are found by e-mail and status, page by page, with their organizations', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => plane.addUser(target.id, 'viewer')));
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await admin('GET', `/users?limit=2${cursor}`);
      seen.push(...body.data.map((user: Person) => user.id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made.map((user) => user.id)));
    const [found, ...rest] = (await admin('GET', `/users?q=${made[0]?.email.toUpperCase()}`)).body.data;
    expect(rest).toEqual([]);
    expect(found).toMatchObject({
      id: made[0]?.id,
      status: 'active',
      tenants: [{ tenant_id: target.id, slug: target.slug, role: 'viewer' }],
    });
    expect((await admin('GET', '/users?q=%25')).body.data).toEqual([]);
    expect(JSON.stringify(found)).not.toContain('password');
  });

  it('can be renamed; an e-mail that is taken is refused', async () => {
    const user = await plane.addUser(target.id, 'member');
    expect((await admin('PATCH', `/users/${user.id}`, { name: 'Ada' })).body.data).toMatchObject({ name: 'Ada', email: user.email });
    expect((await admin('PATCH', `/users/${user.id}`, { email: owner.email })).body.error.details).toEqual({ reason: 'email_taken' });
    expect((await admin('PATCH', `/users/${user.id}`, { email: 'no address' })).status).toBe(422);
  });

  it('who are suspended lose sessions and keys, and get their keys back with the end of it', async () => {
    const user = await person(target.id, 'member');
    const key = (await call(user.token, 'POST', '/api-keys', { name: 'k', key_type: 'user' })).body.data.key;
    for (const as of [user.token, key]) expect((await call(as, 'GET', '/workspaces')).status).toBe(200);
    const suspended = await admin('POST', `/users/${user.id}/suspend`, { reason: 'abuse' });
    expect(suspended.body.data).toMatchObject({ status: 'suspended', suspend_reason: 'abuse' });
    for (const as of [user.token, key]) await soon(() => call(as, 'GET', '/workspaces')).toBe(401);
    expect((await login(user.email)).status).not.toBe(200);
    expect((await admin('GET', `/users?status=suspended&q=${user.email}`)).body.data).toHaveLength(1);
    expect((await admin('POST', `/users/${user.id}/unsuspend`)).body.data).toMatchObject({ status: 'active', suspend_reason: null });
    await soon(() => call(key, 'GET', '/workspaces')).toBe(200);
    expect((await call(user.token, 'GET', '/workspaces')).status).toBe(401);
    expect((await login(user.email)).status).toBe(200);
    expect(await actions(target.id)).toEqual(expect.arrayContaining(['admin.users.suspend', 'admin.users.unsuspend']));
  });

  it('are logged out everywhere, and keep their keys', async () => {
    const user = await person(target.id, 'member');
    const key = (await call(user.token, 'POST', '/api-keys', { name: 'k', key_type: 'user' })).body.data.key;
    const refresh = (await login(user.email)).body.refresh_token;
    expect((await admin('POST', `/users/${user.id}/force-logout`)).status).toBe(200);
    await soon(() => call(user.token, 'GET', '/workspaces')).toBe(401);
    expect((await call(null, 'POST', '/auth/refresh', { refresh_token: refresh })).status).toBe(401);
    expect((await call(key, 'GET', '/workspaces')).status).toBe(200);
  });

  it('who are deleted leave nothing but their id; only owners have to be replaced first', async () => {
    const user = await person(target.id, 'member');
    const key = (await call(user.token, 'POST', '/api-keys', { name: 'k', key_type: 'user' })).body.data.key;
    const refused = await admin('DELETE', `/users/${owner.id}`);
    expect([refused.status, refused.body.error.details]).toEqual([409, { reason: 'last_owner', tenant_ids: [target.id] }]);
    for (let i = 0; i < 2; i++) {
      expect((await admin('DELETE', `/users/${user.id}`)).body.data).toEqual({ id: user.id, deleted: true });
    }
    for (const as of [user.token, key]) await soon(() => call(as, 'GET', '/workspaces')).toBe(401);
    expect((await login(user.email)).status).toBe(401);
    expect((await admin('GET', `/users/${user.id}`)).status).toBe(404);
    expect((await admin('GET', `/users?q=${user.id}`)).body.data).toEqual([]);
    expect(await actions(target.id)).toContain('admin.users.delete');
  });

  it('in bulk, each by itself', async () => {
    const [a, b] = [await plane.addUser(target.id, 'member'), await plane.addUser(target.id, 'member')];
    const { body } = await admin('POST', '/users/bulk', { user_ids: [a.id, owner.id, b.id], action: 'delete' });
    expect(body.data.results.map((r: { id: string; success: boolean }) => [r.id, r.success])).toEqual([
      [a.id, true],
      [owner.id, false],
      [b.id, true],
    ]);
    expect((await admin('POST', '/users/bulk', { user_ids: [], action: 'delete' })).status).toBe(422);
    expect((await admin('POST', '/users/bulk', { user_ids: [a.id], action: 'promote' })).status).toBe(422);
  });
});

describe('operators', () => {
  it('are made and unmade; the last one stays in every way', async () => {
    const refused = [
      await admin('POST', `/users/${operatorId}/role`, { is_operator: false }),
      await admin('POST', `/users/${operatorId}/suspend`, {}),
      await admin('DELETE', `/users/${operatorId}`),
    ];
    for (const { status, body } of refused) expect([status, body.error.details]).toEqual([409, { reason: 'last_operator' }]);
    const other = await person(target.id, 'member');
    expect((await call(other.token, 'GET', '/admin/users')).status).toBe(403);
    expect((await admin('POST', `/users/${other.id}/role`, { is_operator: true })).body.data.is_operator).toBe(true);
    await soon(() => call(other.token, 'GET', '/admin/users')).toBe(200);
    expect((await admin('POST', `/users/${other.id}/role`, { is_operator: false })).body.data.is_operator).toBe(false);
    await soon(() => call(other.token, 'GET', '/admin/users')).toBe(403);
  });

  it('cannot demote each other at the same moment until none is left', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, () => plane.addUser(ownTenant, 'member', true)));
    const all = [operatorId, ...others.map((user) => user.id)];
    const answers = await Promise.all(all.map((id) => admin('POST', `/users/${id}/suspend`, {})));
    const left = answers.filter(({ status }) => status !== 200);
    expect(left.length).toBeGreaterThan(0);
    const survivor = all[answers.findIndex(({ status }) => status === 409)];
    // Back to one operator with a session, for what follows.
    const key = await plane.first.key;
    expect((await call(key, 'GET', '/auth/me')).status).toBe(200);
    const saviour = survivor === operatorId ? operator : (await login(others.find((user) => user.id === survivor)?.email ?? '')).body.token;
    await call(saviour, 'POST', `/admin/users/${operatorId}/unsuspend`);
    operator = (await login(plane.first.email)).body.token;
    for (const { id } of others) await admin('POST', `/users/${id}/role`, { is_operator: false });
    expect((await admin('GET', '/users')).status).toBe(200);
  });
});

describe('organizations', () => {
  it('are found by name and slug, with what is in them', async () => {
    const [found, ...rest] = (await admin('GET', `/tenants?q=${target.slug.toUpperCase()}`)).body.data;
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ id: target.id, status: 'active', counts: { sandboxes: 0 } });
    expect((await admin('GET', `/tenants/${target.id}`)).body.data).toEqual(found);
    expect(await actions(target.id)).toContain('admin.tenants.get');
  });

  it('get plan and settings', async () => {
    expect((await admin('POST', `/tenants/${target.id}/plan`, { plan: 'pro' })).body.data.plan).toBe('pro');
    expect((await admin('POST', `/tenants/${target.id}/plan`, { plan: 'golden' })).status).toBe(422);
    const settings = { allowed_origins: ['https://app.example.com'] };
    expect((await admin('PATCH', `/tenants/${target.id}`, { settings })).body.data.settings).toMatchObject(settings);
    expect(await actions(target.id)).toEqual(expect.arrayContaining(['admin.tenants.plan', 'admin.tenants.update', 'settings.update']));
  });

  it('that are suspended answer 403 to all their credentials, pause their sandboxes and keep them', async () => {
    const { id, owner: boss } = await freshTenant();
    const key = (await call(boss.token, 'POST', '/api-keys', { name: 'k', key_type: 'live' })).body.data.key;
    const make = (persistent: boolean) => call(key, 'POST', '/sandboxes', { wait: true, persistent });
    const sandboxes = [(await make(true)).body.data.id, (await make(false)).body.data.id];
    const view = () => Promise.all(sandboxes.map((sandbox) => call(operator, 'GET', `/sandboxes/${sandbox}`, undefined, id)));
    const states = async () => (await view()).map(({ body }) => [body.data.state, body.data.state_reason]);
    expect((await admin('POST', `/tenants/${id}/suspend`, { reason: 'unpaid' })).body.data).toMatchObject({
      status: 'suspended',
      suspend_reason: 'unpaid',
    });
    for (const as of [key, boss.token]) {
      await soon(() => call(as, 'GET', '/workspaces')).toBe(403);
      expect((await call(as, 'GET', '/workspaces')).body.error.details).toEqual({ reason: 'organization_suspended' });
    }
    await expect.poll(states, { timeout: 10_000 }).toEqual([
      ['paused', 'operator'],
      ['paused', 'operator'],
    ]);
    expect((await admin('POST', `/tenants/${id}/unsuspend`)).body.data.status).toBe('active');
    for (const as of [key, boss.token]) await soon(() => call(as, 'GET', '/workspaces')).toBe(200);
    expect((await call(key, 'POST', `/sandboxes/${sandboxes[0]}/resume`, {})).status).toBe(200);
  });

  it('that are deleted end with all they have; repeating it is fine', async () => {
    const { id, owner: boss } = await freshTenant();
    const key = (await call(boss.token, 'POST', '/api-keys', { name: 'k', key_type: 'live' })).body.data.key;
    const sandbox = (await call(key, 'POST', '/sandboxes', { wait: true })).body.data.id;
    for (let i = 0; i < 2; i++) expect((await admin('DELETE', `/tenants/${id}`)).body.data).toEqual({ id, deleted: true });
    for (const as of [key, boss.token]) await soon(() => call(as, 'GET', '/workspaces')).toBe(401);
    expect((await admin('GET', `/tenants/${id}`)).status).toBe(404);
    expect(sandbox).toMatch(/^sbx_/);
    expect(await actions(id)).toEqual(expect.arrayContaining(['admin.tenants.delete', 'sandboxes.destroy']));
  });

  it('are not suspended or deleted by who acts in them', async () => {
    for (const answer of [await admin('POST', `/tenants/${ownTenant}/suspend`, {}), await admin('DELETE', `/tenants/${ownTenant}`)]) {
      expect([answer.status, answer.body.error.details]).toEqual([409, { reason: 'own_organization' }]);
    }
  });
});

describe('API keys', () => {
  it('of any type for any organization, on record there; listed without plaintext, revoked for good', async () => {
    const { id, owner: boss } = await freshTenant();
    const made = await admin('POST', '/api-keys', { name: 'k', tenant_id: id, key_type: 'live', scopes: ['sandboxes:read'] });
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({ tenant_id: id, key_type: 'live', scopes: ['sandboxes:read'], user_id: null });
    const { key } = made.body.data;
    expect((await call(key, 'GET', '/sandboxes')).status).toBe(200);
    const owned = await admin('POST', '/api-keys', { name: 'u', tenant_id: id, user_id: boss.id });
    expect(owned.body.data).toMatchObject({ key_type: 'user', user_id: boss.id });
    const listed = (await admin('GET', `/api-keys?tenant_id=${id}&status=active`)).body.data;
    expect(listed.map((row: { id: string }) => row.id)).toEqual([owned.body.data.id, made.body.data.id]);
    expect(JSON.stringify(listed)).not.toContain(key);
    expect((await admin('DELETE', `/api-keys/${made.body.data.id}`)).body.data.status).toBe('revoked');
    await soon(() => call(key, 'GET', '/sandboxes')).toBe(401);
    expect(await actions(id)).toEqual(expect.arrayContaining(['admin.apiKeys.create', 'admin.apiKeys.revoke']));
  });

  it('refuses a user key without a member to own it, and a user for other keys', async () => {
    const body = { name: 'k', tenant_id: target.id };
    expect((await admin('POST', '/api-keys', body)).status).toBe(422);
    expect((await admin('POST', '/api-keys', { ...body, user_id: operatorId })).status).toBe(422);
    expect((await admin('POST', '/api-keys', { ...body, key_type: 'live', user_id: owner.id })).status).toBe(422);
    expect((await admin('POST', '/api-keys', { ...body, tenant_id: operatorId, key_type: 'live' })).status).toBe(404);
  });

  it('an operator’s key gives no more than it has', async () => {
    const narrow = { name: 'narrow', tenant_id: ownTenant, key_type: 'admin', scopes: ['sandboxes:read'], allowed_ips: [] };
    const { key } = (await admin('POST', '/api-keys', narrow)).body.data;
    const wide = await call(key, 'POST', '/admin/api-keys', { name: 'wide', tenant_id: target.id, key_type: 'live' });
    expect([wide.status, wide.body.error.details]).toEqual([403, { reason: 'key_widens_itself' }]);
  });

  it('are revoked in bulk and counted', async () => {
    const mint = async () => (await admin('POST', '/api-keys', { name: 'b', tenant_id: target.id, key_type: 'test' })).body.data.id;
    const ids = [await mint(), '00000000-0000-7000-8000-000000000000', await mint()];
    const { body } = await admin('POST', '/api-keys/bulk-revoke', { key_ids: ids });
    expect(body.data.results.map((r: { success: boolean }) => r.success)).toEqual([true, false, true]);
    const stats = (await admin('GET', '/api-keys/stats')).body.data;
    expect(stats.total).toBe(stats.active + stats.revoked + stats.expired);
    expect(stats.revoked).toBeGreaterThanOrEqual(2);
  });
});

describe('overview', () => {
  it('counts, and shows the audit log of all organizations and the state of what the platform needs', async () => {
    const stats = (await admin('GET', '/stats')).body.data;
    expect(stats.tenants.total).toBeGreaterThan(1);
    expect(stats.users.operators).toBe(1);
    expect(stats.audit.denied_24h).toBeGreaterThanOrEqual(0);
    expect((await admin('GET', '/dashboard')).body.data.users).toBe(stats.users.total);
    const entries = (await admin('GET', '/audit?limit=100')).body.data;
    expect(new Set(entries.map((entry: { tenant_id: string }) => entry.tenant_id)).size).toBeGreaterThan(1);
    expect((await admin('GET', '/health/detailed')).body.data).toMatchObject({
      dependencies: { database: true },
      version: expect.any(String),
    });
  });

  it('leaves every organization’s chain whole', async () => {
    for (const tenant of [target.id, ownTenant]) {
      expect((await call(operator, 'GET', '/audit/verify', undefined, tenant)).body.data).toMatchObject({
        valid: true,
        first_bad_id: null,
      });
    }
  });
});
