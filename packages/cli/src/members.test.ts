import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, type Handler, refuse, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const ANNA = '11111111-1111-4111-8111-111111111111';
const BEN = '22222222-2222-4222-8222-222222222222';
const HOME = { id: '33333333-3333-4333-8333-333333333333', name: 'ClinicIQ', slug: 'cliniciq', role: 'owner', plan: 'free' };
const OTHER = { id: '44444444-4444-4444-8444-444444444444', name: 'Other', slug: 'other', role: 'member', plan: 'free' };
const WORKSPACE = '550e8400-e29b-41d4-a716-446655440000';

interface Seen {
  readonly line: string;
  readonly credential: string | undefined;
  readonly tenant: string | undefined;
  readonly body: unknown;
}
let seen: Seen[];
/** What a test wants answered otherwise: `METHOD path` to a handler. */
let special: Record<string, Handler>;
const lines = () => seen.map(({ line }) => line);
const bodyOf = (line: string) => seen.find((one) => one.line === line)?.body;

const user = { id: ANNA, email: 'anna@example.com', name: 'Anna', is_operator: false, created_at: '2026-01-01' };
const key = { id: 'k1', name: 'laptop', key_prefix: 'msk_u_abc123', key_type: 'user', expires_at: null, workspace_id: null };
const member = (id: string, email: string) => ({
  user_id: id,
  email,
  name: null,
  role: 'member',
  status: 'active',
  joined_at: '2026-01-01',
});
const session = { token: 'eyJ.new', refresh_token: 'eyJ.refresh', user: { id: ANNA, email: user.email, name: null }, tenant: HOME };
const invite = { id: 'inv_1', email: 'carl@example.com', role: 'member', expires_at: '2999-01-01T00:00:00.000Z', accepted_at: null };

const ok =
  (data: unknown, status = 200): Handler =>
  (_request, response) =>
    answer(response, status, { data });

const usual = (line: string, tenant: string | undefined): Handler => {
  const place = tenant === OTHER.id || tenant === OTHER.slug ? OTHER : HOME;
  if (line === 'POST /auth/login' || line === 'POST /auth/register') return (_request, response) => answer(response, 200, session);
  if (line === 'GET /auth/me')
    return (request, response) => {
      const isKey = request.headers.authorization?.startsWith('Bearer msk_') === true;
      const who = { credential: isKey ? 'key' : 'jwt', user, tenant: place, role: place.role, key: isKey ? key : null };
      answer(response, 200, { data: { ...who, scopes: ['*'], permissions: null } });
    };
  if (line === 'POST /api-keys') return ok({ id: 'k2', key: 'msk_u_made', key_type: 'user' }, 201);
  if (/^GET .*\/members/.test(line)) return ok([member(ANNA, user.email), member(BEN, 'ben@example.com')]);
  if (/^(POST|PATCH) .*\/members/.test(line)) return ok(member(BEN, 'ben@example.com'));
  if (/^POST .*\/invites$/.test(line)) return ok({ ...invite, invite_url: `${cli.base}/invites/tok` }, 201);
  if (/^GET \/(tenants|workspaces)\/.*\/invites/.test(line)) return ok([invite]);
  if (line.startsWith('DELETE ')) return ok({ id: BEN, deleted: true });
  if (line === 'GET /invites/tok')
    return ok({
      ...invite,
      email: user.email,
      tenant_name: 'Other',
      workspace_name: null,
      expired: false,
      revoked: false,
      accepted: false,
    });
  if (line === 'POST /invites/tok/accept') return ok({ accepted: true, tenant_id: OTHER.id, workspace_id: null, role: 'member' });
  if (line === 'GET /platform/tenants') return ok([HOME, OTHER]);
  if (/^(PUT \/tenants|POST \/platform\/tenants)/.test(line))
    return ok({ ...OTHER, tenant: OTHER, token: 'eyJ.other', refresh_token: 'eyJ.r' });
  return ok({ success: true });
};

