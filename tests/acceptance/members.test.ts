import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Miosa } from '@miosa/sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { client, platform, unique } from '../harness/context.ts';

const PASSWORD = 'a long enough password';
let owner: Miosa;
let tenantId: string;
let slug: string;
beforeAll(async () => {
  const { email, password } = platform();
  owner = client({ accessToken: (await client().auth.login({ email, password })).token });
  ({ id: tenantId, slug } = await owner.platform.tenants.current());
});

/** The last mail to an address: without a mail server every mail is a file of the outbox. */
const mailTo = (email: string): string | undefined => {
  const folder = join(platform().dataDir, 'outbox');
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.findLast((text) => text.startsWith(`To: ${email}\n`));
};

/** The token of the link that the invited person finds in the newest mail; a mail comes after the answer, so of a second one: another than `earlier`. */
const linkTo = async (email: string, earlier = ''): Promise<string> => {
  const token = () => /\/invites\/(\S+)/.exec(mailTo(email) ?? '')?.[1] ?? earlier;
  await expect.poll(token, { timeout: 5000, interval: 20 }).not.toBe(earlier);
  return token();
};

const address = () => `${unique('person')}@example.com`;
const newcomer = async (role: 'viewer' | 'member' | 'admin') => {
  const email = address();
  await owner.tenants.invites.create(tenantId, { email, role });
  const session = await client().auth.register({ email, password: PASSWORD, inviteToken: await linkTo(email) });
  return { email, id: session.user.id, token: session.token, as: client({ accessToken: session.token }) };
};
const status = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error: { status: number }) => error.status,
  );

describe('an invite', () => {
  it('comes by mail, shows what it is for, and makes an account in the organization, once', async () => {
    const email = address();
    const made = await owner.tenants.invites.create(tenantId, { email, role: 'viewer' });
    const inviteToken = await linkTo(email);
    expect(made.inviteUrl).toBe(`${platform().apiUrl}/invites/${inviteToken}`);
    expect(await client().invites.get(inviteToken)).toMatchObject({
      email,
      role: 'viewer',
      accepted: false,
      expired: false,
      revoked: false,
    });
    const session = await client().auth.register({ email, password: PASSWORD, name: 'Anna', inviteToken });
    expect(session).toMatchObject({ user: { email, name: 'Anna' }, tenant: { id: tenantId, role: 'viewer' } });
    const { items } = await owner.tenants.members.list(tenantId, { limit: 100 }).page();
    expect(items.find((member) => member.userId === session.user.id)).toMatchObject({ email, role: 'viewer', status: 'active' });
    await expect(client().auth.register({ email, password: PASSWORD, inviteToken })).rejects.toMatchObject({ code: 'ALREADY_ACCEPTED' });
    expect(await client().invites.get(inviteToken)).toMatchObject({ accepted: true });
  });

  it('that was revoked opens nothing', async () => {
    const email = address();
    const { id } = await owner.tenants.invites.create(tenantId, { email });
    const inviteToken = await linkTo(email);
    await owner.tenants.invites.delete(tenantId, id);
    await expect(client().auth.register({ email, password: PASSWORD, inviteToken })).rejects.toMatchObject({ status: 410, code: 'GONE' });
  });

  it('to a workspace gives its role there and shows no other workspace', async () => {
    const [here, there] = [
      await client().workspaces.create({ name: unique('here') }),
      await client().workspaces.create({ name: unique('there') }),
    ];
    const email = address();
    await owner.workspaces.invites.create(here.id, { email, role: 'member' });
    const session = await client().auth.register({ email, password: PASSWORD, inviteToken: await linkTo(email) });
    const as = client({ accessToken: session.token });
    expect(session.tenant.role).toBe('viewer');
    expect(await status(as.projects.create({ name: unique('p'), workspaceId: here.id }))).toBe(200);
    expect(await status(as.workspaces.get(there.id))).toBe(404);
    await owner.workspaces.members.delete(here.id, session.user.id);
    await expect.poll(() => status(as.workspaces.get(here.id)), { timeout: 1000, interval: 20 }).toBe(404);
  });
});

it('a user of two organizations acts in each with the role there', async () => {
  const person = await newcomer('viewer');
  const name = unique('Second');
  const second = await person.as.platform.tenants.create({ name });
  expect(second).toMatchObject({ name, role: 'owner', setupRequired: false });
  const listed = await person.as.platform.tenants.list().page();
  expect(listed.items.map((tenant) => [tenant.slug, tenant.role])).toEqual(
    expect.arrayContaining([
      [slug, 'viewer'],
      [second.slug, 'owner'],
    ]),
  );
  // By the header, in the same session.
  const { apiUrl, ca } = platform();
  const there = new Miosa({ accessToken: person.token, baseUrl: apiUrl, ca, maxRetries: 0, tenant: second.slug });
  expect(await there.auth.me()).toMatchObject({ role: 'owner', tenant: { id: second.id } });
  await there.workspaces.create({ name: unique('w') });
  expect(await status(person.as.workspaces.create({ name: unique('w') }))).toBe(403);
  // By a session of its own.
  const session = await person.as.platform.tenants.switch(second.slug);
  expect(await client({ accessToken: session.token }).auth.me()).toMatchObject({ role: 'owner', tenant: { id: second.id } });
  // Others find it as unknown as none.
  expect(await status(owner.platform.tenants.switch(unique('none')))).toBe(404);
  await there.tenants.delete(second.id, { confirm: second.slug });
  await expect.poll(() => status(client({ accessToken: session.token }).auth.me()), { timeout: 1000, interval: 20 }).toBe(401);
  expect(await person.as.auth.me()).toMatchObject({ tenant: { id: tenantId } });
});

it('removal of a member ends key and session within a second', async () => {
  const person = await newcomer('admin');
  const { key } = await person.as.apiKeys.create({ name: unique('mine'), keyType: 'user' });
  const withKey = client({ apiKey: key });
  expect(await Promise.all([status(person.as.auth.me()), status(withKey.auth.me())])).toEqual([200, 200]);
  await owner.tenants.members.delete(tenantId, person.id);
  const both = () => Promise.all([status(person.as.auth.me()), status(withKey.auth.me())]);
  await expect.poll(both, { timeout: 1000, interval: 20 }).toEqual([401, 401]);
  // Who was removed comes back by a new invite, with the account there is.
  await expect(client().auth.login({ email: person.email, password: PASSWORD })).rejects.toMatchObject({ status: 403 });
  const earlier = await linkTo(person.email);
  await owner.tenants.invites.create(tenantId, { email: person.email });
  const inviteToken = await linkTo(person.email, earlier);
  const again = await client().auth.register({ email: person.email, password: PASSWORD, inviteToken });
  expect(again).toMatchObject({ user: { id: person.id }, tenant: { role: 'member' } });
  expect(await both()).toEqual([401, 401]);
});

it('the last owner cannot leave', async () => {
  const me = await owner.auth.me();
  const self = me.user?.id ?? '';
  const owners = async () =>
    (await owner.tenants.members.list(tenantId, { limit: 100 }).page()).items.filter(({ role }) => role === 'owner');
  expect(await owners()).toMatchObject([{ userId: self }]);
  await expect(owner.tenants.members.delete(tenantId, self)).rejects.toMatchObject({ status: 409, code: 'LAST_OWNER' });
});
