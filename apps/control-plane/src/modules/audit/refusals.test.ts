import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';

let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const denied = async (keyId: string, as = t.key) => {
  await t.audit.refusals.flush();
  const { body } = await t.call('GET', `/audit?limit=100&outcome=denied&actor_id=${keyId}`, undefined, { as });
  return body.data;
};

describe('a refused attempt is recorded', () => {
  it('when the scope is missing: operation, code and reason, who and from where', async () => {
    const { id, key } = await t.mint({ scopes: ['workspaces:read'] });
    const headers = { 'user-agent': 'curious', 'x-request-id': 'req-refused-1' };
    expect((await t.call('POST', '/projects', { name: 'x' }, { as: key, headers, ip: '203.0.113.9' })).status).toBe(403);
    expect(await denied(id)).toEqual([
      expect.objectContaining({
        tenant_id: t.tenantId,
        api_key_id: id,
        action: 'projects.create',
        outcome: 'denied',
        error_code: 'FORBIDDEN',
        ip_address: '203.0.113.9',
        user_agent: 'curious',
        request_id: 'req-refused-1',
        metadata: { required_scope: 'projects:write' },
      }),
    ]);
  });

  it('when the role is too low, and when a handler refuses', async () => {
    const viewer = await t.addUser('viewer');
    expect((await t.call('POST', '/projects', { name: 'x' }, { as: viewer.token })).status).toBe(403);
    expect((await t.call('POST', '/api-keys', { name: 'k', key_type: 'live' }, { as: viewer.token })).status).toBe(403);
    expect((await denied(viewer.id)).map((e: { action: string }) => e.action)).toEqual(['apiKeys.create', 'projects.create']);
  });

  it('when a revoked or expired key is tried, or one from another address; the caller learns nothing', async () => {
    const stranger = await t.call('GET', '/workspaces', undefined, { as: `msk_live_${'a'.repeat(32)}` });
    const revoked = await t.mint({});
    await t.call('DELETE', `/api-keys/${revoked.id}`);
    const bound = await t.mint({ allowed_ips: ['198.51.100.0/24'] });
    const expired = await t.mint({ expires_at: new Date(Date.now() + 60_000).toISOString() });
    t.advance(61_000);
    for (const [{ id, key }, reason] of [
      [revoked, 'revoked'],
      [bound, 'address'],
      [expired, 'expired'],
    ] as const) {
      const answer = await t.call('GET', '/workspaces', undefined, { as: key, ip: '203.0.113.9' });
      const { request_id: _, ...error } = answer.body.error;
      const { request_id: __, ...unknown } = stranger.body.error;
      expect([answer.status, error]).toEqual([401, unknown]);
      expect(await denied(id)).toEqual([
        expect.objectContaining({ action: 'workspaces.list', error_code: 'UNAUTHORIZED', metadata: { reason }, ip_address: '203.0.113.9' }),
      ]);
    }
  });

  it('but not for what is absent, for a key nobody has, or without a credential', async () => {
    const { id, key } = await t.mint({});
    const before = (await t.call('GET', '/audit?outcome=denied&limit=100')).body.data.length;
    expect((await t.call('GET', '/workspaces/00000000-0000-7000-8000-000000000000', undefined, { as: key })).status).toBe(404);
    expect((await t.call('GET', '/workspaces', undefined, { as: `msk_live_${'b'.repeat(32)}` })).status).toBe(401);
    expect((await t.call('GET', '/workspaces', undefined, { as: null })).status).toBe(401);
    expect(await denied(id)).toEqual([]);
    expect((await t.call('GET', '/audit?outcome=denied&limit=100')).body.data.length).toBe(before);
  });
});

describe('a flood of refusals', () => {
  it('writes a bounded number of entries, then one that counts the rest; other credentials keep theirs', async () => {
    const { id, key } = await t.mint({ scopes: ['workspaces:read'] });
    const other = await t.mint({ scopes: ['workspaces:read'] });
    const attempt = (as: string) => t.call('POST', '/projects', { name: 'x' }, { as });
    await Promise.all(Array.from({ length: 100 }, () => attempt(key)));
    await attempt(other.key);
    expect(await denied(id)).toHaveLength(20);
    expect(await denied(other.id)).toHaveLength(1);
    t.advance(61_000);
    const [summary, ...rest] = await denied(id);
    expect(rest).toHaveLength(20);
    expect(summary).toMatchObject({ action: 'audit.suppressed', outcome: 'denied', metadata: { suppressed: 80, window_seconds: 60 } });
    await attempt(key);
    expect(await denied(id)).toHaveLength(22);
  });

  it('is not lost by a stop', async () => {
    const { id, key } = await t.mint({ scopes: ['workspaces:read'] });
    await Promise.all(Array.from({ length: 30 }, () => t.call('POST', '/projects', { name: 'x' }, { as: key })));
    await t.audit.refusals.close();
    const entries = (await t.call('GET', `/audit?limit=100&outcome=denied&actor_id=${id}`)).body.data;
    expect(entries).toHaveLength(21);
    expect(entries[0].metadata.suppressed).toBe(10);
  });
});