beforeEach(() => {
  seen = [];
  special = {};
  cli.handler = (request, response) => {
    const line = `${request.method} ${(request.url ?? '').replace('/api/v1', '')}`;
    const tenant = request.headers['x-miosa-tenant'] as string | undefined;
    const { authorization } = request.headers;
    seen.push({ line, credential: authorization, tenant, body: request.text === '' ? undefined : JSON.parse(request.text) });
    (special[line] ?? usual(line, tenant))(request, response);
  };
});

const miosa = (args: readonly string[], more: Parameters<TestCli['run']>[1] = {}) => cli.run(args, { answers: ['correct horse'], ...more });

describe('administration', () => {
  it('opens a session of the key’s user for one command, in the organization of the key, and ends it', async () => {
    const { code, out } = await miosa(['members', 'ls']);
    expect(code).toBe(0);
    expect(out).toMatch(/^USER +E-MAIL +NAME +ROLE/);
    expect(out).toContain('ben@example.com');
    expect(bodyOf('POST /auth/login')).toEqual({ email: user.email, password: 'correct horse' });
    const listing = seen.find(({ line }) => line.includes('/members'));
    expect(listing).toMatchObject({ credential: 'Bearer eyJ.new', tenant: HOME.id });
    expect(seen.at(-1)).toMatchObject({ line: 'POST /auth/logout', body: { refresh_token: 'eyJ.refresh' } });
  });

  it('ends the session when the command fails, and says why', async () => {
    special[`GET /tenants/${HOME.id}/members?limit=100`] = refuse(403, 'FORBIDDEN');
    expect(await miosa(['members', 'ls'])).toMatchObject({ code: 3, out: '' });
    expect(lines().at(-1)).toBe('POST /auth/logout');
  });

  it('takes account and password from the environment, but no password of another account', async () => {
    const env = { MIOSA_EMAIL: 'root@example.com', MIOSA_PASSWORD: 'from the environment' };
    await miosa(['members', 'ls', '-q'], { env });
    expect(bodyOf('POST /auth/login')).toEqual({ email: 'root@example.com', password: 'from the environment' });
    seen = [];
    await miosa(['members', 'ls', '--email', 'else@example.com'], { env });
    expect(bodyOf('POST /auth/login')).toEqual({ email: 'else@example.com', password: 'correct horse' });
  });

  it('asks when the password of the environment is refused', async () => {
    special['POST /auth/login'] = (request, response) =>
      request.text.includes('old') ? refuse(401, 'UNAUTHORIZED')(request, response) : answer(response, 200, session);
    expect(await miosa(['members', 'ls'], { env: { MIOSA_PASSWORD: 'old' } })).toMatchObject({ code: 0 });
  });

  it('uses a session that is given in the place of a key, and leaves it open', async () => {
    expect(await miosa(['members', 'ls', '-q'], { env: { MIOSA_API_KEY: 'eyJ.given' }, answers: [] })).toMatchObject({
      code: 0,
      out: `${ANNA}\n${BEN}\n`,
    });
    expect(lines()).not.toContain('POST /auth/login');
    expect(lines()).not.toContain('POST /auth/logout');
  });

  it('opens a session for checking the audit log where a key of a user is not enough', async () => {
    special['GET /audit/verify'] = (request, response) =>
      request.headers.authorization?.startsWith('Bearer msk_')
        ? answer(response, 403, { error: { code: 'FORBIDDEN', message: 'No.', request_id: 'req_1', details: { reason: 'user_key' } } })
        : answer(response, 200, { data: { valid: true, checked: 3, sealed_until: null, defect: null, first_bad_id: null } });
    expect(await miosa(['audit', 'verify'])).toMatchObject({ code: 0, out: 'Whole and unchanged: 3 entries.\n' });
  });

  it('says so when the account is not at home in the organization', async () => {
    special['GET /auth/me'] = (request, response) =>
      request.headers['x-miosa-tenant'] === 'nowhere'
        ? refuse(404, 'NOT_FOUND')(request, response)
        : usual('GET /auth/me', undefined)(request, response);
    const { code, err } = await miosa(['tenants', 'delete', 'nowhere', '--yes']);
    expect(code).toBe(1);
    expect(err).toContain('does not belong to an organization "nowhere"');
  });
});

