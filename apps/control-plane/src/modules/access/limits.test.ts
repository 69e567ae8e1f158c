import { defineRoute } from '@miosa/http';
import { Fault } from '@miosa/kernel';
import { createMemoryLimiter } from '@miosa/limits';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { limitsOf } from './index.ts';
import { createInstallation, type Installation } from './testing/installation.ts';

const response = Type.Object({ ok: Type.Boolean() });
let handled = 0;
const handler = async () => {
  handled++;
  return { ok: true };
};
const routes = [
  defineRoute({ id: 'x.get', method: 'GET', path: '/x', summary: 'x', access: { scope: null }, response, handler }),
  defineRoute({
    id: 'x.owner',
    method: 'GET',
    path: '/owned',
    summary: 'x',
    access: { scope: null, credentials: 'jwt' },
    response,
    handler,
  }),
  defineRoute({
    id: 'x.publish',
    method: 'POST',
    path: '/x/publish',
    summary: 'x',
    access: { scope: null },
    bucket: 'publish',
    response,
    handler,
  }),
  defineRoute({
    id: 'x.hook',
    method: 'POST',
    path: '/x/hook',
    summary: 'x',
    access: 'public',
    bucket: 'signed',
    body: Type.Object({ signature: Type.String() }),
    response,
    handler: async (_op, { body }) => {
      if (body.signature !== 'good') throw new Fault('FORBIDDEN', 'wrong signature');
      return handler();
    },
  }),
  defineRoute({ id: 'x.admin', method: 'GET', path: '/admin/x', summary: 'x', access: { scope: null, operator: true }, response, handler }),
];

const limiter = createMemoryLimiter();
let t: Installation;
beforeAll(async () => {
  t = await createInstallation(routes, { limits: { limiter, limitsOf } });
});
afterAll(() => t.close());
beforeEach(() => {
  handled = 0;
});

interface Asked {
  readonly as?: string | undefined;
  readonly ip?: string;
  readonly method?: 'GET' | 'POST';
  readonly payload?: object;
}

const ask = async (path: string, { as, ip, method = 'GET', payload }: Asked = {}) => {
  const headers = {
    ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
    ...(ip === undefined ? {} : { 'x-forwarded-for': ip }),
  };
  const answer = await t.server.inject({ method, url: `/api/v1${path}`, headers, ...(payload === undefined ? {} : { payload }) });
  const number = (name: string) => (answer.headers[name] === undefined ? null : Number(answer.headers[name]));
  return {
    status: answer.statusCode,
    limit: number('x-ratelimit-limit'),
    remaining: number('x-ratelimit-remaining'),
    reset: number('x-ratelimit-reset'),
    retryAfter: number('retry-after'),
    error: answer.statusCode < 400 ? null : answer.json().error,
  };
};
const times = async (n: number, path: string, asked: Asked) => {
  const answers = await Promise.all(Array.from({ length: n }, () => ask(path, asked)));
  return Map.groupBy(answers, ({ status }) => status);
};

describe('every answer says where the caller stands', () => {
  it('whatever its status', async () => {
    const { key } = await t.mint({ scopes: ['sandboxes:read'] });
    const paths = ['/x', '/owned', '/api-keys', '/workspaces/none'];
    const answers = [];
    for (const path of paths) answers.push(await ask(path, { as: key }));
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 403, 403]);
    expect(answers.map(({ limit, remaining }) => [limit, remaining])).toEqual([300, 300, 300, 300].map((limit, i) => [limit, 299 - i]));
    const now = Date.now() / 1000;
    for (const { reset } of answers) expect(Math.abs((reset ?? 0) - now - 61)).toBeLessThan(5);
  });

  it('also to users, and to those whom nobody knows', async () => {
    const { token } = await t.addUser('member');
    expect(await ask('/x', { as: token })).toMatchObject({ status: 200, limit: 300, remaining: 299 });
    expect(await ask('/x', { ip: '192.0.2.1' })).toMatchObject({ status: 401, limit: 60, remaining: 59 });
  });

  it('but not on routes that count nothing: health, documents, unknown paths', async () => {
    for (const path of ['/overview', '/openapi.json', '/nowhere']) expect((await ask(path)).limit).toBeNull();
  });
});

