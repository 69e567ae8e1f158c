import { defineRoute, raw, type SseEvent, sse, websocket } from '@miosa/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './testing/world.ts';

const once = async function* (): AsyncGenerator<SseEvent> {
  yield { type: 'hello', data: {} };
};
const access = { scope: 'sandboxes:read', browser: 'sandbox:read' } as const;
const base = { method: 'GET', summary: 'test', access } as const;
const STREAMS = [
  defineRoute({ ...base, id: 'test.stream', path: '/test/stream', response: 'sse', handler: async () => sse(once()) }),
  defineRoute({ ...base, id: 'test.other', path: '/test/other', response: 'sse', handler: async () => sse(once()) }),
  defineRoute({ ...base, id: 'test.bytes', path: '/test/bytes', response: 'raw', handler: async () => raw('x', {}) }),
  defineRoute({
    ...base,
    id: 'test.socket',
    path: '/test/socket',
    response: 'websocket',
    handler: async () => websocket(() => ({ message: () => undefined, closed: () => {} })),
  }),
  defineRoute({ ...base, id: 'test.act', method: 'POST', path: '/test/act', response: 'sse', handler: async () => sse(once()) }),
];

let t: World;
let sandbox: { id: string };
beforeAll(async () => {
  t = await createWorld(STREAMS);
  sandbox = await t.sandbox({});
});
afterAll(() => t?.close());

const ticket = async (as?: string, stream?: string): Promise<string> => {
  const answer = await t.call('POST', '/auth/sse-ticket', stream === undefined ? {} : { stream }, as === undefined ? {} : { as });
  expect(answer.body).toEqual({ ticket: expect.stringMatching(/^sset_/), expires_in: 60 });
  return answer.body.ticket;
};
const use = async (value: string, path = '/test/stream', method = 'GET') =>
  (await t.call(method, `${path}?ticket=${encodeURIComponent(value)}`, undefined, { as: null })).status;

describe('a stream ticket', () => {
  it('is good once: of fifty concurrent uses exactly one wins, the others are 401', async () => {
    const value = await ticket();
    const answers = await Promise.all(Array.from({ length: 50 }, () => use(value)));
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
    expect(answers.filter((status) => status === 401)).toHaveLength(49);
    expect(await use(value)).toBe(401);
  });

  it('is good on event streams that are read, and nowhere else', async () => {
    const value = await ticket();
    expect([await use(value, '/test/bytes'), await use(value, '/sandboxes'), await use(value, '/test/act', 'POST')]).toEqual([
      401, 401, 401,
    ]);
    expect(await use(value)).toBe(200);
  });

  it('for one path is refused on another and stays good for its own', async () => {
    for (const stream of ['/test/stream', '/api/v1/test/stream']) {
      const value = await ticket(undefined, stream);
      expect([await use(value, '/test/other'), await use(value)]).toEqual([401, 200]);
    }
  });

  it('opens a WebSocket only when it was made for its path', async () => {
    // 400: past the credential, without an upgrade.
    const [general, bound] = [await ticket(), await ticket(undefined, '/test/socket')];
    expect([await use(general, '/test/socket'), await use(bound, '/test/socket')]).toEqual([401, 400]);
    expect([await use(bound, '/test/socket'), await use(general)]).toEqual([401, 200]);
  });

  it('ends after a minute', async () => {
    const value = await ticket();
    t.advance(61_000);
    expect(await use(value)).toBe(401);
  });

  it('is nothing but a ticket: not a bearer credential, and no other credential is a ticket', async () => {
    const value = await ticket();
    expect((await t.call('GET', '/sandboxes', undefined, { as: value })).status).toBe(401);
    const token = await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:read'] });
    for (const other of [t.key, t.owner, token, '', 'sset_', `${value}x`]) expect([other, await use(other)]).toEqual([other, 401]);
  });

  it('is stored as a hash only', async () => {
    const value = await ticket();
    const rows = await t.db.read.selectFrom('sse_tickets').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(value.slice(5));
    expect(JSON.stringify(rows)).not.toContain(t.key.slice(12));
  });
});

describe('a ticket gives what its minter may, and dies with it', () => {
  it('key', async () => {
    const { id, key } = await t.mintKey({});
    const [first, second] = [await ticket(key), await ticket(key)];
    expect(await use(first)).toBe(200);
    await t.call('DELETE', `/api-keys/${id}`);
    expect(await use(second)).toBe(401);
    const weak = await t.mintKey({ scopes: ['usage:read'] });
    expect(await use(await ticket(weak.key))).toBe(403);
  });

  it('session', async () => {
    const { token } = await t.addUser('viewer');
    const [first, second] = [await ticket(token), await ticket(token)];
    expect(await use(first)).toBe(200);
    await t.call('POST', '/auth/logout', {}, { as: token });
    expect(await use(second)).toBe(401);
  });

  it('browser token', async () => {
    const { id, key } = await t.mintKey({});
    const reads = await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:read'] }, key);
    const execs = await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:exec'] }, key);
    const [first, second] = [await ticket(reads), await ticket(reads)];
    expect([await use(first), await use(await ticket(execs))]).toEqual([200, 403]);
    await t.call('DELETE', `/api-keys/${id}`);
    t.advance(1000);
    expect(await use(second)).toBe(401);
  });
});

it('open streams of a browser token are cut when its key is revoked, its sandbox destroyed, or its time is up', async () => {
  const { id, key } = await t.mintKey({});
  const [doomed, staying] = [await t.sandbox({}), await t.sandbox({})];
  const asks: Record<string, string> = {
    key: await t.token({ sandbox_id: staying.id, permissions: ['sandbox:read'] }, key),
    sandbox: await t.token({ sandbox_id: doomed.id, permissions: ['sandbox:read'] }),
    other: await t.token({ sandbox_id: staying.id, permissions: ['sandbox:read'], ttl_seconds: 86_400 }),
  };
  const ends = new Set<string>();
  for (const [name, token] of Object.entries(asks)) {
    const actor = await t.access.authenticate({ authorization: `Bearer ${token}` }, null);
    if (actor === null) throw new Error('refused');
    t.access.watchCredential(actor, () => ends.add(name));
  }
  await t.call('DELETE', `/api-keys/${id}`);
  await t.call('DELETE', `/sandboxes/${doomed.id}`);
  await expect.poll(() => [...ends].sort(), { timeout: 5000, interval: 50 }).toEqual(['key', 'sandbox']);
  t.advance(86_500_000);
  await expect.poll(() => ends.has('other'), { timeout: 5000, interval: 50 }).toBe(true);
});
