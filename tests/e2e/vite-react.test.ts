import type { Sandbox } from '@miosa/sdk';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening } from '../harness/apps.ts';
import { client } from '../harness/context.ts';
import { bringPackages } from '../harness/installed.ts';
import { launchBrowser } from './browser.ts';
import { expectPrivateByDefault, type Shown, showAtTop, showInPreview } from './shown.ts';
import type { Site } from './site.ts';

const PORT = 5173;
const counter = (label: string): string => `import { useState } from 'react';
export const Counter = () => {
  const [count, setCount] = useState(0);
  return <button onClick={() => setCount(count + 1)}>${label} {count}</button>;
};`;
const FILES = [
  {
    path: 'index.html',
    content: '<!doctype html><title>Clinic</title><div id="root"></div><script type="module" src="/main.jsx"></script>',
  },
  {
    path: 'main.jsx',
    content: `import { createRoot } from 'react-dom/client';
import { Counter } from './counter.jsx';
createRoot(document.querySelector('#root')).render(<Counter />);`,
  },
  { path: 'counter.jsx', content: counter('Visits') },
  { path: 'vite.config.js', content: "import react from '@vitejs/plugin-react';\nexport default { plugins: [react()] };" },
];

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
let site: Site | undefined;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Vite and React' }), launchBrowser()]);
  await bringPackages(sandbox, 'vite');
  await sandbox.files.writeMany(FILES);
  await sandbox.processes.start(['npx', 'vite', '--port', String(PORT), '--strictPort']);
  await listening(sandbox, PORT);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await sandbox?.destroy();
});

/** Counts to three in the page, edits the component, and expects the new text beside the old count. */
const editsKeepState = async ({ app, hot }: Shown, label: string): Promise<void> => {
  const button = app.locator('button');
  await expect.poll(() => button.textContent(), { timeout: 60_000 }).toMatch(/ \d$/);
  await hot;
  for (let i = 0; i < 3; i++) await button.click();
  await app.evaluate('window.survivor = true');
  await sandbox.files.write('counter.jsx', counter(label));
  await expect.poll(() => button.textContent(), { timeout: 30_000 }).toBe(`${label} 3`);
  expect(await app.evaluate('window.survivor')).toBe(true);
};

it('runs privately until it is exposed, and again as soon as it is not', () => expectPrivateByDefault(sandbox, PORT));

it('takes an edit of a component without a reload or loss of state, in <MiosaPreview> on another site', async () => {
  const shown = await showInPreview(browser, sandbox, PORT);
  site = shown.site;
  await editsKeepState(shown, 'Patients');
});

it('does the same as a page of its own', async () => {
  await editsKeepState(await showAtTop(browser, sandbox, PORT), 'Doctors');
});