describe('a key', () => {
  it('of 500 calls at once has exactly its limit handled', async () => {
    const { key } = await t.mint({ rate_limit_rpm: 100 });
    const answers = await times(500, '/x', { as: key });
    expect([answers.get(200)?.length, answers.get(429)?.length, handled]).toEqual([100, 400, 100]);
    for (const { error, retryAfter, limit, remaining } of answers.get(429) ?? []) {
      expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { bucket: 'key', limit: 100 } });
      expect(retryAfter).toBeGreaterThan(55);
      expect(retryAfter).toBeLessThanOrEqual(61);
      expect([limit, remaining]).toEqual([100, 0]);
    }
  });

  it('is limited by itself: its refused calls are counted nowhere, and others go on', async () => {
    const { tenantId, token } = await t.addTenant(null);
    const { key } = await t.mint({ rate_limit_rpm: 5 }, token);
    const used = async () => {
      const bucket = { bucket: 'organization', key: tenantId, limit: 3000, windowMs: 60_000 };
      return 2999 - (await limiter.take([bucket], performance.timeOrigin + performance.now())).tightest.remaining;
    };
    const before = await used();
    await times(50, '/x', { as: key });
    // The five, and the question itself.
    expect((await used()) - before).toBe(6);
    expect((await ask('/x', { as: (await t.mint({}, token)).key })).status).toBe(200);
  });

  it('has a new limit within a second, also where it is already known', async () => {
    const { id, key } = await t.mint({ rate_limit_rpm: 200 });
    expect((await ask('/x', { as: key })).limit).toBe(200);
    expect((await t.call('PATCH', `/api-keys/${id}`, { rate_limit_rpm: 150 })).status).toBe(200);
    await expect.poll(async () => (await ask('/x', { as: key })).limit, { timeout: 1000 }).toBe(150);
  });

  it('of an operator has a bucket of its own for administration', async () => {
    const { key } = await t.mint({ key_type: 'admin', rate_limit_rpm: 2 }, await t.login('owner@cliniciq.example'));
    await times(5, '/x', { as: key });
    expect(await ask('/admin/x', { as: key })).toMatchObject({ status: 200, limit: 300, remaining: 299 });
  });
});

describe('an organization', () => {
  it('has one bucket for all its credentials together', async () => {
    const { tenantId, token } = await t.addTenant('Free Clinic');
    const keys = await Promise.all([1, 2, 3].map(() => t.mint({ rate_limit_rpm: 300 }, token)));
    await t.db.read.updateTable('tenants').set({ plan: 'free' }).where('id', '=', tenantId).execute();
    const answers = await Promise.all(keys.map(({ key }) => times(250, '/x', { as: key })));
    expect(handled).toBeGreaterThan(590); // minting took some of the 600
    expect(handled).toBeLessThanOrEqual(600);
    const refused = answers.flatMap((answer) => answer.get(429) ?? []);
    expect(refused[0]?.error.details).toEqual({ bucket: 'organization', limit: 600 });
  });

  it('publishes 30 times a minute, with whatever key, and lists on', async () => {
    const { token } = await t.addTenant('Publisher');
    const [a, b] = [await t.mint({}, token), await t.mint({}, token)];
    const answers = await Promise.all([a, b].map(({ key }) => times(25, '/x/publish', { as: key, method: 'POST' })));
    expect(handled).toBe(30);
    expect(answers.flatMap((answer) => answer.get(429) ?? [])[0]?.error.details).toEqual({ bucket: 'publish', limit: 30 });
    expect((await ask('/x', { as: a.key })).status).toBe(200);
  });
});

describe('an address', () => {
  const refresh = (ip: string) => ask('/auth/refresh', { ip, method: 'POST', payload: { refresh_token: 'x' } });

  it('has 60 tries a minute at the routes that take passwords, together', async () => {
    for (let i = 0; i < 60; i++) expect((await refresh('192.0.2.10')).status).toBe(401);
    const login = { ip: '192.0.2.10', method: 'POST', payload: { email: 'a@example.com', password: 'wrong password' } } as const;
    expect(await ask('/auth/login', login)).toMatchObject({ status: 429, error: { details: { bucket: 'auth', limit: 60 } } });
    expect((await refresh('192.0.2.11')).status).toBe(401);
  });

  it('is one address in all of its IPv6 network', async () => {
    for (let i = 0; i < 60; i++) await refresh(`2001:db8:0:7::${i.toString(16)}`);
    expect((await refresh('2001:db8::7:ffff:ffff:ffff:ffff')).status).toBe(429);
    expect((await refresh('2001:db8:0:8::1')).status).toBe(401);
  });

  it('may fail 60 times a minute with credentials, which locks out no good one', async () => {
    const ip = '192.0.2.20';
    const answers = await times(70, '/x', { as: `msk_live_${'x'.repeat(40)}`, ip });
    expect([answers.get(401)?.length, answers.get(429)?.length]).toEqual([60, 10]);
    expect(answers.get(429)?.[0]?.error.details).toEqual({ bucket: 'failed_auth', limit: 60 });
    // An organization that is not the caller's is a failure to authenticate, too.
    const foreign = await t.server.inject({
      url: '/api/v1/x',
      headers: { authorization: `Bearer ${t.key}`, 'x-miosa-tenant': 'nobody', 'x-forwarded-for': ip },
    });
    expect(foreign.statusCode).toBe(429);
    expect((await ask('/x', { as: t.key, ip })).status).toBe(200);
  });

  it('may fail 60 times a minute with signatures, and the right one is heard all the same', async () => {
    const sign = (signature: string) => ask('/x/hook', { ip: '192.0.2.30', method: 'POST', payload: { signature } });
    for (let i = 0; i < 60; i++) expect((await sign('wrong')).status).toBe(403);
    expect(await sign('wrong')).toMatchObject({ status: 429, error: { details: { bucket: 'failed_auth', limit: 60 } } });
    expect((await sign('good')).status).toBe(200);
  });
});