describe('members', () => {
  const at = `/tenants/${HOME.id}/members`;
  it.each([
    ['another role, by e-mail', ['role', 'BEN@example.com', 'admin'], `PATCH ${at}/${BEN}`, { role: 'admin' }],
    ['one more, by id', ['add', BEN, '--role', 'viewer'], `POST ${at}`, { user_id: BEN, role: 'viewer' }],
    ['gone', ['rm', 'ben@example.com', '--yes'], `DELETE ${at}/${BEN}`, undefined],
    ['gone by oneself, without looking at the list', ['rm', user.email, '--yes'], `DELETE ${at}/${ANNA}`, undefined],
    ['a new owner', ['transfer', 'ben@example.com', '--yes'], `POST /tenants/${HOME.id}/transfer-ownership`, { user_id: BEN }],
    [
      'one of a workspace',
      ['add', 'ben@example.com', '--workspace', WORKSPACE],
      `POST /workspaces/${WORKSPACE}/members`,
      { user_id: BEN, role: 'member' },
    ],
    [
      'gone from a workspace',
      ['rm', 'ben@example.com', '--workspace', WORKSPACE, '--yes'],
      `DELETE /workspaces/${WORKSPACE}/members/${BEN}`,
      undefined,
    ],
  ])('%s', async (_what, args, line, body) => {
    expect(await miosa(['members', ...args])).toMatchObject({ code: 0 });
    expect(lines()).toContain(line);
    expect(bodyOf(line)).toEqual(body);
    if (args[1] === user.email) expect(lines().some((one) => one.startsWith('GET /tenants/'))).toBe(false);
  });

  it.each([
    ['rm', ['members', 'rm', BEN]],
    ['transfer', ['members', 'transfer', BEN]],
    ['deletion of an organization', ['tenants', 'delete', 'cliniciq']],
  ])('%s asks a person, and does nothing for a script that did not say --yes', async (_what, args) => {
    const refused = await miosa(args);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain('--yes');
    expect((await miosa(args, { terminal: true, answers: ['no'] })).code).toBe(1);
    expect(seen).toEqual([]);
    expect((await miosa(args, { terminal: true, answers: ['yes', 'correct horse'] })).code).toBe(0);
  });

  it.each([
    ['an unknown role', ['members', 'role', BEN, 'king'], /Allowed choices are viewer, member, admin, owner/],
    ['an address that can only be invited', ['members', 'add', 'carl@example.com'], /miosa members invite carl@example.com/],
    ['somebody who is no member', ['members', 'role', 'carl@example.com', 'admin'], /no member of ClinicIQ/],
    ['an invite nobody sent', ['members', 'uninvite', 'dora@example.com'], /no open invite/],
  ])('%s changes nothing and says what to do', async (_what, args, text) => {
    const result = await miosa(args);
    expect(result.code).toBe(1);
    expect(result.err).toMatch(text);
    expect(lines().filter((line) => /^(PATCH|DELETE|POST .*(members|invites))/.test(line))).toEqual([]);
  });
});

