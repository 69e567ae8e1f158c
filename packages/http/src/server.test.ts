import { Fault } from '@miosa/kernel';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineRoute } from './route.ts';
import type { Server } from './server.ts';
import { GOOD, testServer } from './testing.ts';

const Thing = Type.Object({ name: Type.String() });
const routes = [
  defineRoute({
    id: 'things.create',
    method: 'POST',
    path: '/things',
    summary: 'Create',
    access: { scope: 'things:write' },
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 120 }),
      count: Type.Integer({ default: 3 }),
      mode: Type.Optional(Type.Enum(['a', 'b'])),
    }),
    response: Type.Object({ name: Type.String(), count: Type.Integer() }),
    status: 201,
    bodyLimitBytes: 1000,
    handler: async (_op, { body }) => ({ name: body.name, count: body.count }),
  }),
  defineRoute({
    id: 'things.get',
    method: 'GET',
    path: '/things/{id}',
    summary: 'Get',
    access: { scope: 'things:read', browser: 'sandbox:read' },
    query: Type.Object({ depth: Type.Integer({ default: 1, minimum: 0 }) }),
    response: Type.Object({ name: Type.String(), depth: Type.Integer() }),
    handler: async (_op, { params, query }) => {
      if (params.id === 'boom') throw new Error('password=hunter2 at /root/secret');
      if (params.id === 'fault') throw new Fault('INTERNAL', 'select * from users', { details: { sql: 'x' } });
      if (params.id === 'liar') return { name: 5, depth: 1 } as never;
      return { name: params.id ?? '', depth: query.depth };
    },
  }),
  defineRoute({
    id: 'internal.ping',
    method: 'POST',
    path: '/internal/ping',
    summary: 'Ping',
    access: 'public',
    internal: true,
    response: Thing,
    handler: async (op) => ({ name: op.actor.id }),
  }),
];

let server: Server;
beforeAll(async () => {
  server = await testServer(routes, { readiness: async () => ({ database: true }) });
});
afterAll(() => server.close());

const post = (payload: string, headers: Record<string, string> = {}) =>
  server.inject({ method: 'POST', url: '/api/v1/things', payload, headers: { ...GOOD, 'content-type': 'application/json', ...headers } });

