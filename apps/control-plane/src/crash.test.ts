import { keepEffect, once, postgresIdempotency } from '@miosa/db';
import { answersStored, defineRoute, type IdempotencyStore } from '@miosa/http';
import { Fault } from '@miosa/kernel';
import { sql } from 'kysely';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, type World } from './modules/browser-tokens/testing/world.ts';

/** Contract 1.4 across a crash between effect and answer: the process dies after the commit, and with it what it would have remembered. */
let t: World;
let isDying = false;
let onKeep: (() => Promise<unknown>) | undefined;

const lost = new Set<string>();
/** An effect whose commit reaches the database, but not the process that waits for it. */
const loses = defineRoute({
  id: 'loses',
  method: 'POST',
  path: '/loses',
  summary: 'x',
  access: { scope: null },
  body: Type.Object({ name: Type.String() }),
  response: Type.Object({ made: Type.String() }),
  handler: async (op, { body }) => {
    const made = await once<Date>(op, 'loses', (keep) => t.db.tx(op, 'loses', (tx) => keep(tx, new Date())));
    if (!lost.has(body.name)) {
      lost.add(body.name);
      throw new Fault('INTERNAL', 'The connection broke at the commit.');
    }
    return { made: made.toISOString() };
  },
});

let store: IdempotencyStore;
beforeAll(async () => {
  t = await createWorld([loses], (db) => {
    const real: IdempotencyStore = postgresIdempotency(db);
    const unlessDying = async (work: () => Promise<void>) => (isDying ? undefined : work());
    store = {
      begin: real.begin,
      renew: (...of) => unlessDying(() => real.renew(...of)),
      finish: (...of) => unlessDying(() => real.finish(...of)),
      forget: (...of) => unlessDying(() => real.forget(...of)),
      keep: async (...of) => {
        await onKeep?.();
        return real.keep(...of);
      },
    };
    return store;
  });
});
afterAll(() => t?.close());
beforeEach(() => {
  isDying = false;
  onKeep = undefined;
});

const count = async (table: string): Promise<number> =>
  Number((await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(t.db.read)).rows[0]?.n);
const leaseOver = () => sql`update idempotency_keys set locked_until = now() - interval '1 second' where status is null`.execute(t.db.read);

let keys = 0;
/** The same request twice: the process of the first dies before it remembers the answer. */
const acrossCrash = async (path: string, body: object, between: () => Promise<unknown> = async () => {}) => {
  const headers = { 'idempotency-key': `crash-${keys++}` };
  isDying = true;
  const first = await t.call('POST', path, body, { headers });
  await answersStored(store);
  isDying = false;
  await leaseOver();
  await between();
  const second = await t.call('POST', path, body, { headers });
  const third = await t.call('POST', path, body, { headers });
  expect([third.text, third.headers['idempotency-replayed']]).toEqual([second.text, 'true']);
  return { first, second };
};

