import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMembersInstallation, type MembersInstallation } from './testing/members.ts';

let t: MembersInstallation;
let owner: string;
beforeAll(async () => {
  t = await createMembersInstallation();
  owner = (await t.addUser('owner')).token;
});
afterAll(() => t.close());

const told = async (resourceId: string) => {
  const { rows } = await sql<{ type: string; tenant_id: string; actor: { id: string }; data: Record<string, unknown> }>`
    select type, tenant_id, actor, data, created_at from event_inbox where resource_id = ${resourceId} order by seq`.execute(t.db.read);
  return rows;
};
const inDays = (days: number) => new Date(Date.now() + days * 24 * 3600_000).toISOString();
const outsider = async () => t.addUser('owner', (await t.addTenant(null)).tenantId);
const accept = (token: string, as: string) => t.call('POST', `/invites/${token}/accept`, {}, { as });

describe('member.added', () => {
  it('is told to the organization that was joined, once, with who came and in which role', async () => {
    const guest = await outsider();
    const { token } = await t.invite(owner, { email: guest.email, role: 'member' });
    expect((await accept(token, guest.token)).status).toBe(200);
    expect((await accept(token, guest.token)).status).toBe(409);
    expect(await told(guest.id)).toEqual([
      expect.objectContaining({
        type: 'member.added',
        tenant_id: t.tenantId,
        actor: expect.objectContaining({ id: guest.id }),
        data: expect.objectContaining({ user_id: guest.id, email: guest.email, role: 'member' }),
      }),
    ]);
  });

  it('is told of one who registers by an invite', async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const { token } = await t.invite(owner, { email, role: 'viewer' });
    const body = { email, password: 'correct horse battery', invite_token: token };
    expect((await t.call('POST', '/auth/register', body, { as: null })).status).toBe(201);
    const { rows } = await sql<{ id: string }>`select id from users where email = ${email}`.execute(t.db.read);
    expect((await told(rows[0]?.id ?? '')).map(({ type }) => type)).toEqual(['member.added']);
  });

  it('is told when an invite to a workspace brings somebody new, and not when a member gets one more workspace', async () => {
    const guest = await outsider();
    const place = async () => `/workspaces/${await t.workspace(crypto.randomUUID())}`;
    const { token } = await t.invite(owner, { email: guest.email, role: 'member' }, await place());
    expect((await accept(token, guest.token)).status).toBe(200);
    const more = await t.as(owner)('POST', `${await place()}/invites`, { email: guest.email, role: 'member' });
    expect(more.status).toBe(200);
    expect((await told(guest.id)).map(({ type, data }) => [type, data.role])).toEqual([['member.added', 'viewer']]);
  });
});

describe('keys', () => {
  it('of a member who is removed are told as revoked, each of them, with the member', async () => {
    const member = await t.addUser('member');
    const keys = [
      await t.mint({ name: 'one', key_type: 'user' }, member.token),
      await t.mint({ name: 'two', key_type: 'user' }, member.token),
    ];
    expect((await t.as(owner)('DELETE', `${t.organization}/members/${member.id}`)).status).toBe(200);
    for (const { id } of keys) {
      const events = await told(id);
      expect(events.map(({ type }) => type)).toEqual(['api_key.created', 'api_key.revoked']);
      expect(events[1]?.data).toMatchObject({ id, user_id: member.id, revoked_at: expect.any(String) });
    }
    expect((await told(member.id)).map(({ type }) => type)).toEqual(['member.removed']);
  });

  it('that expire are told of once, however many look at once; revoked ones and those that still count are not', async () => {
    const soon = await t.mint({ expires_at: inDays(1) });
    const revoked = await t.mint({ expires_at: inDays(1) });
    const later = await t.mint({ expires_at: inDays(3) });
    await t.call('DELETE', `/api-keys/${revoked.id}`);
    await t.access.tellExpired();
    expect((await told(soon.id)).map(({ type }) => type)).toEqual(['api_key.created']);
    t.advance(25 * 3600_000);
    await Promise.all([t.access.tellExpired(), t.access.tellExpired(), t.access.tellExpired()]);
    await t.access.tellExpired();
    const types = async (id: string) => (await told(id)).map(({ type }) => type);
    expect(await types(soon.id)).toEqual(['api_key.created', 'api_key.expired']);
    expect(await types(revoked.id)).toEqual(['api_key.created', 'api_key.revoked']);
    expect(await types(later.id)).toEqual(['api_key.created']);
  });
});
