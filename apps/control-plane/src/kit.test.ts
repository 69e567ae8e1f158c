import { afterPosition, exactTime, postgresIdempotency, type TestDatabase, testDatabase } from '@miosa/db';
import { answersStored, createServer, defineRoute, type IdempotencyStore, PAGE_QUERY, pageOf, positionOf, type Server } from '@miosa/http';
import { type Actor, Fault, newUuid, type TenantId } from '@miosa/kernel';
import { sql } from 'kysely';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Guarantees that HTTP kit and database give together, over small routes on a real database. */
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const [A, B] = [newUuid() as TenantId, newUuid() as TenantId];
const actor = (tenantId: TenantId): Actor => ({ type: 'system', id: 'test', name: 'test', tenantId });

let t: TestDatabase;
let server: Server;
let store: IdempotencyStore;
let release: (() => void) | undefined;

const effects = async (): Promise<number> =>
  (await sql<{ n: number }>`select count(*) as n from effects`.execute(t.db.read)).rows[0]?.n ?? 0;

const routes = [
  defineRoute({
    id: 'effects.create',
    method: 'POST',
    path: '/effects',
    summary: 'x',
    access: { scope: null },
    body: Type.Object({ fail: Type.Optional(Type.String()), wait: Type.Optional(Type.Boolean()) }),
    response: Type.Object({ secret: Type.String() }),
    status: 201,
    handler: async (op, { body }) => {
      await sql`insert into effects default values`.execute(t.db.read);
      if (body.wait === true) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      if (body.fail !== undefined) throw new Fault(body.fail as 'CONFLICT', 'no');
      return { secret: `msk_live_${op.requestId}` };
    },
  }),
  defineRoute({
    id: 'rows.list',
    method: 'GET',
    path: '/rows',
    summary: 'x',
    access: { scope: null },
    query: Type.Object({ ...PAGE_QUERY, kind: Type.Optional(Type.String()) }),
    response: Type.Integer(),
    envelope: 'list',
    handler: async (_op, { query }) => {
      const after = positionOf(query.cursor);
      const { rows } = await sql<{ id: number; at: string }>`
        select id, ${exactTime('created_at')} as at from list_rows
        where ${after === null ? sql`true` : afterPosition('created_at', 'id', after)}
        order by created_at desc, id desc limit ${query.limit + 1}`.execute(t.db.read);
      return pageOf(
        rows,
        query.limit,
        (row) => ({ at: row.at, id: String(row.id) }),
        (row) => row.id,
      );
    },
  }),
];

beforeAll(async () => {
  t = await testDatabase();
  await sql`create table effects (id int generated always as identity)`.execute(t.db.read);
  await sql`create table list_rows (id int primary key, created_at timestamptz not null)`.execute(t.db.read);
  // 60 rows: ten share each instant, and the instants differ by microseconds only.
  await sql`insert into list_rows select i, '2026-01-01T00:00:00Z'::timestamptz + (i / 10) * interval '3 microseconds' from generate_series(0, 59) i`.execute(
    t.db.read,
  );
  store = postgresIdempotency(t.db);
  server = await createServer({
    routes,
    authenticate: async ({ authorization }) => (authorization === 'B' ? actor(B) : actor(A)),
    authorize: () => {},
    idempotency: store,
    log,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.example',
    checkResponses: true,
  });
});
afterAll(async () => {
  await server.close();
  await t.close();
});

const post = (key: string, payload: object = {}, authorization = 'A') =>
  server.inject({ method: 'POST', url: '/api/v1/effects', payload, headers: { authorization, 'idempotency-key': key } });

