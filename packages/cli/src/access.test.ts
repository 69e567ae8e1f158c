import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const miosa = cli.run.bind(cli);
const WORKSPACE = '550e8400-e29b-41d4-a716-446655440000';

describe('mistakes of the caller end with 1 before anything is sent', () => {
  it.each([
    ['a key without a name', ['keys', 'create']],
    ['an expiry that is no time', ['keys', 'create', 'ci', '--expires', 'soon']],
    ['an expiry without a time zone', ['keys', 'create', 'ci', '--expires', '2027-01-01T00:00:00']],
    ['a rate limit below one', ['keys', 'create', 'ci', '--rate-limit', '0']],
    ['a change that changes nothing', ['keys', 'update', 'k1']],
    ['a grace of more than a week', ['keys', 'rotate', 'k1', '--grace', '604801']],
    ['a browser token for nothing', ['browser-tokens', 'create', '--permissions', 'sandbox:read']],
    ['a browser token that may do nothing', ['browser-tokens', 'create', '--sandbox', 'sbx_1']],
    ['a browser token of more than a day', ['browser-tokens', 'create', '--permissions', 'x', '--sandbox', 'sbx_1', '--expires', '86401']],
    ['an unknown format of the audit log', ['audit', 'export', '--format', 'xml']],
    ['a beginning that is no time', ['audit', 'ls', '--since', 'yesterday']],
  ])('%s', async (_what, args) => {
    const result = await miosa(args);
    expect(result).toMatchObject({ code: 1, out: '' });
    expect(result.err).toMatch(/^error: /m);
    expect(cli.seen).toEqual([]);
  });
});

