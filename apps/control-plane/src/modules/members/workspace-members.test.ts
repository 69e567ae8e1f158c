import { newUuid, type Role } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMembersInstallation, type MembersInstallation, statusesOf } from './testing/members.ts';

let t: MembersInstallation;
let admin: string;
let here: string;
let there: string;
beforeAll(async () => {
  t = await createMembersInstallation();
  admin = (await t.addUser('admin')).token;
  [here, there] = [await t.workspace('Here'), await t.workspace('There')];
});
afterAll(() => t.close());

const required = (role: string) => ({ status: 403, body: { error: { code: 'FORBIDDEN', details: { required_role: role } } } });
const at = (workspace: string, userId = '') => `/workspaces/${workspace}/members${userId === '' ? '' : `/${userId}`}`;
const add = (user_id: string, role: Role, as = admin, workspace = here) => t.as(as)('POST', at(workspace), { user_id, role });
const placesOf = async (userId: string): Promise<Record<string, Role>> => {
  const { rows } = await sql<{ workspace_id: string; role: Role }>`
    select workspace_id, role from workspace_members where user_id = ${userId}`.execute(t.db.read);
  return Object.fromEntries(rows.map(({ workspace_id, role }) => [workspace_id, role]));
};
const sees = async (token: string): Promise<string[]> =>
  (await t.as(token)('GET', '/workspaces?limit=100')).body.data.map(({ name }: { name: string }) => name).sort();
/** A viewer of the organization with a role in the workspace. */
const local = async (role: Role) => {
  const user = await t.addUser('viewer');
  expect((await add(user.id, role, role === 'owner' ? (await t.addUser('owner')).token : admin)).status).toBe(201);
  return user;
};

describe('a member of a workspace', () => {
  it('sees it from then on, with the wider of both roles, and not any more after', async () => {
    const user = await t.addUser('viewer');
    expect(await sees(user.token)).toEqual(['Default']);
    expect(await add(user.id, 'member')).toMatchObject({ status: 201, body: { data: { user_id: user.id, role: 'member' } } });
    expect(await sees(user.token)).toEqual(['Default', 'Here']);
    const project = (workspace_id: string) => t.as(user.token)('POST', '/projects', { name: `P ${newUuid()}`, workspace_id });
    expect((await project(here)).status).toBe(201);
    expect((await project(there)).status).toBe(404);
    expect((await add(user.id, 'admin')).status).toBe(409);
    expect((await t.as(admin)('DELETE', at(here, user.id))).body).toEqual({ data: { id: user.id, deleted: true } });
    expect(await sees(user.token)).toEqual(['Default']);
    expect((await t.as(admin)('DELETE', at(here, user.id))).status).toBe(404);
  });

  it('is one of the organization; others are unknown, and leave with it', async () => {
    const stranger = await t.addUser('owner', (await t.addTenant(null)).tenantId);
    expect((await add(stranger.id, 'viewer')).status).toBe(404);
    const user = await local('admin');
    await t.as(admin)('DELETE', `${t.organization}/members/${user.id}`);
    expect(await placesOf(user.id)).toEqual({});
  });

  it('may leave', async () => {
    const user = await local('member');
    expect((await t.as(user.token)('DELETE', at(here, user.id))).status).toBe(200);
    expect(await placesOf(user.id)).toEqual({});
    expect((await t.as(user.token)('DELETE', at(here, user.id))).status).toBe(404);
  });

  it('manages nobody', async () => {
    const [user, other] = [await local('member'), await local('viewer')];
    expect(await t.as(user.token)('DELETE', at(here, other.id))).toMatchObject(required('admin'));
    expect(await t.as(user.token)('GET', at(here))).toMatchObject(required('admin'));
    expect(await add(other.id, 'member', user.token)).toMatchObject(required('admin'));
    expect((await t.call('GET', at(here))).body.error.details.reason).toBe('session_required');
  });
});

describe('an admin of one workspace', () => {
  it('manages it, and nothing beside it', async () => {
    const [boss, user] = [await local('admin'), await t.addUser('viewer')];
    expect((await add(user.id, 'viewer', boss.token)).status).toBe(201);
    expect((await t.as(boss.token)('PATCH', at(here, user.id), { role: 'admin' })).body.data.role).toBe('admin');
    const { body } = await t.as(boss.token)('GET', `${at(here)}?limit=1`);
    expect(body.data).toMatchObject([{ user_id: user.id, role: 'admin' }]);
    expect((await t.as(boss.token)('DELETE', at(here, user.id))).status).toBe(200);
    // Another workspace is as unknown as none, also one where the role is less.
    await add(boss.id, 'member', admin, there);
    const headers = { 'x-request-id': 'the-same-id' };
    const list = (id: string) => t.as(boss.token)('GET', at(id), undefined, headers);
    expect(await list(there)).toEqual(await list(newUuid()));
    expect((await list(there)).status).toBe(404);
    expect((await add(user.id, 'viewer', boss.token, there)).status).toBe(404);
    expect(await t.as(boss.token)('GET', `${t.organization}/members`)).toMatchObject(required('admin'));
    expect(await t.as(boss.token)('POST', `${t.organization}/invites`, { email: 'a@example.com' })).toMatchObject(required('admin'));
  });

  it('gives and takes at most the own role', async () => {
    const [boss, owner, user] = [await local('admin'), await local('owner'), await t.addUser('viewer')];
    expect(await add(user.id, 'owner', boss.token)).toMatchObject(required('owner'));
    expect(await t.as(boss.token)('PATCH', at(here, boss.id), { role: 'owner' })).toMatchObject(required('owner'));
    expect(await t.as(boss.token)('PATCH', at(here, owner.id), { role: 'viewer' })).toMatchObject(required('owner'));
    expect(await t.as(boss.token)('DELETE', at(here, owner.id))).toMatchObject(required('owner'));
    expect((await t.as(owner.token)('PATCH', at(here, boss.id), { role: 'owner' })).status).toBe(200);
  });

  it('acts by the role of this moment', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await local('admin'), await local('admin')];
      const demote = (self: typeof a, other: typeof a) => t.as(self.token)('PATCH', at(here, other.id), { role: 'viewer' });
      expect(statusesOf(await Promise.all([demote(a, b), demote(b, a)]))).toEqual([200, 403]);
    }
  });
});

