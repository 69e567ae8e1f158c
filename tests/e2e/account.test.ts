import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform, unique } from '../harness/context.ts';
import { request } from '../harness/request.ts';
import { launchBrowser } from './browser.ts';

/** What a person does with the links of mails and programs, in a browser. */
const FIRST = 'a first long password';
const SECOND = 'a second long password';

let browser: Browser;
let owner: ReturnType<typeof client>;
let tenantId: string;
beforeAll(async () => {
  browser = await launchBrowser();
  const { email, password } = platform();
  owner = client({ accessToken: (await client().auth.login({ email, password })).token });
  tenantId = (await owner.platform.tenants.current()).id;
});
afterAll(() => browser?.close());

const open = async (url: string): Promise<Page> => {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
};
const title = (page: Page) => expect.poll(() => page.getByRole('heading').textContent());
const invited = async () => {
  const email = `${unique('person')}@example.com`;
  return { email, url: (await owner.tenants.invites.create(tenantId, { email, role: 'viewer' })).inviteUrl ?? '' };
};
const accept = async ({ url }: { readonly url: string }): Promise<Page> => {
  const page = await open(url);
  await page.getByLabel('New password').fill(FIRST);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await title(page).toBe('You are in');
  return page;
};
const mailTo = (email: string): string | undefined => {
  const folder = join(platform().dataDir, 'outbox');
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .findLast((text) => text.includes(`To: ${email}`) && text.includes('reset-password'));
};

it('an invite makes an account and a member, once', async () => {
  const person = await invited();
  const page = await accept(person);
  const { items } = await owner.tenants.members.list(tenantId, { limit: 100 }).page();
  expect(items.find(({ email }) => email === person.email)).toMatchObject({ role: 'viewer', status: 'active' });
  await page.reload();
  await title(page).toBe('Already accepted');
});

it('an unknown invite says so', async () => {
  const page = await open(`${platform().apiUrl}/invites/nothing`);
  await title(page).toBe('That did not work');
});

it('a forgotten password is set anew by the link of the mail, which stays out of the address bar', async () => {
  const { email, url } = await invited();
  await accept({ url });
  const body = JSON.stringify({ email });
  const headers = { 'content-type': 'application/json' };
  expect((await request(`${platform().apiUrl}/api/v1/auth/password/forgot`, { method: 'POST', headers, body })).status).toBe(200);
  await expect.poll(() => mailTo(email)).toBeDefined();
  const page = await open(/https:\/\/\S+/.exec(mailTo(email) ?? '')?.[0] ?? '');
  await title(page).toBe('Set a new password');
  expect(page.url()).not.toContain('#');
  await page.getByLabel('New password').fill(SECOND);
  await page.getByRole('button', { name: 'Set it' }).click();
  await title(page).toBe('Done');
  await expect(client().auth.login({ email, password: FIRST })).rejects.toMatchObject({ status: 401 });
  expect((await client().auth.login({ email, password: SECOND })).token).toBeDefined();
});

it('a program is logged in by the code it shows', async () => {
  const { email, url } = await invited();
  await accept({ url });
  const start = await client().auth.cli.start({ clientName: 'a laptop' });
  const page = await open(start.verificationUriComplete);
  expect(await page.getByLabel('Code').inputValue()).toBe(start.userCode);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('wrong password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('password');
  await page.getByLabel('Password').fill(FIRST);
  await page.getByRole('button', { name: 'Log in' }).click();
  await title(page).toBe('Approved');
  const { apiKey } = await client().auth.cli.token({ deviceCode: start.deviceCode });
  expect(await client({ apiKey }).auth.me()).toMatchObject({ credential: 'key', user: { email } });
  expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).toBe('[{},{},""]');
});

it('the pages run nothing of others and are framed by nobody', async () => {
  const { headers } = await request(`${platform().apiUrl}/device`);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['referrer-policy']).toBe('no-referrer');
});
