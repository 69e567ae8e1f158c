import { RefusedCredential } from '@miosa/http';
import type { Actor } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTenancy } from '../tenancy/index.ts';
import { type Access, createAccess } from './index.ts';
import { createKeyVerifier } from './key-verifier.ts';
import { createLiveness } from './liveness.ts';
import { createInstallation, type Installation, JWT_SECRET, silent } from './testing/installation.ts';

let t: Installation;
/** A second process on the same database: it hears of changes from the database alone. */
let elsewhere: Access;
beforeAll(async () => {
  t = await createInstallation();
  elsewhere = createAccess({ db: t.db, tenancy: createTenancy({ db: t.db }), log: silent, jwtSecretHex: JWT_SECRET });
  await elsewhere.start();
});
afterAll(async () => {
  await elsewhere.close();
  await t.close();
});

/** Null: refused, whether or not the key was ever one. */
const ask = (access: Access, key: string): Promise<Actor | null> =>
  access.authenticate({ authorization: `Bearer ${key}` }, null).catch((error: unknown) => {
    if (error instanceof RefusedCredential) return null;
    throw error;
  });
const queries = async (key: string): Promise<number> => {
  // Counts what verification asks of the database.
  let asked = 0;
  const counting = createKeyVerifier(
    new Proxy(t.db, {
      get: (target, name) => {
        if (name === 'read') asked++;
        return Reflect.get(target, name);
      },
    }),
    { fresh: () => true },
    Date.now,
  );
  for (let i = 0; i < 1000; i++) await counting.verify(key);
  return asked;
};

describe('a known key', () => {
  it('is answered from memory', async () => expect(await queries(t.key)).toBe(1));
  it('that does not exist is remembered as such', async () => expect(await queries(`msk_live_${'x'.repeat(32)}`)).toBe(1));
  it('of a wrong shape asks nobody', async () => {
    for (const key of ['msk_', 'msk_live_', `msk_x_${'x'.repeat(32)}`, `msk_live_${'x'.repeat(31)}!`, `msk_live_${'x'.repeat(5000)}`]) {
      expect(await queries(key)).toBe(0);
    }
  });
});

describe('every process refuses within a second', () => {
  it('a revoked key', async () => {
    const { id, key } = await t.mint({});
    for (let i = 0; i < 5; i++) expect(await ask(elsewhere, key)).not.toBeNull();
    await t.call('DELETE', `/api-keys/${id}`);
    await expect.poll(() => ask(elsewhere, key), { timeout: 5000, interval: 20 }).toBeNull();
  });

  it('a scope that was taken away', async () => {
    const { id, key } = await t.mint({ scopes: ['workspaces:write'] });
    await ask(elsewhere, key);
    await t.call('PATCH', `/api-keys/${id}`, { scopes: ['workspaces:read'] });
    await expect.poll(() => ask(elsewhere, key), { timeout: 5000, interval: 20 }).toMatchObject({ scopes: ['workspaces:read'] });
  });

  it('a key revoked while the listening connection was down', async () => {
    const { id, key } = await t.mint({});
    await ask(elsewhere, key);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'miosa-listen' and datname = current_database()`.execute(
      t.db.read,
    );
    await sql`update api_keys set revoked_at = now() where id = ${id}`.execute(t.db.read);
    await expect.poll(() => ask(elsewhere, key), { timeout: 5000, interval: 20 }).toBeNull();
    // And it hears again: the next key is cut off too.
    const next = await t.mint({});
    await ask(elsewhere, next.key);
    await t.call('DELETE', `/api-keys/${next.id}`);
    await expect.poll(() => ask(elsewhere, next.key), { timeout: 5000, interval: 20 }).toBeNull();
  });
});

it('a process whose connection went silent, though it looks open, refuses within a second too', async () => {
  let silentNow = false;
  let reads = 0;
  const muted = new Proxy(t.db, {
    get: (target, name) => {
      if (name === 'read') reads++;
      if (name !== 'listen') return Reflect.get(target, name);
      return (channel: string, onPayload: (payload: string) => void, onGap: () => void) =>
        target.listen(channel, (payload) => silentNow || onPayload(payload), onGap);
    },
  });
  const access = createAccess({ db: muted, tenancy: createTenancy({ db: muted }), log: silent, jwtSecretHex: JWT_SECRET });
  await access.start();
  try {
    const { id, key } = await t.mint({});
    await ask(access, key);
    const untilCached = async () => {
      const before = reads;
      await ask(access, key);
      return reads - before;
    };
    await expect.poll(untilCached, { timeout: 5000, interval: 10 }).toBe(0);
    silentNow = true;
    await t.call('DELETE', `/api-keys/${id}`);
    await expect.poll(() => ask(access, key), { timeout: 5000, interval: 20 }).toBeNull();
  } finally {
    await access.close();
  }
});

describe('proof that notifications arrive', () => {
  const clock = { now: 0 };
  const made: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const liveness of made.splice(0)) await liveness.close();
  });

  it('without it nothing is answered from memory', async () => {
    const deaf = { ...t.db, listen: async () => async () => {} };
    const liveness = createLiveness(
      deaf,
      () => {},
      () => clock.now,
    );
    made.push(liveness);
    await liveness.start();
    for (let i = 0; i < 5; i++) {
      clock.now += 300;
      expect(liveness.fresh()).toBe(false);
    }
  });

  it('is a pulse that came back, and lasts 0.9 s from when it was sent', async () => {
    clock.now = 10_000;
    const liveness = createLiveness(
      t.db,
      () => {},
      () => clock.now,
    );
    made.push(liveness);
    await liveness.start();
    await expect.poll(() => liveness.fresh(), { timeout: 5000, interval: 10 }).toBe(true);
    await liveness.close();
    clock.now += 899;
    expect(liveness.fresh()).toBe(true);
    clock.now += 1;
    expect(liveness.fresh()).toBe(false);
  });
});

it('cuts the open streams of a revoked key and of a session that ended', async () => {
  const { id, key } = await t.mint({});
  const user = await t.addUser('member');
  const ends: string[] = [];
  for (const [name, credential] of [
    ['key', key],
    ['session', user.token],
    ['other', t.key],
  ] as const) {
    const actor = await ask(elsewhere, credential);
    if (actor === null) throw new Error('refused');
    elsewhere.watchCredential(actor, () => ends.push(name));
  }
  await t.call('DELETE', `/api-keys/${id}`);
  await t.call('POST', '/auth/logout', {}, { as: user.token });
  await expect.poll(() => [...new Set(ends)].sort(), { timeout: 5000, interval: 50 }).toEqual(['key', 'session']);
});
