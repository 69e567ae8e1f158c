import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';
import { record } from './index.ts';

let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

// biome-ignore lint/suspicious/noExplicitAny: wire bodies.
const entries = async (query: string, as?: string): Promise<any[]> => {
  const { status, body } = await t.call('GET', `/audit?limit=100${query}`, undefined, as === undefined ? {} : { as });
  expect(status).toBe(200);
  return body.data;
};

describe('an entry', () => {
  it('says who did what to which resource, from where', async () => {
    const made = await t.mint({ name: 'msk_cliniciq_server_prod' });
    const headers = { 'user-agent': 'test-agent', 'x-request-id': 'req-for-audit' };
    const workspace = await t.call(
      'POST',
      '/workspaces',
      { name: 'Audited', external_workspace_id: 'clinic_9' },
      { as: made.key, headers, ip: '203.0.113.5' },
    );
    const [entry] = await entries(`&workspace_id=${workspace.body.data.id}`);
    expect(entry).toMatchObject({
      tenant_id: t.tenantId,
      api_key_id: made.id,
      actor: { type: 'key', id: made.id, name: 'msk_cliniciq_server_prod', organization: 'cliniciq' },
      action: 'workspaces.create',
      resource_type: 'workspace',
      resource_id: workspace.body.data.id,
      external_workspace_id: 'clinic_9',
      outcome: 'success',
      error_code: null,
      ip_address: '203.0.113.5',
      user_agent: 'test-agent',
      request_id: 'req-for-audit',
    });
    expect(entry.id).toMatch(/^aud_[0-9a-z]{26}$/);
  });

  it('is there exactly when the change is', async () => {
    const op = t.systemOp();
    const failing = t.db.tx(op, 'test', async (tx) => {
      await record(tx, op, { action: 'test.rolled-back', resourceType: 'test' });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await entries('&action=test.rolled-back')).toEqual([]);
  });

  it('cannot be changed or removed', async () => {
    await expect(sql`update audit_entries set outcome = 'failure'`.execute(t.db.read)).rejects.toThrow('append-only');
    await expect(sql`delete from audit_entries`.execute(t.db.read)).rejects.toThrow('append-only');
    await expect(sql`truncate audit_entries`.execute(t.db.read)).rejects.toThrow('append-only');
  });
});

describe('filters', () => {
  it('find by key, actor, action, resource, outcome, ownership and time; an unknown value finds nothing', async () => {
    const { id, key } = await t.mint({});
    const made = (await t.call('POST', '/projects', { name: 'F', workspace_slug: 'f', external_workspace_id: 'F-1' }, { as: key })).body
      .data;
    const actions = async (query: string) => (await entries(query)).map((e) => e.action);
    const both = ['projects.create', 'workspaces.create'];
    expect(await actions(`&api_key_id=${id}`)).toEqual(both);
    expect(await actions(`&api_key_id=key_${id}`)).toEqual(both);
    expect(await actions(`&actor_id=${id}`)).toEqual(both);
    expect(await actions(`&api_key_id=${id}&action=projects.create`)).toEqual(['projects.create']);
    expect(await actions(`&api_key_id=${id}&action=projects.*`)).toEqual(['projects.create']);
    expect(await actions(`&api_key_id=${id}&action=project.*`)).toEqual([]);
    expect(await actions(`&api_key_id=${id}&action=%25`)).toEqual([]);
    expect(await actions(`&project_id=${made.id}`)).toEqual(['projects.create']);
    expect(await actions(`&resource_type=project&resource_id=${made.id}`)).toEqual(['projects.create']);
    expect(await actions('&external_workspace_id=F-1')).toEqual(['workspaces.create']);
    expect(await actions(`&api_key_id=${id}&outcome=denied`)).toEqual([]);
    for (const none of ['&api_key_id=nonsense', '&workspace_id=1', '&outcome=maybe', `&project_id=${newUuid()}`])
      expect(await actions(none)).toEqual([]);
    const at = (await entries(`&resource_id=${made.id}`))[0].created_at;
    const time = encodeURIComponent(at);
    expect(await actions(`&resource_id=${made.id}&since=${time}`)).toEqual(['projects.create']);
    expect(await actions(`&resource_id=${made.id}&until=${time}`)).toEqual([]);
    expect((await t.call('GET', '/audit?since=yesterday')).status).toBe(400);
  });

  it('page through everything once, newest first', async () => {
    const op = t.systemOp();
    const names = Array.from({ length: 25 }, (_, i) => `page.n${i}`);
    for (const action of names) await record(t.db.read, op, { action, resourceType: 'page' });
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await t.call('GET', `/audit?resource_type=page&limit=10${cursor}`);
      seen.push(...body.data.map((e: { action: string }) => e.action));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual(names.reverse());
  });
});

describe('who reads', () => {
  it('members and user keys their own entries, bound keys their workspace’s, others nothing of another organization', async () => {
    const member = await t.addUser('member');
    const own = await t.mint({ key_type: 'user' }, member.token);
    await t.call('POST', '/projects', { name: 'mine' }, { as: own.key });
    const actors = async (as: string) => [...new Set((await entries('', as)).map((e) => e.actor.id))];
    expect(await actors(member.token)).toEqual([member.id]);
    expect((await actors(own.key)).sort()).toEqual([member.id, own.id].sort());

    const ws = (await t.call('POST', '/workspaces', { name: 'Bound' })).body.data.id;
    const bound = await t.mint({ workspace_id: ws });
    expect(new Set((await entries('', bound.key)).map((e) => e.workspace_id))).toEqual(new Set([ws]));

    const other = await t.addTenant('Audit Neighbour');
    expect(new Set((await entries('', other.key)).map((e) => e.tenant_id))).toEqual(new Set([other.tenantId]));
    expect((await entries('')).length).toBeGreaterThan(5);
  });

  it('only with the scope', async () => {
    const { key } = await t.mint({ scopes: ['workspaces:write'] });
    expect((await t.call('GET', '/audit', undefined, { as: key })).body.error.details).toEqual({ required_scope: 'audit:read' });
    expect((await t.call('GET', '/audit-log?limit=1')).body.data).toEqual((await t.call('GET', '/audit?limit=1')).body.data);
  });
});
