import { createHash } from 'node:crypto';
import type { Op } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, silent } from '../access/testing/installation.ts';
import { canonicalJson } from './canonical.ts';
import { record } from './index.ts';
import { createSealer } from './sealer.ts';

let t: Installation;
let tenant: { tenantId: Op['actor']['tenantId']; token: string; key: string };
let ids: string[];
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const opOf = (tenantId: Op['actor']['tenantId'], at = new Date()): Op => ({ ...t.systemOp(tenantId as never), now: () => at });
const write = (op: Op, action: string) =>
  record(t.db.read, op, { action, resourceType: 'test', metadata: { b: 1, a: { z: [1, 'ü'], y: null } } });

/** What a person with all rights on the database can do, triggers or not. */
const byHand = (statement: ReturnType<typeof sql>) =>
  t.db.tx({ log: silent, requestId: 'by-hand' }, 'by-hand', async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await statement.execute(tx);
  });

const verify = async (as = tenant.key) => {
  const { status, body } = await t.call('GET', '/audit/verify', undefined, { as });
  expect(status).toBe(200);
  return body.data;
};

// biome-ignore lint/suspicious/noExplicitAny: wire bodies.
const listed = async (as = tenant.key): Promise<any[]> => (await t.call('GET', '/audit?limit=100', undefined, { as })).body.data;

/** An organization with a sealed chain of its own, ten test entries at the end. */
beforeEach(async () => {
  tenant = await t.addTenant(`Chain ${Math.random().toString(36).slice(2)}`);
  for (let i = 0; i < 10; i++) await write(opOf(tenant.tenantId), `test.n${i}`);
  await t.audit.sealer.seal();
  ids = (await listed())
    .filter((e) => e.resource_type === 'test')
    .map((e) => e.id)
    .reverse();
});

