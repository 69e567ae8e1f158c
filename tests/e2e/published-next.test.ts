import type { Sandbox } from '@miosa/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from '../harness/context.ts';
import { call, createDeployments, type Deployment, publishSandbox } from '../harness/deployments.ts';
import { bringPackages } from '../harness/installed.ts';
import { request } from '../harness/request.ts';
import { launchBrowser } from './browser.ts';

const FILES = [
  {
    path: 'app/layout.jsx',
    content: 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }',
  },
  {
    // What a form sends is kept by a Server Action and read at each request.
    path: 'app/page.jsx',
    content: `import { revalidatePath } from 'next/cache';
export const dynamic = 'force-dynamic';
async function save(form) {
  'use server';
  globalThis.hours = String(form.get('hours'));
  revalidatePath('/');
}
export default function Page() {
  return <main><h1>{process.env.MOTTO}</h1><p id="hours">{globalThis.hours ?? 'closed'}</p>
    <form action={save}><input name="hours" /><button id="save">Save</button></form></main>;
}`,
  },
  {
    // The second half comes when the test says so: whoever holds the first half back holds it for ever.
    path: 'app/slow/page.jsx',
    content: `import { Suspense } from 'react';
export const dynamic = 'force-dynamic';
async function Late() {
  while (globalThis.go !== true) await new Promise((resolve) => setTimeout(resolve, 50));
  return <p id="late">second half</p>;
}
export default function Page() { return <main><p>first half</p><Suspense fallback={<p>waiting</p>}><Late /></Suspense></main>; }`,
  },
  { path: 'app/go/route.js', content: 'export const POST = () => { globalThis.go = true; return Response.json({}); };' },
];

const miosa = client();
const deployments = createDeployments();
let sandbox: Sandbox;
let browser: Browser;
let deployment: Deployment;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Published Next.js' }), launchBrowser()]);
  await bringPackages(sandbox, 'next');
  await sandbox.files.writeMany(FILES);
  deployment = await deployments.create({ env: { MOTTO: 'Dr. Smith Clinic', NEXT_TELEMETRY_DISABLED: '1' } });
  await publishSandbox(deployment, sandbox.id);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await deployments.close();
  await sandbox?.destroy();
});

const open = async (path: string): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(new URL(path, deployment.public_url).href, { waitUntil: 'commit' });
  return page;
};
const mottoIs = (motto: string): Promise<void> =>
  expect.poll(async () => (await open('/')).locator('h1').textContent(), { timeout: 60_000 }).toBe(motto);

it('streams a page in the pieces in which the server makes it', async () => {
  const page = await open('/slow');
  await expect.poll(() => page.locator('main').textContent(), { timeout: 60_000 }).toContain('waiting');
  expect(await page.locator('#late').count()).toBe(0);
  expect((await request(new URL('/go', deployment.public_url).href, { method: 'POST' })).status).toBe(200);
  await expect.poll(() => page.locator('#late').textContent(), { timeout: 30_000 }).toBe('second half');
});

it('takes a form by a Server Action, without a reload', async () => {
  const page = await open('/');
  await page.evaluate('window.survivor = true');
  await expect
    .poll(
      async () => {
        // Drawn by the server; sends once the browser has taken it over.
        await page.locator('input[name=hours]').fill('Open on Sundays');
        await page.locator('#save').click();
        return page.locator('#hours').textContent();
      },
      { timeout: 60_000 },
    )
    .toBe('Open on Sundays');
});

it('runs with the environment its version was made with, after a new version and after going back', async () => {
  await mottoIs('Dr. Smith Clinic');
  await call('PUT', `/deployments/${deployment.id}/env`, { vars: [{ key: 'MOTTO', value: 'Smith and Partners' }] });
  await mottoIs('Dr. Smith Clinic');
  await publishSandbox(deployment, sandbox.id);
  await mottoIs('Smith and Partners');
  expect((await call('POST', `/deployments/${deployment.id}/rollback`)).status).toBe(200);
  await mottoIs('Dr. Smith Clinic');
}, 300_000);
