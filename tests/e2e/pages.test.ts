import type { Sandbox } from '@miosa/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEcho } from '../harness/apps.ts';
import { client } from '../harness/context.ts';
import { launchBrowser } from './browser.ts';
import { type Site, serveSite } from './site.ts';

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
const sites: Site[] = [];

/** A page that frames the address and keeps every message it is sent. */
const framed = async (address: string): Promise<Page> => {
  const site = await serveSite(`<!doctype html><title>Builder</title>
<script>window.heard = []; onmessage = ({ origin, data }) => heard.push({ origin, data });</script>
<iframe src="${address}" width="600" height="300"></iframe>`);
  sites.push(site);
  const page = await browser.newPage();
  await page.goto(site.url);
  return page;
};
const heading = (page: Page) => page.frameLocator('iframe').getByRole('heading').textContent();

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ previewPort: 5173 }), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all(sites.map((site) => site.close()));
  await sandbox?.destroy();
});

it.each([
  ['without a token', '', 'This preview is private'],
  ['with a wrong token', '?mt=mp_wrong', 'This link no longer works'],
])('tells the embedding page %s that a fresh one is needed, and shows a page', async (_case, query, title) => {
  const page = await framed(`${sandbox.previewUrl}/${query}`);
  await expect.poll(() => heading(page)).toBe(title);
  const { origin } = new URL(sandbox.previewUrl ?? '');
  expect(await page.evaluate('heard')).toEqual([{ origin, data: { type: 'miosa:preview-expired', sandbox_id: sandbox.id } }]);
  await page.context().close();
});

it('waits on its error page for an app that is not up yet, and opens it by itself', async () => {
  const { url } = await sandbox.previewToken();
  const page = await framed(url);
  await expect.poll(() => heading(page)).toBe('Nothing is listening yet');
  expect(await page.frameLocator('iframe').getByRole('status').textContent()).toBe('Trying again by itself.');
  await startEcho(sandbox);
  await expect.poll(() => page.frameLocator('iframe').locator('body').textContent(), { timeout: 20_000 }).toContain('localhost:5173');
  expect(await page.evaluate('heard')).toEqual([]);
  await page.context().close();
});

it('wakes a paused sandbox for a visitor, who sees the app and no error page', async () => {
  const { url } = await sandbox.previewToken();
  await sandbox.pause();
  const page = await browser.newPage();
  const answer = await page.goto(url);
  expect(answer?.status()).toBe(200);
  expect(await page.locator('body').textContent()).toContain('localhost:5173');
  expect((await sandbox.refresh()).state).toBe('running');
  await page.context().close();
});

it('shows a public preview to anybody, and its error page too', async () => {
  const open = await sandbox.expose(5173);
  const silent = await sandbox.expose(9999);
  const page = await browser.newPage();
  expect((await page.goto(open.url))?.status()).toBe(200);
  expect((await page.goto(silent.url))?.status()).toBe(502);
  expect(await page.getByRole('heading').textContent()).toBe('Nothing is listening yet');
  expect(await page.context().cookies()).toEqual([]);
  await page.context().close();
});
