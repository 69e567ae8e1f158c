import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  GoneError,
  Miosa,
  MiosaError,
  NotFoundError,
  PaymentRequiredError,
  PermissionError,
  RateLimitError,
  RequestError,
  ServerError,
  ValidationError,
} from './index.ts';
import { failure, hangUp, json, startServer } from './testServer.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const client = (baseUrl: string, more: object = {}) => new Miosa({ baseUrl, apiKey: 'msk_test_1', ...more });
const tenant = json(200, { data: { id: 't', setup_required: false } });

/** Back-off without the waiting: jitter draws 0. */
const noWaiting = () => vi.spyOn(Math, 'random').mockReturnValue(0);
afterEach(() => vi.restoreAllMocks());

describe('retries', () => {
  it.each([429, 500, 502, 503, 504])('repeats after %d until the call succeeds', async (status) => {
    noWaiting();
    await using server = await startServer(failure(status, 'X'), failure(status, 'X'), failure(status, 'X'), tenant);
    expect((await client(server.url).platform.tenants.current()).setupRequired).toBe(false);
    expect(server.requests).toHaveLength(4);
  });

  it('repeats after a lost connection', async () => {
    noWaiting();
    await using server = await startServer(hangUp, tenant);
    await client(server.url).platform.tenants.current();
    expect(server.requests).toHaveLength(2);
  });

  it('gives up after maxRetries repeats with the last error', async () => {
    noWaiting();
    await using server = await startServer(failure(503, 'UNAVAILABLE'));
    await expect(client(server.url).platform.tenants.current()).rejects.toBeInstanceOf(ServerError);
    expect(server.requests).toHaveLength(4);
    await expect(client(server.url, { maxRetries: 0 }).platform.tenants.current()).rejects.toMatchObject({ retryable: true });
    expect(server.requests).toHaveLength(5);
  });

  it.each([400, 401, 402, 403, 404, 408, 409, 410, 412, 422])('never repeats after %d', async (status) => {
    await using server = await startServer(failure(status, 'X'));
    await expect(client(server.url).platform.tenants.current()).rejects.toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  it('sends one UUIDv4 idempotency key per POST and keeps it over the repeats of that call only', async () => {
    noWaiting();
    await using server = await startServer(failure(503, 'UNAVAILABLE'), hangUp, json(201, { data: { id: 'w' } }));
    const miosa = client(server.url);
    await miosa.workspaces.create({ name: 'Dr. Smith Clinic' });
    await miosa.workspaces.create({ name: 'Downtown Dental' });
    const keys = server.requests.map((request) => request.headers['idempotency-key']);
    expect(keys[0]).toMatch(UUID_V4);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it('waits out its own earlier attempt, and takes the same conflict at a first attempt for an error', async () => {
    noWaiting();
    const running = failure(409, 'IDEMPOTENCY_IN_PROGRESS');
    await using lost = await startServer(hangUp, running, json(201, { data: { id: 'w' } }));
    await client(lost.url).workspaces.create({ name: 'A' });
    await using foreign = await startServer(running);
    await expect(client(foreign.url).workspaces.create({ name: 'A' }, { idempotencyKey: 'mine' })).rejects.toMatchObject({
      retryable: true,
    });
    expect(foreign.requests.map((request) => request.headers['idempotency-key'])).toEqual(['mine']);
  });

  it('honours Retry-After instead of its own back-off', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await using server = await startServer(failure(429, 'RATE_LIMITED', { 'retry-after': '0' }), tenant);
    await client(server.url).platform.tenants.current({ timeoutMs: 5000 });
    expect(server.requests).toHaveLength(2);
  });

  it('leaves waits over 60 s to the caller', async () => {
    await using server = await startServer(failure(429, 'RATE_LIMITED', { 'retry-after': '61' }));
    await expect(client(server.url).platform.tenants.current()).rejects.toMatchObject({ retryAfterMs: 61_000, retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  it('does not send a streamed body twice', async () => {
    await using server = await startServer(failure(503, 'UNAVAILABLE'));
    const body = new ReadableStream<Uint8Array>({
      start: (c) => {
        c.enqueue(new TextEncoder().encode('x'));
        c.close();
      },
    });
    await expect(client(server.url).sandboxes.files.write('sbx_1', 'a.txt', body)).rejects.toMatchObject({ status: 503 });
    expect(server.requests.map((request) => request.body)).toEqual(['x']);
  });
});

describe('errors', () => {
  it.each([
    [400, RequestError],
    [401, AuthenticationError],
    [402, PaymentRequiredError],
    [403, PermissionError],
    [404, NotFoundError],
    [409, ConflictError],
    [410, GoneError],
    [413, RequestError],
    [422, ValidationError],
    [429, RateLimitError],
    [507, ServerError],
  ])('%d has its class and carries status, code, message, request id and details', async (status, Class) => {
    await using server = await startServer(failure(status, 'SOME_CODE', {}, { required_scope: 'a:b' }));
    const error = await client(server.url, { maxRetries: 0 })
      .platform.tenants.current()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(MiosaError);
    expect(error).toMatchObject({
      status,
      code: 'SOME_CODE',
      message: 'SOME_CODE happened',
      requestId: 'req_1',
      details: { required_scope: 'a:b' },
    });
  });

  it('explains an answer that is not from MIOSA without repeating it', async () => {
    await using server = await startServer((response) => response.writeHead(404).end('<html>secret</html>'));
    const error = await client(server.url)
      .platform.tenants.current()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 404, code: 'BAD_RESPONSE', message: expect.not.stringContaining('secret') });
  });

  it('times out with its own error', async () => {
    await using server = await startServer(() => undefined);
    const call = client(server.url).platform.tenants.current({ timeoutMs: 20 });
    await expect(call).rejects.toMatchObject({ code: 'CLIENT_TIMEOUT', status: 0, retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  it('rejects an aborted call with the reason of its signal, between attempts too', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const controller = new AbortController();
    await using server = await startServer((response) => {
      failure(503, 'UNAVAILABLE')(response, { method: '', url: '', headers: {}, body: '' });
      setImmediate(() => controller.abort(new Error('changed my mind')));
    });
    await expect(client(server.url).platform.tenants.current({ signal: controller.signal })).rejects.toThrow('changed my mind');
  });

  it('names the address when nothing listens there', async () => {
    const server = await startServer(tenant);
    await server.close();
    const error = await client(server.url, { maxRetries: 0 })
      .platform.tenants.current()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain(server.url);
  });
});

describe('requests', () => {
  it('carries credential and organization, and snake_case bodies and filters', async () => {
    await using server = await startServer(json(201, { data: { id: 'sbx_1' } }), json(200, { data: [], next_cursor: null }));
    const miosa = client(server.url, { tenant: 'cliniciq' });
    await miosa.sandboxes.create({ externalWorkspaceId: 'clinic_123', env: { apiUrl: 'x' } });
    await miosa.sandboxes.list({ externalWorkspaceId: 'clinic 123', limit: 5 }).page();
    const [create, list] = server.requests;
    expect(create).toMatchObject({ method: 'POST', url: '/api/v1/sandboxes' });
    expect(create?.headers).toMatchObject({
      authorization: 'Bearer msk_test_1',
      'x-miosa-tenant': 'cliniciq',
      'content-type': 'application/json',
    });
    expect(JSON.parse(create?.body ?? '')).toEqual({ external_workspace_id: 'clinic_123', env: { apiUrl: 'x' } });
    expect(list?.url).toBe('/api/v1/sandboxes?external_workspace_id=clinic+123&limit=5');
  });

  it('encodes ids, so that none of them can name another route', async () => {
    await using server = await startServer(json(200, { data: { id: 'x' } }));
    const miosa = client(server.url);
    await miosa.workspaces.get('../api-keys?x#y');
    expect(server.requests[0]?.url).toBe('/api/v1/workspaces/..%2Fapi-keys%3Fx%23y');
    expect(() => miosa.workspaces.get('..')).toThrow(TypeError);
    expect(() => miosa.workspaces.get('')).toThrow(TypeError);
  });

  it('sends no credential to the login route', async () => {
    await using server = await startServer(json(200, { token: 't', refresh_token: 'r', user: { id: 'u', email: 'e' } }));
    const session = await client(server.url).auth.login({ email: 'user@example.com', password: 'your_password' });
    expect(session.refreshToken).toBe('r');
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('asks a credential function anew for each request', async () => {
    await using server = await startServer(tenant);
    let n = 0;
    const miosa = new Miosa({ baseUrl: server.url, accessToken: async () => `jwt${++n}` });
    await miosa.platform.tenants.current();
    await miosa.platform.tenants.current();
    expect(server.requests.map((request) => request.headers.authorization)).toEqual(['Bearer jwt1', 'Bearer jwt2']);
  });
});

it('walks all pages of a list and hands out single ones', async () => {
  const page = (ids: string[], next: string | null) => json(200, { data: ids.map((id) => ({ id })), next_cursor: next });
  await using server = await startServer(page(['a', 'b'], 'c1'), page(['c'], null), page(['z'], null));
  const list = client(server.url).workspaces.list({ limit: 2 });
  expect(server.requests).toHaveLength(0);
  expect((await list.all()).map((workspace) => workspace.id)).toEqual(['a', 'b', 'c']);
  expect(server.requests.map((request) => request.url)).toEqual(['/api/v1/workspaces?limit=2', '/api/v1/workspaces?limit=2&cursor=c1']);
  expect(await list.page('c9')).toEqual({ items: [{ id: 'z' }], nextCursor: null });
});