describe('a POST repeated after a crash between effect and answer', () => {
  it.each([
    ['a key', '/api-keys', { name: 'crash', key_type: 'live' }, 'api_keys'],
    ['a workspace', '/workspaces', { name: 'Crash', slug: 'crash' }, 'workspaces'],
    ['a project', '/projects', { name: 'Crash', slug: 'crash' }, 'projects'],
  ])('makes %s once and gives the first answer, secrets included', async (_, path, body, table) => {
    await t.call('POST', '/projects', { name: 'there before' });
    const before = [await count(table), await count('audit_entries')];
    const { first, second } = await acrossCrash(path, body);
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
    expect([await count(table), await count('audit_entries')]).toEqual(before.map((n) => n + 1));
  });

  it('gives a key that works', async () => {
    const { second } = await acrossCrash('/api-keys', { name: 'works', key_type: 'live' });
    expect((await t.call('GET', '/sandboxes', undefined, { as: second.body.data.key })).status).toBe(200);
  });

  it('rotates a key once', async () => {
    const { id } = await t.mintKey({});
    const { first, second } = await acrossCrash(`/api-keys/${id}/rotate`, { grace_seconds: 60 });
    expect([second.status, second.text]).toEqual([201, first.text]);
  });

  it('makes a share once, with its token', async () => {
    const { id } = await t.sandbox();
    const { first, second } = await acrossCrash(`/sandboxes/${id}/shares`, { port: 3000 });
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect((await t.call('GET', `/sandboxes/${id}/shares`)).body.data).toHaveLength(1);
  });

  it('makes a sandbox once, on the host too', async () => {
    const before = await count('sandboxes');
    const { first, second } = await acrossCrash('/sandboxes', {});
    expect([second.status, second.body.data.id, second.body.data.state]).toEqual([201, first.body.data.id, 'running']);
    expect(await count('sandboxes')).toBe(before + 1);
  });

  it('runs in the sandbox that the first run made', async () => {
    const before = await count('sandboxes');
    const { first, second } = await acrossCrash('/sandboxes/run', { command: 'echo hi' });
    expect([second.status, second.body.data.sandbox.id, second.body.data.result.stdout]).toEqual([201, first.body.data.sandbox.id, 'hi\n']);
    expect(await count('sandboxes')).toBe(before + 1);
  });

  const setLast = (state: string, reason: string | null) =>
    sql`update sandboxes set state = ${state}, state_reason = ${reason} where id = (select id from sandboxes order by created_at desc limit 1)`;

  it('waits for a boot that is still under way', async () => {
    const booting = await acrossCrash('/sandboxes', { wait_seconds: 30 }, async () => {
      await setLast('provisioning', null).execute(t.db.read);
      setTimeout(() => void setLast('running', null).execute(t.db.read), 300);
    });
    expect([booting.second.body.data.id, booting.second.body.data.state]).toEqual([booting.first.body.data.id, 'running']);
  });

  it('makes another sandbox for one that failed to start', async () => {
    const failed = await acrossCrash('/sandboxes', {}, () => setLast('error', 'boot_timeout').execute(t.db.read));
    expect([failed.second.status, failed.second.body.data.state]).toEqual([201, 'running']);
    expect(failed.second.body.data.id).not.toBe(failed.first.body.data.id);
  });
});

describe('an effect', () => {
  it('survives a server error that came after its commit', async () => {
    const post = () => t.call('POST', '/loses', { name: 'a' }, { headers: { 'idempotency-key': 'loses' } });
    const first = await post();
    const [{ at } = { at: '' }] = (await sql<{ at: string }>`select now()::text as at`.execute(t.db.read)).rows;
    const second = await post();
    expect([first.status, second.status]).toEqual([500, 200]);
    expect(Date.parse(second.body.data.made)).toBeLessThanOrEqual(Date.parse(at));
  });

  it('of a request that a repeat took over does not happen', async () => {
    const before = await count('api_keys');
    onKeep = () => sql`update idempotency_keys set created_at = created_at + interval '1 second' where status is null`.execute(t.db.read);
    const answer = await t.call('POST', '/api-keys', { name: 'slow', key_type: 'live' }, { headers: { 'idempotency-key': 'overtaken' } });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    expect(await count('api_keys')).toBe(before);
  });

  it('is kept unreadable, and apart from other effects of the same request', async () => {
    const headers = { 'idempotency-key': 'unreadable' };
    isDying = true;
    const { text } = await t.call('POST', '/api-keys', { name: 'sealed', key_type: 'live' }, { headers });
    const { rows } = await sql<{
      sealed_body: Buffer;
    }>`select sealed_body from idempotency_keys where status is null and sealed_body is not null`.execute(t.db.read);
    const stored = rows.map((row) => row.sealed_body.toString('latin1')).join();
    expect(stored.length).toBeGreaterThan(100);
    expect(stored).not.toContain(JSON.parse(text).data.key_prefix);
    const effect = { earlier: (name: string) => (name === 'one' ? 'its result' : undefined), keep: async () => {} };
    expect(await once({ effect }, 'other', async () => 'made')).toBe('made');
    expect(await once({ effect }, 'one', async () => 'made')).toBe('its result');
    expect(await t.db.tx({ log: console, requestId: 'x' }, 'x', (tx) => keepEffect(tx, {}, 'without a key', 1))).toBe(1);
  });
});