describe('keys', () => {
  let bodies: unknown[];
  const key = { id: 'k1', name: 'ci', key_prefix: 'msk_live_abc', key_type: 'live', status: 'active', scopes: ['*'], allowed_ips: [] };
  beforeEach(() => {
    bodies = [];
    cli.handler = (request, response) => {
      if (request.text !== '') bodies.push(JSON.parse(request.text));
      answer(response, 201, { data: request.method === 'POST' ? { ...key, key: 'msk_live_secret' } : key });
    };
  });

  it('are made with every limit the API knows, and printed alone on standard output', async () => {
    const limits = ['--scopes', 'sandboxes:write,domains:read', '--scopes', 'usage:read', '--allowed-ips', '203.0.113.0/24, 2001:db8::/32'];
    const more = ['--type', 'live', '--workspace', WORKSPACE, '--expires', '2027-01-01T00:00:00Z', '--rate-limit', '60'];
    expect(await miosa(['keys', 'create', 'ci', ...limits, ...more])).toMatchObject({ code: 0, out: 'msk_live_secret\n' });
    expect(bodies).toEqual([
      {
        name: 'ci',
        key_type: 'live',
        scopes: ['sandboxes:write', 'domains:read', 'usage:read'],
        allowed_ips: ['203.0.113.0/24', '2001:db8::/32'],
        rate_limit_rpm: 60,
        workspace_id: WORKSPACE,
        expires_at: '2027-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('expire so many days from now when told so', async () => {
    const before = Date.now();
    await miosa(['keys', 'create', 'ci', '--expires', '90d']);
    const [{ expires_at }] = bodies as [{ expires_at: string }];
    const days = (Date.parse(expires_at) - before) / 86_400_000;
    expect(days).toBeGreaterThanOrEqual(90);
    expect(days).toBeLessThan(90.01);
  });

  it('are shown, narrowed, rotated with a grace and revoked', async () => {
    expect((await miosa(['keys', 'get', 'k1'])).out).toMatch(/^key +msk_live_abc…$/m);
    await miosa(['keys', 'update', 'k1', '--scopes', 'sandboxes:read']);
    expect(await miosa(['keys', 'rotate', 'k1', '--grace', '3600', '-q'])).toMatchObject({ code: 0, out: 'msk_live_secret\n', err: '' });
    await miosa(['keys', 'revoke', 'k1']);
    expect(cli.seen).toEqual([
      'GET /api/v1/api-keys/k1',
      'PATCH /api/v1/api-keys/k1',
      'POST /api/v1/api-keys/k1/rotate',
      'DELETE /api/v1/api-keys/k1',
    ]);
    expect(bodies).toEqual([{ scopes: ['sandboxes:read'] }, { grace_seconds: 3600 }]);
  });
});

describe('audit', () => {
  const entry = (id: string) => ({
    id,
    created_at: '2026-04-17T00:00:00.000Z',
    actor: { type: 'key', id: 'k1', name: 'ci\u001b[2J' },
    action: 'apiKeys.create',
    resource_type: 'api_key',
    resource_id: 'k2',
    outcome: 'success',
  });

  it('lists with filters, page after page up to the limit, and foreign names cannot drive the terminal', async () => {
    cli.handler = (request, response) => {
      const first = !(request.url ?? '').includes('cursor=');
      const ids = first ? Array.from({ length: 100 }, (_, i) => `aud_${i}`) : ['aud_100', 'aud_101'];
      answer(response, 200, { data: ids.map(entry), next_cursor: first ? 'c' : null });
    };
    const { code, out } = await miosa(['audit', 'ls', '--action', 'apiKeys.*', '--since', '2026-01-01T00:00:00Z', '--limit', '101']);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(102);
    expect(out).toContain('ci?[2J');
    expect(cli.seen[0]).toContain('action=apiKeys.*&since=2026-01-01T00%3A00%3A00.000Z');
  });

  it('exports as the server sends it, to standard output or to a file that only its owner reads', async () => {
    cli.handler = (request, response) => response.end(`${request.headers.accept}\n`);
    expect((await miosa(['audit', 'export', '--outcome', 'denied'])).out).toBe('application/x-ndjson\n');
    expect(cli.seen).toEqual(['GET /api/v1/audit?outcome=denied']);
    const file = join(cli.folder, 'audit.csv');
    expect(await miosa(['audit', 'export', '--format', 'csv', '-o', file])).toMatchObject({ code: 0, out: '' });
    expect(await readFile(file, 'utf8')).toBe('text/csv\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await miosa(['audit', 'export', '-o', join(cli.folder, 'none', 'x')])).toMatchObject({ code: 1 });
  });

  it.each([
    [0, { valid: true, checked: 7, sealed_until: null, defect: null, first_bad_id: null }, /unchanged: 7 entries/],
    [1, { valid: false, checked: 3, sealed_until: null, defect: 'changed', first_bad_id: 'aud_4' }, /NOT VALID \(changed\).*aud_4/],
  ])('verify ends with %d for %o', async (code, verdict, text) => {
    cli.handler = (_request, response) => answer(response, 200, { data: verdict });
    const result = await miosa(['audit', 'verify']);
    expect(result.code).toBe(code);
    expect(result.out).toMatch(text);
    expect(JSON.parse((await miosa(['audit', 'verify', '--json'])).out)).toEqual(verdict);
  });
});

it('a browser token names its boundary in the ids of the API and is printed alone', async () => {
  let body: unknown;
  cli.handler = (request, response) => {
    if (request.method === 'GET') return answer(response, 200, { data: [{ id: 'sbx_1', slug: 'demo', name: 'demo' }], next_cursor: null });
    body = JSON.parse(request.text);
    answer(response, 201, { data: { token: 'mbt_1', expires_at: '2026-04-17T01:00:00Z', permissions: ['sandbox:read'] } });
  };
  const args = [
    '--sandbox',
    'demo',
    '--workspace',
    WORKSPACE,
    '--external-user',
    'dr-smith-456',
    '--permissions',
    'sandbox:read,sandbox:exec',
  ];
  expect(await miosa(['browser-tokens', 'create', ...args, '--expires', '600'])).toMatchObject({ code: 0, out: 'mbt_1\n' });
  expect(body).toEqual({
    permissions: ['sandbox:read', 'sandbox:exec'],
    sandbox_id: 'sbx_1',
    workspace_id: WORKSPACE,
    external_user_id: 'dr-smith-456',
    ttl_seconds: 600,
  });
});
