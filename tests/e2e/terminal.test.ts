import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sandbox } from '@miosa/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { launchBrowser } from './browser.ts';
import { bundled } from './bundle.ts';

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
let server: Server;
let page: Page;

beforeAll(async () => {
  const [code, made, launched] = await Promise.all([bundled('terminal-page.tsx'), miosa.sandboxes.create({}), launchBrowser()]);
  [sandbox, browser] = [made, launched];
  const api = new URL(platform().apiUrl);
  // As strict as a policy gets: no inline styles, no styles at all but constructed ones.
  const policy = `default-src 'none'; script-src 'self'; connect-src ${api.origin} ${api.origin.replace('http', 'ws')}; require-trusted-types-for 'script'`;
  server = createServer((request, response) => {
    response.setHeader('content-security-policy', policy);
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(code);
    else
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>Builder</title><div id="root"></div><script type="module" src="/page.js"></script>');
  }).listen(0, '127.0.0.1');
  const { token } = await miosa.browserTokens.create({ sandboxId: sandbox.id, permissions: ['terminal:open'] });
  const hash = new URLSearchParams({ token, sandbox: sandbox.id, api: api.origin });
  page = await (await browser.newContext({ viewport: { width: 900, height: 500 } })).newPage();
  await page.goto(`http://builder.localhost:${(server.address() as AddressInfo).port}/#${hash}`);
});
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await sandbox?.destroy();
});

const heard = (): Promise<unknown[]> => page.evaluate('window.heard');
const screen = (): Promise<string> =>
  page.locator('.xterm-rows').evaluate((rows) => [...rows.children].map((row) => row.textContent).join('\n'));

it('shows a shell that a person can type into, under the strictest content policy', async () => {
  await expect.poll(() => page.locator('.miosa-terminal').getAttribute('data-state'), { timeout: 20_000 }).toBe('open');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type("printf '\\033[38;2;1;2;3mco%sur\\033[0m\\n' lo; stty size\n");
  await expect.poll(screen, { timeout: 10_000 }).toContain('colour');
  const colour = await page
    .locator('.xterm-rows span', { hasText: 'colour' })
    .last()
    .evaluate((span) => getComputedStyle(span).color);
  expect(colour).toBe('rgb(1, 2, 3)');
  const size = /^(\d+) (\d+)\s*$/m.exec(await screen());
  expect(Number(size?.[2])).toBeGreaterThan(80);
  expect((await heard()).filter((entry) => !JSON.stringify(entry).includes('opened'))).toEqual([]);
});

it('follows the size of its place, and tells how the shell ended', async () => {
  await page.setViewportSize({ width: 500, height: 400 });
  await page.keyboard.type('clear; stty size\n');
  await expect.poll(async () => Number(/\d+ (\d+)/.exec(await screen())?.[1]), { timeout: 10_000 }).toBeLessThan(70);
  await page.keyboard.type('exit 5\n');
  await expect.poll(heard, { timeout: 10_000 }).toContainEqual({ exit: '5' });
  expect(await page.getByRole('alert').textContent()).toContain('The shell has ended.');
});