describe('Idempotency-Key', () => {
  it('makes 50 concurrent posts one effect', async () => {
    const before = await effects();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('fifty')));
    expect(await effects()).toBe(before + 1);
    const done = answers.filter((a) => a.statusCode === 201);
    expect(new Set(done.map((a) => a.body)).size).toBe(1);
    for (const other of answers.filter((a) => a.statusCode !== 201)) {
      expect([other.statusCode, other.json().error.code, other.headers['retry-after']]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS', '1']);
    }
  });

  it('replays status and body, marked as such', async () => {
    const first = await post('replay');
    const second = await post('replay');
    expect([second.statusCode, second.body, second.headers['idempotency-replayed']]).toEqual([201, first.body, 'true']);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
  });

  it('answers 409 while the first still runs', async () => {
    const first = post('slow', { wait: true });
    await expect.poll(() => release).toBeDefined();
    expect((await post('slow', { wait: true })).json().error.code).toBe('IDEMPOTENCY_IN_PROGRESS');
    release?.();
    expect((await first).statusCode).toBe(201);
  });

  it('refuses another body, and keeps organizations apart', async () => {
    const before = await effects();
    await post('same', {});
    expect((await post('same', { fail: 'CONFLICT' })).json().error.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await post('same', {}, 'B')).statusCode).toBe(201);
    expect(await effects()).toBe(before + 2);
  });

  it('replays refusals with their own request id', async () => {
    const first = await post('refusal', { fail: 'CONFLICT' });
    const second = await post('refusal', { fail: 'CONFLICT' });
    expect([second.statusCode, second.body]).toEqual([409, first.body]);
    expect(second.headers['x-request-id']).toBe(second.json().error.request_id);
  });

  it.each(['INTERNAL', 'UNAVAILABLE', 'RATE_LIMITED'])('does not remember %s', async (fail) => {
    const before = await effects();
    await post(`again-${fail}`, { fail });
    await post(`again-${fail}`, { fail });
    expect(await effects()).toBe(before + 2);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256)])('refuses the key %j', async (key) => {
    expect((await post(key)).json().error?.code).toBe('BAD_REQUEST');
  });

  it('frees a request whose process died once its lock is over, for the same body only', async () => {
    await post('dead', {});
    await answersStored(store);
    await sql`update idempotency_keys set status = null, sealed_body = null, locked_until = now() + interval '10 seconds' where tenant_id = ${A}`.execute(
      t.db.read,
    );
    expect((await post('dead', {})).json().error.code).toBe('IDEMPOTENCY_IN_PROGRESS');
    await sql`update idempotency_keys set locked_until = now() - interval '1 second' where tenant_id = ${A}`.execute(t.db.read);
    expect((await post('dead', { fail: 'CONFLICT' })).json().error.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await post('dead', {})).statusCode).toBe(201);
  });

  it('gives the answer again to a repeat that comes before it is stored', async () => {
    for (let n = 0; n < 20; n++) {
      const first = await post(`at-once-${n}`);
      const second = await post(`at-once-${n}`);
      expect([second.statusCode, second.body, second.headers['idempotency-replayed']]).toEqual([201, first.body, 'true']);
    }
  });

  it('stores neither the header nor a readable answer', async () => {
    await post('very-secret-header');
    await answersStored(store);
    const { rows } = await sql<Record<string, unknown>>`select * from idempotency_keys`.execute(t.db.read);
    const stored = rows.flatMap((row) =>
      Object.values(row).map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))),
    );
    expect(stored.join()).toContain('effects.create');
    expect(stored.join()).not.toMatch(/msk_live|very-secret-header|"data"/);
  });

  it('forgets after 24 hours', async () => {
    const before = await effects();
    await post('old');
    await answersStored(store);
    await sql`update idempotency_keys set created_at = created_at - interval '25 hours'`.execute(t.db.read);
    await post('old');
    expect(await effects()).toBe(before + 2);
    expect(await postgresIdempotency(t.db).purge()).toBeGreaterThan(0);
    expect((await post('old')).headers['idempotency-replayed']).toBe('true');
  });
});

describe('lists', () => {
  const page = async (query: string, authorization = 'A') => server.inject({ url: `/api/v1/rows?${query}`, headers: { authorization } });

  it.each([1, 7, 10, 100])('show every row once in pages of %i, with instants shared and microseconds apart', async (limit) => {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { data, next_cursor }: { data: number[]; next_cursor: string | null } = (
        await page(`limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ).json();
      seen.push(...data);
      cursor = next_cursor;
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => 59 - i));
  });

  it('refuse a cursor of other filters, of another organization, or changed by one bit', async () => {
    const cursor: string = (await page('limit=5&kind=a')).json().next_cursor;
    expect((await page(`limit=9&kind=a&cursor=${cursor}`)).statusCode).toBe(200);
    const changed = Buffer.from(cursor, 'base64url');
    changed[20] = (changed[20] ?? 0) ^ 1;
    const refused = [
      await page(`kind=b&cursor=${cursor}`),
      await page(`cursor=${cursor}`),
      await page(`kind=a&cursor=${cursor}`, 'B'),
      await page(`kind=a&cursor=${changed.toString('base64url')}`),
      await page('cursor=x'),
      await page('cursor='),
    ];
    for (const { statusCode, body } of refused) expect([statusCode, JSON.parse(body).error.code]).toEqual([400, 'BAD_REQUEST']);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2'])('refuse %s', async (query) => {
    expect((await page(query)).statusCode).toBe(400);
  });
});