describe('the chain', () => {
  it('links all entries of an organization, each by SHA-256 over the previous hash and the entry’s canonical JSON', async () => {
    const entries = (await listed()).reverse();
    expect(await verify()).toEqual({
      valid: true,
      checked: entries.length,
      sealed_until: entries.at(-1).created_at,
      defect: null,
      first_bad_id: null,
    });
    expect(entries[0].prev_hash).toBeNull();
    for (const [i, entry] of entries.entries()) {
      if (i > 0) expect(entry.prev_hash).toBe(entries[i - 1].hash);
      // As a customer would do it, from the export alone.
      const { actor, prev_hash, hash, ...rest } = entry;
      const content = { ...rest, actor_type: actor.type, actor_id: actor.id, actor_name: actor.name };
      expect(hash).toBe(
        createHash('sha256')
          .update(`${prev_hash ?? ''}${canonicalJson(content)}`)
          .digest('hex'),
      );
    }
  });

  it('is whole after 200 writes at once with several sealers, and a transaction that commits late is linked, too', async () => {
    const late = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const op = opOf(tenant.tenantId);
    const slow = t.db.tx(op, 'late', async (tx) => {
      await record(tx, op, { action: 'test.late', resourceType: 'test' });
      begun.resolve();
      await late.promise;
    });
    const undone = t.db.tx(op, 'undone', async (tx) => {
      await record(tx, op, { action: 'test.undone', resourceType: 'test' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await begun.promise;
    const other = createSealer(t.db, silent);
    const sealing = (async () => {
      for (let i = 0; i < 20; i++) await Promise.all([t.audit.sealer.seal(), other.seal()]);
    })();
    await Promise.all(Array.from({ length: 200 }, (_, i) => write(opOf(tenant.tenantId), `test.parallel${i}`)));
    await sealing;
    await t.audit.sealer.seal();
    const before = await verify();
    late.resolve();
    await slow;
    await t.audit.sealer.seal();
    const after = await verify();
    expect([before.valid, after.valid, after.checked - before.checked]).toEqual([true, true, 1]);
    const { rows } = await sql<{ n: number }>`select count(*) as n from audit_seals where tenant_id = ${tenant.tenantId}`.execute(
      t.db.read,
    );
    expect(after.checked).toBe(rows[0]?.n);
    expect(after.checked).toBeGreaterThan(210);
  });

  it('seals by itself once started, and what is left when it is closed', async () => {
    const sealer = createSealer(t.db, silent);
    sealer.start();
    await write(opOf(tenant.tenantId), 'test.soon');
    await expect.poll(async () => (await listed())[0].hash, { timeout: 5000 }).not.toBeNull();
    await write(opOf(tenant.tenantId), 'test.last');
    await sealer.close();
    expect((await listed())[0]).toMatchObject({ action: 'test.last', hash: expect.any(String) });
  });
});

describe('verification finds', () => {
  const found = async () => {
    const { valid, defect, first_bad_id } = await verify();
    return { valid, defect, first_bad_id };
  };

  it.each(['actor_name', 'action', 'resource_id', 'external_user_id', 'ip_address', 'request_id'])('a changed %s', async (column) => {
    await byHand(sql`update audit_entries set ${sql.ref(column)} = 'other' where id = ${ids[4]}`);
    expect(await found()).toEqual({ valid: false, defect: 'changed', first_bad_id: ids[4] });
  });

  it('changed metadata, a changed time, and an entry moved to another organization', async () => {
    await byHand(sql`update audit_entries set metadata = '{"b": 2}' where id = ${ids[6]}`);
    expect(await found()).toEqual({ valid: false, defect: 'changed', first_bad_id: ids[6] });
    await byHand(sql`update audit_entries set created_at = created_at - interval '1 hour' where id = ${ids[5]}`);
    expect(await found()).toEqual({ valid: false, defect: 'changed', first_bad_id: ids[5] });
    await byHand(sql`update audit_entries set tenant_id = ${t.tenantId} where id = ${ids[4]}`);
    expect(await found()).toEqual({ valid: false, defect: 'changed', first_bad_id: ids[4] });
  });

  it('a removed entry, also with its link', async () => {
    await byHand(sql`delete from audit_entries where id = ${ids[3]}`);
    expect(await found()).toEqual({ valid: false, defect: 'missing', first_bad_id: ids[3] });
    await byHand(sql`delete from audit_seals where entry_id = ${ids[3]}`);
    expect(await found()).toEqual({ valid: false, defect: 'missing', first_bad_id: ids[4] });
  });

  it('a removed end, even with the end of the chain moved back', async () => {
    await byHand(sql`delete from audit_entries where id = ${ids[9]}`);
    await byHand(sql`delete from audit_seals where entry_id = ${ids[9]}`);
    expect(await found()).toEqual({ valid: false, defect: 'wrong_end', first_bad_id: null });
    await byHand(sql`update audit_chains c set position = s.position, hash = s.hash from audit_seals s
      where s.entry_id = ${ids[8]} and c.tenant_id = s.tenant_id`);
    expect(await found()).toEqual({ valid: false, defect: 'wrong_end', first_bad_id: null });
  });

  it('a removed beginning, even with the base of the chain moved forward', async () => {
    await byHand(sql`delete from audit_entries e using audit_seals s, audit_seals until
      where until.entry_id = ${ids[2]} and s.tenant_id = until.tenant_id and s.position <= until.position and e.seq = s.entry_seq`);
    await byHand(sql`update audit_chains c set base_position = s.position, base_hash = s.hash from audit_seals s
      where s.entry_id = ${ids[2]} and c.tenant_id = s.tenant_id`);
    expect(await found()).toEqual({ valid: false, defect: 'wrong_end', first_bad_id: null });
  });

  it('an entry inserted by hand, which the sealer links like any other', async () => {
    await sql`insert into audit_entries (id, tenant_id, actor_type, actor_id, actor_name, action, resource_type, outcome, request_id)
      values (${`aud_forged_${tenant.tenantId}`}, ${tenant.tenantId}, 'user', 'x', 'x', 'apiKeys.revoke', 'api_key', 'success', 'x')`.execute(
      t.db.read,
    );
    await t.audit.sealer.seal();
    expect(await found()).toEqual({ valid: false, defect: 'inserted', first_bad_id: `aud_forged_${tenant.tenantId}` });
  });

  it('an entry hidden from the sealer, and one removed before it was sealed', async () => {
    await write(opOf(tenant.tenantId), 'test.hidden');
    const [{ id }] = await listed();
    expect((await verify()).valid).toBe(true);
    await byHand(sql`delete from audit_entries where id = ${id}`);
    expect(await found()).toEqual({ valid: false, defect: 'missing', first_bad_id: id });
    await byHand(sql`delete from audit_unsealed where entry_id = ${id}`);
    await write(opOf(tenant.tenantId), 'test.hidden');
    const [second] = await listed();
    await byHand(sql`delete from audit_unsealed where entry_id = ${second.id}`);
    expect(await found()).toEqual({ valid: false, defect: 'missing', first_bad_id: second.id });
  });

  it('a chain written anew with correct hashes', async () => {
    const rows = await sql<{ n: number }>`select count(*) as n from audit_seals where tenant_id = ${tenant.tenantId}`.execute(t.db.read);
    expect(rows.rows[0]?.n).toBeGreaterThan(9);
    await byHand(sql`update audit_entries set actor_name = 'other' where id = ${ids[9]}`);
    await byHand(sql`delete from audit_seals where entry_id = ${ids[9]}`);
    await byHand(sql`update audit_chains c set position = s.position, hash = s.hash from audit_seals s
      where s.entry_id = ${ids[8]} and c.tenant_id = s.tenant_id`);
    await sql`insert into audit_unsealed select seq, id, tenant_id from audit_entries where id = ${ids[9]}`.execute(t.db.read);
    await t.audit.sealer.seal(); // the sealer's own hand makes the hashes right and the end proven
    expect(await found()).toEqual({ valid: false, defect: 'inserted', first_bad_id: ids[9] });
  });
});

describe('retention', () => {
  it('removes whole beginnings older than 365 days; the rest stays a valid chain', async () => {
    const old = await t.addTenant('Old Records');
    await t.audit.sealer.seal();
    const kept = (await verify(old.key)).checked;
    const now = new Date(Date.now() + 370 * 86_400_000);
    await write(opOf(old.tenantId, new Date(now.getTime() - 1000)), 'test.young');
    await t.audit.sealer.seal();
    // Today's entries are 370 days old by then, but the database keeps what it knows to be young.
    await expect(t.audit.sealer.purge(now)).rejects.toThrow('append-only');
    await byHand(
      sql`update audit_entries set created_at = created_at - interval '400 days' where tenant_id = ${old.tenantId} and action <> 'test.young'`,
    );
    await byHand(sql`update audit_entries set created_at = now() - interval '1 day' where tenant_id <> ${old.tenantId}`);
    expect(await t.audit.sealer.purge(new Date())).toBe(1);
    expect(kept).toBeGreaterThan(0);
    expect((await listed(old.key)).map((entry) => entry.action)).toEqual(['test.young']);
    expect(await verify(old.key)).toMatchObject({ valid: true, checked: 1 });
    expect(await t.audit.sealer.purge(new Date())).toBe(0);
  });
});

describe('who may verify', () => {
  it('admins, owners and server keys; not members, user keys, bound keys, or a key without the scope', async () => {
    const as = async (credential: string) => (await t.call('GET', '/audit/verify', undefined, { as: credential })).status;
    const member = await t.addUser('member');
    const admin = await t.addUser('admin');
    const ws = (await t.call('POST', '/workspaces', { name: `B ${Math.random()}` })).body.data.id;
    expect(await as(admin.token)).toBe(200);
    expect(await as(t.key)).toBe(200);
    expect(await as(member.token)).toBe(403);
    expect(await as((await t.mint({ key_type: 'user' }, admin.token)).key)).toBe(403);
    expect(await as((await t.mint({ workspace_id: ws })).key)).toBe(403);
    expect(await as((await t.mint({ scopes: ['sandboxes:write'] })).key)).toBe(403);
  });
});
