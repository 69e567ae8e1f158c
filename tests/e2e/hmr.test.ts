import { Readable } from 'node:stream';
import type { Sandbox } from '@miosa/sdk';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening } from '../harness/apps.ts';
import { client } from '../harness/context.ts';
import { packed } from '../harness/npm-closure.ts';
import { launchBrowser } from './browser.ts';
import { type Site, serveSite } from './site.ts';

const PORT = 5173;
const FILES = [
  { path: 'index.html', content: '<!doctype html><title>Clinic</title><h1 id="app"></h1><script type="module" src="/main.js"></script>' },
  {
    path: 'main.js',
    content: `import { text } from './text.js';
const show = (value) => { document.querySelector('#app').textContent = value; };
show(text);
if (import.meta.hot) import.meta.hot.accept('./text.js', (next) => show(next.text));`,
  },
  { path: 'text.js', content: "export const text = 'Dr. Smith Clinic';" },
  {
    // Writes down everything a request carries, so that the test can look for what must not be there.
    path: 'vite.config.js',
    content: `import { appendFileSync } from 'node:fs';
const note = (request) => appendFileSync('/workspace/seen.log', request.url + ' ' + JSON.stringify(request.rawHeaders) + '\\n');
export default { plugins: [{ name: 'seen', configureServer(server) {
  server.httpServer.prependListener('request', note);
  server.httpServer.prependListener('upgrade', note);
} }] };`,
  },
];

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
let site: Site;

beforeAll(async () => {
  sandbox = await miosa.sandboxes.create({ externalWorkspaceId: 'clinic_123', name: 'Vite' });
  await sandbox.files.archive.set(Readable.toWeb(packed('vite')) as ReadableStream<Uint8Array>);
  await sandbox.files.writeMany(FILES);
  await sandbox.processes.start(['node', 'node_modules/vite/bin/vite.js', '--port', String(PORT), '--strictPort']);
  await listening(sandbox, PORT);
  browser = await launchBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await sandbox?.destroy();
});

it('shows a private Vite app in an iframe of another site, and hot-replaces a module without a reload', async () => {
  const { url } = await sandbox.previewToken();
  const page = await browser.newPage();
  site = await serveSite(`<iframe src="${url}" width="600" height="300"></iframe>`);
  await page.goto(site.url);
  const app = page.frameLocator('iframe');
  await expect.poll(() => app.locator('#app').textContent(), { timeout: 60_000 }).toBe('Dr. Smith Clinic');

  const frame = page.frames()[1];
  await frame?.evaluate('window.survivor = true');
  // Vite's socket must be up before the edit, or the edit goes unseen.
  await expect.poll(async () => (await sandbox.files.readText('seen.log')).includes('websocket'), { timeout: 30_000 }).toBe(true);
  await sandbox.files.write('text.js', "export const text = 'Open on Sundays';");
  await expect.poll(() => app.locator('#app').textContent(), { timeout: 30_000 }).toBe('Open on Sundays');
  expect(await frame?.evaluate('window.survivor')).toBe(true);

  // Nothing of ours is visible to scripts of the app, or reached its server.
  expect(await frame?.evaluate('document.cookie')).toBe('');
  expect(frame?.url()).not.toContain('mp_');
  const cookies = await page.context().cookies();
  expect(cookies).toMatchObject([{ name: '__Host-miosa-preview', httpOnly: true, secure: true, sameSite: 'None' }]);
  // Kept for this preview inside this one site: it works where browsers refuse third-party cookies, and says nothing to other sites.
  expect(cookies[0]?.partitionKey).toBe('http://builder.localhost');
  const seen = await sandbox.files.readText('seen.log');
  expect(seen).toContain('/main.js');
  expect(seen).not.toMatch(/mp_|ms_|msk_|mbt_|miosa-preview/i);
  await page.close();
});