describe('errors have the code, status and shape of the contract', () => {
  it.each([
    ['malformed JSON', '{"a":', {}, 400, 'BAD_REQUEST'],
    ['invalid UTF-8 stays out', Buffer.from([0x22, 0xff, 0x22]) as unknown as string, {}, 400, 'BAD_REQUEST'],
    ['a prototype key', '{"name":"a","__proto__":{}}', {}, 400, 'BAD_REQUEST'],
    ['wrong content type', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['body over its limit', JSON.stringify({ name: 'a'.repeat(1000) }), {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['missing field', '{}', {}, 422, 'VALIDATION_ERROR'],
    ['absent body', '', {}, 422, 'VALIDATION_ERROR'],
    ['no coercion in bodies', '{"name":"a","count":"3"}', {}, 422, 'VALIDATION_ERROR'],
    ['body of another type', '[]', {}, 422, 'VALIDATION_ERROR'],
    ['an Accept that cannot be met', '{}', { accept: 'image/png' }, 406, 'NOT_ACCEPTABLE'],
    ['no credential comes before a bad body', '{', { authorization: '' }, 401, 'UNAUTHORIZED'],
    ['missing scope comes before a bad body', '{', { authorization: 'Bearer weak' }, 403, 'FORBIDDEN'],
  ])('%s', async (_name, payload, headers, status, code) => {
    const res = await post(payload, headers);
    expect(res.statusCode).toBe(status);
    expect(res.json().error).toMatchObject({ code, message: expect.any(String), request_id: res.headers['x-request-id'] });
  });

  it('names every limit and field in details', async () => {
    expect((await post(JSON.stringify({ name: 'a'.repeat(1000) }))).json().error.details).toEqual({ limit_bytes: 1000 });
    expect((await post('{"name":"a","mode":"c"}')).json().error.details).toEqual({
      fields: [{ path: 'mode', message: 'must be one of: a, b' }],
    });
  });

  it('ignores unknown fields and fills defaults', async () => {
    expect((await post('{"name":"a","later":1}')).json()).toEqual({ data: { name: 'a', count: 3 } });
  });

  it.each(['boom', 'fault', 'liar'])('never shows internals (%s)', async (id) => {
    const res = await server.inject({ url: `/api/v1/things/${id}`, headers: GOOD });
    expect(res.statusCode).toBe(500);
    expect(res.json().error).toEqual({
      code: 'INTERNAL',
      message: expect.stringMatching(/^Something went wrong/),
      request_id: expect.any(String),
    });
  });

  it('answers 404 for unknown routes and 405 with Allow for wrong verbs', async () => {
    const absent = await server.inject('/api/v1/nothing');
    expect([absent.statusCode, absent.json().error.code]).toEqual([404, 'NOT_FOUND']);
    const wrong = await server.inject({ method: 'DELETE', url: '/api/v1/things' });
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'POST']);
    const badUrl = await server.inject('/api/v1/things/%E0%A4%A');
    expect([badUrl.statusCode, badUrl.json().error.code]).toEqual([400, 'BAD_REQUEST']);
  });

  it('answers 400 for a bad query and coerces a good one', async () => {
    const bad = await server.inject({ url: '/api/v1/things/a?depth=x', headers: GOOD });
    expect([bad.statusCode, bad.json().error.code]).toEqual([400, 'BAD_REQUEST']);
    const good = await server.inject({ url: '/api/v1/things/a?depth=2', headers: GOOD });
    expect(good.json().data.depth).toBe(2);
  });
});

describe('request ids', () => {
  it.each([
    ['abcDEF_-12', true],
    ['short', false],
    ['with space in it', false],
    ['a'.repeat(65), false],
  ])('%s is kept: %s', async (id, kept) => {
    const res = await server.inject({ url: '/api/v1/things/a', headers: { ...GOOD, 'x-request-id': id } });
    if (kept) expect(res.headers['x-request-id']).toBe(id);
    else expect(res.headers['x-request-id']).toMatch(/^req_[0-9a-z]{26}$/);
  });
});

describe('browsers', () => {
  it('refuses API keys with a foreign Origin', async () => {
    const res = await server.inject({
      url: '/api/v1/things/a',
      headers: { authorization: 'Bearer msk_good', origin: 'https://evil.example' },
    });
    expect([res.statusCode, res.json().error.details]).toEqual([403, { reason: 'api_key_in_browser' }]);
    const own = await server.inject({
      url: '/api/v1/things/a',
      headers: { authorization: 'Bearer msk_good', origin: 'https://api.miosa.localhost:8443' },
    });
    expect(own.statusCode).toBe(200);
  });

  it('answers preflights only where a browser token may come', async () => {
    const headers = { origin: 'https://x.example', 'access-control-request-method': 'GET' };
    const allowed = await server.inject({ method: 'OPTIONS', url: '/api/v1/things/a', headers });
    expect([allowed.statusCode, allowed.headers['access-control-allow-origin']]).toEqual([200, 'https://x.example']);
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const refused = await server.inject({ method: 'OPTIONS', url: '/api/v1/things', headers });
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([405, undefined]);
  });
});

describe('surfaces', () => {
  it('serves internal routes and metrics on the internal listener only', async () => {
    expect((await server.injectInternal({ method: 'POST', url: '/internal/ping' })).json()).toEqual({ data: { name: 'internal' } });
    expect((await server.inject({ method: 'POST', url: '/internal/ping' })).statusCode).toBe(404);
    expect((await server.inject('/metrics')).statusCode).toBe(404);
    const metrics = await server.injectInternal('/metrics');
    expect(metrics.body).toContain('miosa_http_request_duration_seconds_count{operation="unknown",status="4xx"}');
    expect((await server.injectInternal({ url: '/api/v1/things/a', headers: GOOD })).statusCode).toBe(404);
  });

  it('answers health and readiness', async () => {
    expect((await server.inject('/healthz')).json()).toEqual({ status: 'ok', version: 'test' });
    expect((await server.inject('/readyz')).json()).toMatchObject({ status: 'ok', checks: { database: true } });
  });

  it('answers HEAD like GET without a body', async () => {
    const res = await server.inject({ method: 'HEAD', url: '/api/v1/things/a', headers: GOOD });
    expect([res.statusCode, res.body]).toEqual([200, '']);
  });
});
