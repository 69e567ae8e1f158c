import type { Sandbox } from '@miosa/sdk';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from '../harness/context.ts';
import { call, createDeployments, type Deployment, publishSandbox } from '../harness/deployments.ts';
import { bringPackages } from '../harness/installed.ts';
import { launchBrowser } from './browser.ts';

/** A single page with routes of its own, which the server knows nothing of. */
const main = (clinic: string): string => `import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
const App = () => {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => { addEventListener('popstate', () => setPath(location.pathname)); }, []);
  const go = (event) => { event.preventDefault(); history.pushState({}, '', event.target.href); setPath(location.pathname); };
  return <main><h1>${clinic}</h1><p>{path}</p><a href="/patients/8" onClick={go}>next</a></main>;
};
createRoot(document.querySelector('#root')).render(<App />);
// Enough to be worth compressing.
window.filler = ${JSON.stringify('a word and another '.repeat(200))};`;
const FILES = [
  {
    path: 'index.html',
    content: '<!doctype html><title>Clinic</title><div id="root"></div><script type="module" src="/main.jsx"></script>',
  },
  { path: 'main.jsx', content: main('Dr. Smith Clinic') },
  { path: 'vite.config.js', content: "import react from '@vitejs/plugin-react';\nexport default { plugins: [react()] };" },
];

const miosa = client();
const deployments = createDeployments();
let sandbox: Sandbox;
let browser: Browser;
let deployment: Deployment;
let first: { id: string; url: string };

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Published page' }), launchBrowser()]);
  await bringPackages(sandbox, 'vite');
  await sandbox.files.writeMany(FILES);
  deployment = await deployments.create();
  first = await publishSandbox(deployment, sandbox.id);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await deployments.close();
  await sandbox?.destroy();
});

/** A page opened by a visitor who was never here, and what came for it. */
const open = async (path: string): Promise<{ page: Page; came: Response[] }> => {
  const page = await (await browser.newContext()).newPage();
  const came: Response[] = [];
  page.on('response', (response) => came.push(response));
  await page.goto(new URL(path, deployment.public_url).href);
  return { page, came };
};
const shows = async (page: Page, clinic: string, path: string): Promise<void> => {
  await expect.poll(() => page.locator('h1').textContent(), { timeout: 30_000 }).toBe(clinic);
  expect(await page.locator('p').textContent()).toBe(path);
};

it('opens at a deep link, goes on without the server, and opens there again', async () => {
  const { page, came } = await open('/patients/7');
  await shows(page, 'Dr. Smith Clinic', '/patients/7');
  await page.evaluate('window.survivor = true');
  const before = came.length;
  await page.locator('a').click();
  await shows(page, 'Dr. Smith Clinic', '/patients/8');
  expect([await page.evaluate('window.survivor'), came.length]).toEqual([true, before]);
  await page.reload();
  await shows(page, 'Dr. Smith Clinic', '/patients/8');
});

it('brings its scripts compressed and once for ever, its page anew each time', async () => {
  const { page, came } = await open('/');
  await shows(page, 'Dr. Smith Clinic', '/');
  const script = came.find((response) => response.url().endsWith('.js'));
  expect(await script?.allHeaders()).toMatchObject({
    'cache-control': expect.stringMatching(/max-age=31536000.*immutable/),
    'content-encoding': expect.stringMatching(/^(br|zstd)$/),
  });
  expect((await came[0]?.allHeaders())?.['cache-control']).not.toContain('immutable');
});

it('shows a new version to who opens it, leaves who has it open in peace, and goes back', async () => {
  const { page } = await open('/patients/7');
  await shows(page, 'Dr. Smith Clinic', '/patients/7');
  await sandbox.files.write('main.jsx', main('Smith and Partners'));
  await publishSandbox(deployment, sandbox.id);
  await expect
    .poll(async () => (await (await open('/patients/9')).page.locator('h1').textContent()) ?? '', { timeout: 30_000 })
    .toBe('Smith and Partners');
  await page.locator('a').click();
  await shows(page, 'Dr. Smith Clinic', '/patients/8');
  await page.reload();
  await shows(page, 'Smith and Partners', '/patients/8');
  // The version before is still there under its own address, which no search engine keeps.
  const staged = await page.goto(new URL('/patients/1', first.url).href);
  await shows(page, 'Dr. Smith Clinic', '/patients/1');
  expect((await staged?.allHeaders())?.['x-robots-tag']).toContain('noindex');
  await call('POST', `/deployments/${deployment.id}/rollback`);
  await expect
    .poll(async () => (await (await open('/')).page.locator('h1').textContent()) ?? '', { timeout: 30_000 })
    .toBe('Dr. Smith Clinic');
}, 180_000);
