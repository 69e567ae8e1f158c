import { startExample } from '@miosa/example-white-label-cliniciq';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform, unique } from '../harness/context.ts';
import { launchBrowser } from './browser.ts';

const miosa = client();
const appName = unique('Check-up');
const REAL_KEY = /msk_(?:live|test|u)_[A-Za-z0-9]{8}/;
/** What scripts of a page could read. A browser without third-party cookies refuses frames the storage. */
const STORED = `JSON.stringify(['localStorage', 'sessionStorage', 'name'].map((name) => {
  try { return { value: typeof window[name] === 'string' ? window[name] : { ...window[name] } }; } catch { return 'refused'; }
}).concat(document.cookie))`;
/** Everything that the browser sent or was sent, and everything that its pages hold. */
const exchanged: string[] = [];
let example: Awaited<ReturnType<typeof startExample>>;
let browser: Browser;
let page: Page;
let sandboxId: string;

const listen = (context: BrowserContext): void => {
  context.on('request', async (request) => {
    exchanged.push(request.url(), request.postData() ?? '', JSON.stringify(await request.allHeaders().catch(() => request.headers())));
  });
  context.on('response', async (response) => {
    exchanged.push(JSON.stringify(await response.allHeaders().catch(() => response.headers())));
    if (!/event-stream/.test(response.headers()['content-type'] ?? '')) exchanged.push(await response.text().catch(() => ''));
  });
};
const asVisitor = async (session: string): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 760 } });
  listen(context);
  await context.addCookies([{ name: 'session', value: session, url: example.url }]);
  const opened = await context.newPage();
  await opened.goto(example.url);
  return opened;
};
const text = (selector: string) => page.frameLocator('.miosa-preview iframe').locator(selector).textContent();

beforeAll(async () => {
  const { apiKey, apiUrl, ca } = platform();
  [example, browser] = await Promise.all([startExample({ apiKey, baseUrl: apiUrl, ca }), launchBrowser()]);
  page = await asVisitor('dr-smith');
});
afterAll(async () => {
  await browser?.close();
  await example?.close();
  if (sandboxId !== undefined) await miosa.sandboxes.destroy(sandboxId);
});

it('creates an app through the page and shows it in the preview component', async () => {
  await page.evaluate('window.survivor = true');
  await page.getByLabel('Name of the new app').fill(appName);
  await page.getByRole('button', { name: 'Create app' }).click();
  await expect.poll(() => text('h1'), { timeout: 30_000 }).toBe('Dr. Smith Clinic');
  expect(await text('main')).toContain(appName);
  const frame = page.frames()[1];
  expect(new URL(frame?.url() ?? '').protocol).toBe('https:');
  expect(frame?.url()).not.toContain('mp_');
  expect(await page.locator('.miosa-preview').getAttribute('data-state')).toBe('ready');
  sandboxId = /\/embed\/(sbx_\w+)\?/.exec((await page.locator('iframe').getAttribute('src')) ?? '')?.[1] ?? '';
  expect(await miosa.sandboxes.get(sandboxId)).toMatchObject({ externalWorkspaceId: 'clinic_123', externalUserId: 'dr-smith-456' });
  if (process.env.MIOSA_SCREENSHOT !== undefined) await page.screenshot({ path: process.env.MIOSA_SCREENSHOT });
});

it('shows an edit through the API in the frame without a reload of the page', async () => {
  await miosa.sandboxes.files.write(sandboxId, 'page.mjs', "export const render = () => '<h1>Open on Sundays</h1>';\n");
  await expect.poll(() => text('h1'), { timeout: 30_000 }).toBe('Open on Sundays');
  expect(await page.evaluate('window.survivor')).toBe(true);
});

it("shows the app to its own clinic only, and gives another clinic's people no token for it", async () => {
  const other = await asVisitor('downtown');
  await expect.poll(() => other.locator('header').textContent()).toContain('Downtown Dental');
  await expect.poll(() => other.getByRole('status').textContent()).toBe('');
  expect(await other.locator('main').textContent()).not.toContain(appName);
  expect(await page.locator('main').textContent()).toContain(appName);
  const mint = `fetch('/api/apps/${sandboxId}/token', { method: 'POST' }).then((answer) => answer.status)`;
  expect(await other.evaluate(mint)).toBe(404);
  expect(await page.evaluate(mint)).toBe(200);
  await other.context().close();
});

it('keeps the key out of the browser: pages, scripts, storage, requests and answers', async () => {
  for (const frame of page.frames()) exchanged.push(await frame.content(), String(await frame.evaluate(STORED)));
  exchanged.push(JSON.stringify(await page.context().cookies()), JSON.stringify(await page.context().storageState()));
  const all = exchanged.join('\n');
  // The listening itself works: what the browser does get is in there.
  for (const known of ['createRoot', appName, 'mp_', 'Open on Sundays', `/api/apps/${sandboxId}/token`]) expect(all).toContain(known);
  expect(all).not.toContain(platform().apiKey);
  expect(all).not.toMatch(REAL_KEY);
});

it('says that the preview has ended when the sandbox is destroyed', async () => {
  await miosa.sandboxes.destroy(sandboxId);
  await expect.poll(() => page.locator('.miosa-preview').getAttribute('data-state'), { timeout: 30_000 }).toBe('gone');
  expect(await page.locator('.miosa-preview').getByRole('alert').textContent()).toBe('This preview has ended.');
  await page.getByRole('button', { name: appName }).click();
  await expect.poll(() => page.getByRole('alert').allTextContents()).toContain('This app has ended.');
  expect(await page.evaluate('window.survivor')).toBe(true);
});