describe('invites', () => {
  it('print the link alone, or say that nobody needed one', async () => {
    expect(await miosa(['members', 'invite', 'carl@example.com', '--role', 'admin'])).toMatchObject({
      code: 0,
      out: `${cli.base}/invites/tok\n`,
    });
    expect(bodyOf(`POST /tenants/${HOME.id}/invites`)).toEqual({ email: 'carl@example.com', role: 'admin' });
    special[`POST /workspaces/${WORKSPACE}/invites`] = ok({ ...invite, invite_url: null });
    expect((await miosa(['members', 'invite', 'carl@example.com', '--workspace', WORKSPACE])).out).toContain('added at once');
  });

  it('are listed with their state, and revoked by address', async () => {
    expect((await miosa(['members', 'invites'])).out).toMatch(/inv_1 +carl@example.com +member +open/);
    expect((await miosa(['members', 'uninvite', 'Carl@example.com'])).code).toBe(0);
    expect(lines()).toContain(`DELETE /tenants/${HOME.id}/invites/inv_1`);
  });

  it('are accepted with the account they were sent to', async () => {
    const { code, err } = await miosa(['invites', 'accept', `${cli.base}/invites/tok`], { env: { MIOSA_API_KEY: '' } });
    expect(code).toBe(0);
    expect(bodyOf('POST /auth/login')).toMatchObject({ email: user.email });
    expect(seen.find(({ line }) => line === 'POST /invites/tok/accept')?.credential).toBe('Bearer eyJ.new');
    expect(err).toContain(`miosa tenants switch ${OTHER.id}`);
  });

  it('never send a password where a link points to', async () => {
    for (const command of [
      ['invites', 'accept'],
      ['register', '--invite'],
      ['invites', 'get'],
    ]) {
      const { code, err } = await miosa([...command, 'https://evil.example/invites/tok']);
      expect(code).toBe(1);
      expect(err).toContain('--base-url https://evil.example');
    }
    expect(seen).toEqual([]);
  });
});

describe('organizations', () => {
  it('of the key, or of the user', async () => {
    await miosa(['tenants', 'ls']);
    expect(lines()).toEqual(['GET /platform/tenants']);
    expect((await miosa(['tenants', 'ls', '--all', '--json'])).out).toContain('"slug": "other"');
    expect(seen.filter(({ line }) => line === 'GET /platform/tenants').at(-1)?.credential).toBe('Bearer eyJ.new');
  });

  it('are switched with a key of the other one; the key of the earlier login ends', async () => {
    const env = { MIOSA_API_KEY: '' };
    await miosa(['login', '--email', user.email], { env });
    seen = [];
    expect(await miosa(['tenants', 'switch', 'other'], { env })).toMatchObject({ code: 0 });
    expect(seen.find(({ line }) => line === 'POST /api-keys')).toMatchObject({ credential: 'Bearer eyJ.other', tenant: OTHER.id });
    expect(seen.at(-1)).toMatchObject({ line: 'DELETE /api-keys/k2' });
    const kept = JSON.parse(await readFile(join(cli.folder, '.miosa', 'config.json'), 'utf8'));
    expect(kept).toMatchObject({ apiKey: 'msk_u_made', keyId: 'k2' });
  });

  it('that the user does not belong to are said to be unknown', async () => {
    special['POST /platform/tenants/else/switch'] = refuse(404, 'NOT_FOUND');
    const { code, err } = await miosa(['tenants', 'switch', 'else']);
    expect(code).toBe(1);
    expect(err).toContain('You belong to no organization "else"');
  });

  it('are deleted in a session there, with the slug as proof', async () => {
    expect((await miosa(['tenants', 'delete', 'other', '--yes'])).code).toBe(0);
    expect(seen.find(({ line }) => line.startsWith('DELETE'))).toMatchObject({
      line: `DELETE /tenants/${OTHER.id}?confirm=other`,
      tenant: 'other',
    });
  });

  it('get their permanent name, and show their plan', async () => {
    await miosa(['tenants', 'name', 'ClinicIQ']);
    expect(bodyOf(`PUT /tenants/${HOME.id}`)).toEqual({ name: 'ClinicIQ' });
    special['GET /tenant/plan'] = ok({ ...HOME, status: 'active', limits: { requests_per_minute: 600 }, usage: { sandboxes: 2 } });
    expect((await miosa(['tenants', 'plan'])).out).toMatch(/^requests per minute +600$/m);
  });
});
