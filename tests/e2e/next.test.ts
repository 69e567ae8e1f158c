import type { Sandbox } from '@miosa/sdk';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening } from '../harness/apps.ts';
import { client } from '../harness/context.ts';
import { bringPackages } from '../harness/installed.ts';
import { request, visit } from '../harness/request.ts';
import { launchBrowser } from './browser.ts';
import { expectPrivateByDefault, type Shown, showAtTop, showInPreview } from './shown.ts';
import type { Site } from './site.ts';

const PORT = 3000;
const counter = (label: string): string => `'use client';
import { useState } from 'react';
export function Counter() {
  const [count, setCount] = useState(0);
  return <button id="count" onClick={() => setCount(count + 1)}>${label} {count}</button>;
}`;
const FILES = [
  {
    path: 'app/layout.jsx',
    content: 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }',
  },
  {
    // Read on the server at each request; what a form sends is written there by a Server Action.
    path: 'app/page.jsx',
    content: `import { readFile, writeFile } from 'node:fs/promises';
import { revalidatePath } from 'next/cache';
import { Counter } from './counter.jsx';
export const dynamic = 'force-dynamic';
async function save(form) {
  'use server';
  await writeFile('/workspace/motto.txt', String(form.get('motto')));
  revalidatePath('/');
}
export default async function Page() {
  const motto = await readFile('/workspace/motto.txt', 'utf8');
  return <main><h1>{motto}</h1><Counter /><form action={save}><input name="motto" /><button id="save">Save</button></form></main>;
}`,
  },
  { path: 'app/counter.jsx', content: counter('Visits') },
  {
    // The second half comes when the test says so: whoever holds the first half back holds it for ever.
    path: 'app/slow/page.jsx',
    content: `import { Suspense } from 'react';
import { access } from 'node:fs/promises';
export const dynamic = 'force-dynamic';
const there = (path) => access(path).then(() => true, () => false);
async function Late() {
  while (!(await there('/workspace/go'))) await new Promise((resolve) => setTimeout(resolve, 50));
  return <p id="late">second half</p>;
}
export default function Page() { return <main><p>first half</p><Suspense fallback={<p>waiting</p>}><Late /></Suspense></main>; }`,
  },
  {
    path: 'app/api/echo/route.js',
    content: 'export async function POST(request) { return Response.json({ got: await request.json() }); }',
  },
  { path: 'motto.txt', content: 'Dr. Smith Clinic' },
];

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
let site: Site | undefined;

beforeAll(async () => {
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Next.js', env }), launchBrowser()]);
  await bringPackages(sandbox, 'next');
  await sandbox.files.writeMany(FILES);
  await sandbox.processes.start(['npx', 'next', 'dev', '--port', String(PORT)]);
  await listening(sandbox, PORT);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await sandbox?.destroy();
});

const editsKeepState = async ({ app, hot }: Shown, label: string): Promise<void> => {
  const button = app.locator('#count');
  await expect.poll(() => button.textContent(), { timeout: 60_000 }).toMatch(/ \d$/);
  await hot;
  // Drawn by the server; counts once the browser has taken it over.
  await expect
    .poll(
      async () => {
        await button.click();
        return button.textContent();
      },
      { timeout: 30_000 },
    )
    .not.toMatch(/ 0$/);
  const count = (await button.textContent())?.split(' ')[1];
  await app.evaluate('window.survivor = true');
  await sandbox.files.write('app/counter.jsx', counter(label));
  await expect.poll(() => button.textContent(), { timeout: 60_000 }).toBe(`${label} ${count}`);
  expect(await app.evaluate('window.survivor')).toBe(true);
};

it('renders on the server, privately until it is exposed', async () => {
  await expectPrivateByDefault(sandbox, PORT);
  const { body } = await visit((await sandbox.previewToken({ port: PORT })).url);
  expect(body).toContain('<h1>Dr. Smith Clinic</h1>');
});

it('takes an edit of a client component without a reload or loss of state, in <MiosaPreview> on another site', async () => {
  const shown = await showInPreview(browser, sandbox, PORT);
  site = shown.site;
  await editsKeepState(shown, 'Patients');
});

it('does the same as a page of its own, where a Server Action, with a token for interaction, changes what the server renders', async () => {
  const shown = await showAtTop(browser, sandbox, PORT);
  await editsKeepState(shown, 'Doctors');
  await shown.app.locator('input[name=motto]').fill('Open on Sundays');
  await shown.app.locator('#save').click();
  await expect.poll(() => shown.app.locator('h1').textContent(), { timeout: 30_000 }).toBe('Open on Sundays');
  expect(await sandbox.files.readText('motto.txt')).toBe('Open on Sundays');
  expect(await shown.app.evaluate('window.survivor')).toBe(true);
});

it('streams a page in the pieces in which the server makes it', async () => {
  const { page } = await showAtTop(browser, sandbox, PORT);
  await page.goto(new URL('/slow', page.url()).href, { waitUntil: 'commit' });
  await expect.poll(() => page.locator('main').textContent(), { timeout: 60_000 }).toContain('waiting');
  expect(await page.locator('#late').count()).toBe(0);
  await sandbox.files.write('go', '');
  await expect.poll(() => page.locator('#late').textContent(), { timeout: 30_000 }).toBe('second half');
});

it('answers a POST with a token for interaction, and none with one for looking', async () => {
  const post = async (scope: 'interact' | 'read') => {
    const { token, url } = await sandbox.previewToken({ port: PORT, scope });
    const headers = { 'x-miosa-preview-token': token, 'content-type': 'application/json' };
    return request(new URL('/api/echo', url).href, { method: 'POST', headers, body: '{"hello":1}' });
  };
  expect(await post('interact')).toMatchObject({ status: 200, body: '{"got":{"hello":1}}' });
  expect((await post('read')).status).toBe(403);
});
