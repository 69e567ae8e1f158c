import { type Database, openDatabase } from '@miosa/db';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, silent } from '../access/testing/installation.ts';
import { mayChangeEntries } from './chain.store.ts';
import { record } from './index.ts';
import { createSealer } from './sealer.ts';

let t: Installation;
let controlPlane: Database;
let edge: Database;
const as = (role: string): Database => {
  const url = new URL(t.url);
  url.username = role;
  return openDatabase(url.href);
};
beforeAll(async () => {
  t = await createInstallation();
  [controlPlane, edge] = [as('miosa_control_plane'), as('miosa_edge')];
});
afterAll(async () => {
  await Promise.all([controlPlane.close(), edge.close()]);
  await t.close();
});

describe('the control plane’s role', () => {
  it('records, seals and purges', async () => {
    await record(controlPlane.read, t.systemOp(), { action: 'test.role', resourceType: 'test' });
    const sealer = createSealer(controlPlane, silent);
    await sealer.seal();
    expect(await sealer.purge(new Date())).toBe(0);
    expect((await t.call('GET', '/audit?action=test.role')).body.data[0].hash).not.toBeNull();
  });

  it.each([
    `update audit_entries set outcome = 'failure'`,
    `delete from audit_entries`,
    `truncate audit_entries`,
    `update audit_seals set hash = ''`,
    `delete from audit_seals`,
    `update audit_origin set last_unattested_seq = 1000000`,
    `alter table audit_entries disable trigger all`,
    `drop table audit_seals`,
    `set session_replication_role = replica`,
    `set role miosa`,
    `create table public.mine (id int)`,
  ])('may not: %s', async (statement) => {
    await expect(sql.raw(statement).execute(controlPlane.read)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('knows what it may not', async () => {
    expect(await mayChangeEntries(controlPlane.read)).toBe(false);
    expect(await mayChangeEntries(t.db.read)).toBe(true);
  });
});

describe('the edge’s role', () => {
  it.each(['edge_sandboxes', 'edge_shares', 'edge_dead_keys'])('reads %s', async (view) => {
    await expect(sql`select * from ${sql.table(view)}`.execute(edge.read)).resolves.toBeDefined();
  });

  it.each(['users', 'api_keys', 'tenants', 'sandboxes', 'sandbox_env', 'audit_entries', 'sessions'])('does not read %s', async (table) => {
    await expect(sql`select * from ${sql.table(table)}`.execute(edge.read)).rejects.toThrow(/permission denied|does not exist/);
  });

  it('changes nothing', async () => {
    await expect(sql`update edge_shares set revoked_at = null`.execute(edge.read)).rejects.toThrow('permission denied');
    await expect(sql`select audit_purge(${t.tenantId}::uuid, 1)`.execute(edge.read)).rejects.toThrow('permission denied');
  });
});
