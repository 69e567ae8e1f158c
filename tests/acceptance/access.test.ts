import { expect, it } from 'vitest';
import { client, platform, unique } from '../harness/context.ts';
import { request } from '../harness/request.ts';

const miosa = client();
const api = (path: string, options: Parameters<typeof request>[1] = {}) =>
  request(`${platform().apiUrl}/api/v1${path}`, {
    ...options,
    headers: { authorization: `Bearer ${platform().apiKey}`, ...options?.headers },
  });

it('logs the first administrator in and refreshes the session once per refresh token', async () => {
  const { email, password } = platform();
  const session = await miosa.auth.login({ email, password });
  const me = await client({ accessToken: session.token }).auth.me();
  expect(me).toMatchObject({ credential: 'jwt', role: 'owner', tenant: { slug: expect.any(String) } });
  const next = await miosa.auth.refresh({ refreshToken: session.refreshToken });
  expect(next.token).not.toBe(session.token);
  await expect(miosa.auth.refresh({ refreshToken: session.refreshToken })).rejects.toMatchObject({ status: 401 });
  await expect(miosa.auth.login({ email, password: 'wrong-password' })).rejects.toMatchObject({ status: 401 });
});

it('enforces scopes, and a revoked key stops within a second everywhere', async () => {
  const key = await miosa.apiKeys.create({ name: 'reader', keyType: 'live', scopes: ['sandboxes:read'] });
  expect(key.key).toMatch(/^msk_live_[0-9A-Za-z]{32}$/);
  const reader = client({ apiKey: key.key });
  await reader.sandboxes.list().page();
  await expect(reader.sandboxes.create({})).rejects.toMatchObject({ status: 403, details: { required_scope: 'sandboxes:write' } });
  await miosa.apiKeys.revoke(key.id);
  await expect
    .poll(
      () =>
        reader.sandboxes
          .list()
          .page()
          .then(
            () => 200,
            (error: { status: number }) => error.status,
          ),
      { timeout: 1000, interval: 20 },
    )
    .toBe(401);
});

it('ends the preview tokens of a revoked key too', async () => {
  const key = await miosa.apiKeys.create({ name: 'minter', keyType: 'live', scopes: ['sandboxes:write', 'previews:write'] });
  await using sandbox = await miosa.sandboxes.create();
  const { token } = await client({ apiKey: key.key }).sandboxes.previewToken(sandbox.id);
  const visit = async () => (await request(`${sandbox.previewUrl}/`, { headers: { 'x-miosa-preview-token': token } })).status;
  expect(await visit()).toBe(502);
  await miosa.apiKeys.revoke(key.id);
  await expect.poll(visit, { timeout: 1000, interval: 20 }).toBe(403);
});

it('writes an audit entry for each action, findable by key and workspace', async () => {
  const key = await miosa.apiKeys.create({ name: unique('audited'), keyType: 'live' });
  const sandbox = await client({ apiKey: key.key }).sandboxes.create({ externalWorkspaceId: unique('audit') });
  await sandbox.destroy();
  const actions: string[] = [];
  for await (const entry of miosa.audit.list({ apiKeyId: key.id })) {
    actions.push(entry.action);
    expect(JSON.stringify(entry)).not.toContain(key.key);
  }
  expect(actions).toEqual(expect.arrayContaining(['sandboxes.create', 'sandboxes.destroy']));
});

it.each([
  ['malformed JSON', { method: 'POST', body: '{"name":' }, 400, 'BAD_REQUEST'],
  ['a wrong type', { method: 'POST', body: '{"name":5}' }, 422, 'VALIDATION_ERROR'],
  ['an over-long name', { method: 'POST', body: JSON.stringify({ name: 'x'.repeat(121) }) }, 422, 'VALIDATION_ERROR'],
  ['a control character', { method: 'POST', body: JSON.stringify({ name: 'a\u0000b' }) }, 422, 'VALIDATION_ERROR'],
  ['a wrong verb', { method: 'PATCH', body: '{}' }, 405, 'METHOD_NOT_ALLOWED'],
  ['another content type', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a body over the limit', { method: 'POST', body: JSON.stringify({ name: 'x'.repeat(2 << 20) }) }, 413, 'PAYLOAD_TOO_LARGE'],
] as const)('answers %s with a clear error that carries the request id', async (_, options, status, code) => {
  const answer = await api('/workspaces', {
    ...options,
    headers: { 'content-type': 'application/json', ...('headers' in options ? options.headers : {}) },
  });
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toEqual({
    error: expect.objectContaining({ code, request_id: answer.headers['x-request-id'], message: expect.any(String) }),
  });
});

it('gives the same answer for absent and malformed ids', async () => {
  const absent = await api('/sandboxes/sbx_00000000000000000000000000');
  const odd = await api('/sandboxes/..%2F..%2Fetc');
  expect([absent.status, odd.status]).toEqual([404, 404]);
  const text = (answer: { body: string }) => JSON.parse(answer.body).error.message;
  expect(text(absent)).toBe(text(odd));
});

it('serves the OpenAPI document, the reference page and health without a credential', async () => {
  const { apiUrl } = platform();
  const document = JSON.parse((await request(`${apiUrl}/api/v1/openapi.json`)).body);
  expect(document.openapi).toMatch(/^3\.1/);
  expect(document.paths['/sandboxes'].post.operationId).toBe('sandboxes.create');
  expect((await request(`${apiUrl}/docs`)).headers['content-type']).toContain('text/html');
  expect((await request(`${apiUrl}/healthz`)).status).toBe(200);
  expect((await request(`${apiUrl}/readyz`)).status).toBe(200);
});
