import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer, type Handler, refuse, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const miosa = cli.run.bind(cli);
const env = { MIOSA_API_KEY: '' };

const user = { id: 'u1', email: 'anna@example.com', name: 'Anna', is_operator: true, created_at: '2026-01-01' };
const tenant = { id: 't1', name: 'ClinicIQ\u001b[2J', slug: 'cliniciq', role: 'owner' };
const key = { id: 'k9', name: 'laptop', key_prefix: 'msk_u_abc123', key_type: 'user', expires_at: null, workspace_id: null };
const me = { credential: 'key', user, tenant, role: 'owner', key, scopes: ['*'], permissions: null };
const session = { token: 'eyJ.new', refresh_token: 'eyJ.refresh', user, tenant };
const config = () => readFile(join(cli.folder, '.miosa', 'config.json'), 'utf8').then(JSON.parse);

const codes = { user_code: 'WDJB-MJHT', expires_in: 600, interval: 0, device_code: 'secret-device-code' };
const pending: Handler = (_request, response) =>
  answer(response, 409, {
    error: { code: 'CONFLICT', message: 'Not yet.', request_id: 'req_1', details: { reason: 'authorization_pending' } },
  });
const approved: Handler = (_request, response) => answer(response, 200, { data: { api_key: 'msk_u_device', tenant } });

/** Answers the polls one after the other; the last one again and again. */
const deviceServer = (...polls: readonly Handler[]): Handler => {
  let polled = 0;
  return (request, response) => {
    if (request.url?.endsWith('/auth/cli/start')) {
      const page = `${cli.base}/device`;
      return answer(response, 200, {
        data: { ...codes, verification_uri: page, verification_uri_complete: `${page}?user_code=WDJB-MJHT` },
      });
    }
    if (request.url?.endsWith('/auth/me')) return answer(response, 200, { data: me });
    if (request.method === 'DELETE') return answer(response, 200, { data: key });
    return polls[Math.min(polled++, polls.length - 1)]?.(request, response);
  };
};

describe('login on a device', () => {
  it('shows code and link, also with --quiet, waits for the approval, keeps the key, and logout revokes it', async () => {
    cli.handler = deviceServer(pending, pending, approved);
    const { code, out, err } = await miosa(['login', '--device', '-q'], { env });
    expect({ code, out }).toEqual({ code: 0, out: 'cliniciq\n' });
    expect(err).toContain('WDJB-MJHT');
    expect(err).toContain(`${cli.base}/device?user_code=WDJB-MJHT`);
    expect(out + err).not.toMatch(/msk_u_device|secret-device-code/);
    expect(cli.seen.filter((line) => line.endsWith('/auth/cli/token'))).toHaveLength(3);
    expect(await config()).toMatchObject({ apiKey: 'msk_u_device', keyId: 'k9' });
    await miosa(['logout'], { env });
    expect(cli.seen.at(-1)).toBe('DELETE /api/v1/api-keys/k9');
  });

  it.each([
    ['an expired code', refuse(410, 'GONE'), 1, /expired or was used.*--device/],
    ['an approval by nobody of the organization', refuse(403, 'FORBIDDEN'), 3, /FORBIDDEN/],
  ])('%s ends it and keeps nothing', async (_what, last, code, text) => {
    cli.handler = deviceServer(pending, last);
    const result = await miosa(['login', '--device'], { env });
    expect(result.code).toBe(code);
    expect(result.err).toMatch(text);
    await expect(stat(join(cli.folder, '.miosa'))).rejects.toThrow();
  });

  it('ends with Ctrl-C and keeps nothing', async () => {
    let interrupt = (): void => undefined;
    cli.handler = deviceServer((request, response) => {
      interrupt();
      pending(request, response);
    });
    const result = await miosa(['login', '--device'], {
      env,
      interruptible: (press) => {
        interrupt = press;
      },
    });
    expect(result).toMatchObject({ code: 1, out: '' });
    expect(result.err).toContain('Stopped');
    await expect(stat(join(cli.folder, '.miosa'))).rejects.toThrow();
  });

  it('is not mixed with a key of another kind', async () => {
    expect((await miosa(['login', '--device', '--api-key', 'msk_live_1'], { env })).code).toBe(1);
    expect(cli.seen).toEqual([]);
  });
});

it('whoami says who, where, as what and with which key', async () => {
  cli.handler = (_request, response) => answer(response, 200, { data: me });
  const { out } = await miosa(['whoami']);
  expect(out).toMatch(/^user +Anna <anna@example.com>$/m);
  expect(out).toMatch(/^organization +ClinicIQ\?\[2J, slug cliniciq$/m);
  expect(out).toMatch(/^role +owner$/m);
  expect(out).toMatch(/^key +laptop \(msk_u_abc123…, user\)$/m);
  expect(JSON.parse((await miosa(['whoami', '--json'])).out)).toEqual(me);
  expect((await miosa(['whoami', '-q'])).out).toBe('anna@example.com\n');
});

describe('accounts', () => {
  let bodies: Record<string, unknown>;
  const server: Handler = (request, response) => {
    const path = (request.url ?? '').replace('/api/v1', '');
    if (request.text !== '') bodies[path] = JSON.parse(request.text);
    if (path === '/auth/register' || path === '/auth/login') return answer(response, 201, session);
    if (path === '/api-keys') return answer(response, 201, { data: { ...key, key: 'msk_u_made' } });
    if (path === '/invites/tok') return answer(response, 200, { data: { email: 'carl@example.com', tenant_name: 'ClinicIQ' } });
    return answer(response, 200, { data: path === '/auth/me' ? me : { success: true } });
  };
  const start = () => {
    bodies = {};
    cli.handler = server;
  };

  it('are made, and the computer is logged in with a key', async () => {
    start();
    const args = ['register', '--email', 'anna@example.com', '--organization', 'ClinicIQ'];
    expect((await miosa(args, { env, answers: ['long enough 1', 'long enough 1'] })).code).toBe(0);
    expect(bodies['/auth/register']).toEqual({ email: 'anna@example.com', password: 'long enough 1', organization_name: 'ClinicIQ' });
    expect(await config()).toMatchObject({ apiKey: 'msk_u_made', keyId: 'k9' });
  });

  it('are made by an invite, for the address it was sent to', async () => {
    start();
    expect(
      (await miosa(['register', '--invite', `${cli.base}/invites/tok`], { env, answers: ['p'.repeat(10), 'p'.repeat(10)] })).code,
    ).toBe(0);
    expect(bodies['/auth/register']).toEqual({ email: 'carl@example.com', password: 'p'.repeat(10), invite_token: 'tok' });
  });

  it('are not made with a password that was mistyped', async () => {
    start();
    expect((await miosa(['register', '--email', 'a@example.com'], { env, answers: ['one password', 'two passwords'] })).code).toBe(1);
    expect(cli.seen).toEqual([]);
  });

  it('get a new password with the old one, or a mail', async () => {
    start();
    expect((await miosa(['password'], { answers: ['old password', 'new password', 'new password'] })).code).toBe(0);
    expect(bodies['/auth/password']).toEqual({ current: 'old password', new: 'new password' });
    expect(cli.seen.at(-1)).toBe('POST /api/v1/auth/logout');
    await miosa(['password', '--forgot', '--email', 'anna@example.com'], { env });
    expect(bodies['/auth/password/forgot']).toEqual({ email: 'anna@example.com' });
  });
});
