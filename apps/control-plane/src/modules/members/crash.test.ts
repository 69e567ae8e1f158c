import { newUuid } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMembersInstallation, type MembersInstallation } from './testing/members.ts';

let t: MembersInstallation;
let owner: string;
beforeAll(async () => {
  t = await createMembersInstallation();
  owner = (await t.addUser('owner')).token;
});
afterAll(() => t?.close());

const address = () => `${newUuid()}@example.com`;
const post = (as: string, path: string, body: object) =>
  t.acrossCrash((headers) => t.call('POST', path, body, { as, headers: { ...headers, 'x-request-id': 'the-same-id' } }));

describe('a request repeated after a crash between effect and answer', () => {
  it('makes an organization once', async () => {
    const { token } = await t.addUser('member');
    const { first, second } = await post(token, '/platform/tenants', { name: `Crash ${newUuid().slice(-8)}` });
    expect(second).toEqual(first);
    expect(second.status).toBe(201);
    const mine = await t.as(token)('GET', '/platform/tenants');
    expect(mine.body.data).toHaveLength(2);
  });

  it('makes an invite once, with the link that was in the lost answer and a mail that holds it', async () => {
    const email = address();
    const { first, second } = await post(owner, `${t.organization}/invites`, { email });
    expect([second.status, second.body]).toEqual([201, first.body]);
    const view = await t.call('GET', `/invites/${second.body.data.invite_url.split('/').at(-1)}`, undefined, { as: null });
    expect(view.status).toBe(200);
    for (const mail of (await t.mails()).filter(({ to }) => to === email)) expect(mail.text).toContain(second.body.data.invite_url);
  });

  it('accepts an invite as if for the first time', async () => {
    const somebody = await t.addUser('owner', (await t.addTenant(null)).tenantId);
    const { token } = await t.invite(owner, { email: somebody.email });
    const { first, second } = await post(somebody.token, `/invites/${token}/accept`, {});
    expect([second.status, second.body]).toEqual([200, first.body]);
  });

  it('adds a member to a workspace as if for the first time', async () => {
    const { id } = await t.addUser('member');
    const workspace = await t.workspace('Crash');
    const { first, second } = await post(owner, `/workspaces/${workspace}/members`, { user_id: id, role: 'admin' });
    expect([second.status, second.body]).toEqual([201, first.body]);
  });
});