describe('an invite to a workspace', () => {
  const place = () => `/workspaces/${here}`;
  const accept = (token: string, as: string) => t.as(as)('POST', `/invites/${token}/accept`, {});
  const outsider = async () => t.addUser('owner', (await t.addTenant(null)).tenantId);

  it('by its admin makes a viewer of the organization, with the role in the workspace', async () => {
    const [boss, user] = [await local('admin'), await outsider()];
    const { token } = await t.invite(boss.token, { email: user.email, role: 'admin' }, place());
    expect((await t.call('GET', `/invites/${token}`, undefined, { as: null })).body.data).toMatchObject({
      tenant_name: 'ClinicIQ',
      workspace_name: 'Here',
    });
    expect((await accept(token, user.token)).body.data).toMatchObject({ workspace_id: here, role: 'admin' });
    expect((await t.roles())[user.id]).toBe('viewer');
    expect(await placesOf(user.id)).toEqual({ [here]: 'admin' });
    const owner = await t.as(boss.token)('POST', `${place()}/invites`, { email: 'x@example.com', role: 'owner' });
    expect(owner).toMatchObject(required('owner'));
  });

  it('adds a member of the organization at once, without a link or a mail', async () => {
    const [boss, user] = [await local('admin'), await t.addUser('viewer')];
    const ask = () => t.as(boss.token)('POST', `${place()}/invites`, { email: user.email, role: 'member' });
    expect(await ask()).toMatchObject({
      status: 200,
      body: { data: { email: user.email, invite_url: null, accepted_at: expect.any(String) } },
    });
    expect(await placesOf(user.id)).toEqual({ [here]: 'member' });
    expect((await t.mails()).filter(({ to }) => to === user.email)).toEqual([]);
    expect((await ask()).body.error.details.reason).toBe('already_member');
  });

  it('does not lower the role that its user has in the organization', async () => {
    const user = await outsider();
    const { token } = await t.invite(admin, { email: user.email, role: 'viewer' }, place());
    await sql`insert into members (tenant_id, user_id, role) values (${t.tenantId}, ${user.id}, 'admin')`.execute(t.db.read);
    expect((await accept(token, user.token)).status).toBe(200);
    expect((await t.roles())[user.id]).toBe('admin');
  });

  it('is another list than those of the organization and other workspaces', async () => {
    const boss = await local('admin');
    const { id } = await t.invite(boss.token, { email: `${newUuid()}@example.com` }, place());
    const organization = await t.invite(admin, { email: `${newUuid()}@example.com` });
    const { body } = await t.as(boss.token)('GET', `${place()}/invites?limit=100`);
    expect(body.data.map((row: { id: string }) => row.id)).toContain(id);
    expect(body.data.map((row: { id: string }) => row.id)).not.toContain(organization.id);
    expect((await t.as(boss.token)('DELETE', `${place()}/invites/${organization.id}`)).status).toBe(404);
    expect((await t.as(admin)('DELETE', `${t.organization}/invites/${id}`)).status).toBe(404);
    expect((await t.as(boss.token)('DELETE', `${place()}/invites/${id}`)).status).toBe(200);
  });

  it.each(['is removed from it', 'is less there', 'is removed from the organization'])('is gone when its author %s', async (how) => {
    const [boss, user] = [await local('admin'), await outsider()];
    const { token } = await t.invite(boss.token, { email: user.email }, place());
    if (how === 'is less there') await t.as(admin)('PATCH', at(here, boss.id), { role: 'member' });
    else await t.as(admin)('DELETE', how === 'is removed from it' ? at(here, boss.id) : `${t.organization}/members/${boss.id}`);
    expect((await accept(token, user.token)).status).toBe(410);
    expect((await t.roles())[user.id]).toBeUndefined();
  });

  it('is gone with the workspace, and when its user was removed from it', async () => {
    const user = await outsider();
    const doomed = await t.workspace(`Doomed ${newUuid().slice(-8)}`);
    const first = await t.invite(admin, { email: user.email }, `/workspaces/${doomed}`);
    expect((await t.call('DELETE', `/workspaces/${doomed}`)).status).toBe(200);
    expect((await accept(first.token, user.token)).status).toBe(410);
    expect((await t.roles())[user.id]).toBeUndefined();

    const second = await t.invite(admin, { email: user.email, role: 'admin' }, place());
    await t.invite(admin, { email: user.email }, `/workspaces/${there}`).then(({ token }) => accept(token, user.token));
    await add(user.id, 'viewer');
    await t.as(admin)('DELETE', at(here, user.id));
    expect((await accept(second.token, user.token)).status).toBe(410);
    expect(await placesOf(user.id)).toEqual({ [there]: 'member' });
  });
});
