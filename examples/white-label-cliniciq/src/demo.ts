import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Miosa } from '@miosa/sdk';
import { createFetch } from '@miosa/sdk/node';
import type { App } from './apps.ts';
import { startExample } from './run.ts';

/** The main job, end to end, against a live platform: what a person of Dr. Smith's clinic sees, and what nobody else does. */
const need = (...names: string[]): string => {
  const value = names.map((name) => process.env[name]).find((found) => found !== undefined && found !== '');
  if (value === undefined) throw new Error(`Set ${names[0]}. "./miosa demo" starts a platform and sets it for you.`);
  return value;
};
const expectThat = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`Not as it should be: ${what}`);
  console.log(`  ok  ${what}`);
};

const demo = async (stay: boolean): Promise<void> => {
  const apiKey = need('MIOSA_API_KEY');
  const baseUrl = need('MIOSA_BASE_URL', 'MIOSA_API_URL');
  const ca = process.env.MIOSA_CA;
  const fetchEdge = createFetch(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') });
  const example = await startExample({ apiKey, baseUrl, ...(ca === undefined ? {} : { ca }) });
  const call = async <T>(method: string, path: string, session = 'dr-smith'): Promise<{ status: number; body: T }> => {
    const response = await fetch(example.url + path, { method, headers: { cookie: `session=${session}` } });
    return { status: response.status, body: (await response.json()) as T };
  };
  try {
    console.log(`\nClinicIQ runs at ${example.url} and makes an app for Dr. Smith Clinic`);
    const made = await call<App>('POST', '/api/apps');
    if (made.status !== 201) throw new Error('The app could not be created; the reason is above.');
    const app = made.body;
    const minted = (await call<{ token: string; url: string }>('POST', `/api/apps/${app.id}/token`)).body;
    const bare = minted.url.split('?')[0] ?? '';
    const get = (url: string, headers: Record<string, string> = {}) =>
      fetchEdge(url, { method: 'GET', headers: { accept: 'text/html', ...headers } });

    const entry = await get(minted.url);
    expectThat(
      entry.status === 302 && !entry.headers.get('location')?.includes('mp_'),
      'the link with the token opens, and the token leaves the address bar',
    );
    await entry.text();
    const cookie = entry.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await get(bare, { cookie });
    expectThat(
      page.status === 200 && (await page.text()).includes('Dr. Smith Clinic'),
      'the page of Dr. Smith Clinic is live through the edge',
    );
    const refused = await get(bare);
    await refused.text();
    expectThat(refused.status === 401, 'without the token it is refused (401)');
    await new Miosa({ apiKey, baseUrl, ...(ca === undefined ? {} : { ca }) }).sandboxes.files.write(
      app.id,
      'page.mjs',
      "export const render = () => '<h1>Dr. Smith Clinic</h1><p>Open on Sundays</p>';\n",
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expectThat((await (await get(bare, { cookie })).text()).includes('Open on Sundays'), 'an edit through the API is live at once');
    const listed = async (session: string) => (await call<App[]>('GET', '/api/apps', session)).body.some((one) => one.id === app.id);
    expectThat((await listed('dr-smith')) && !(await listed('downtown')), 'Dr. Smith Clinic sees it in its list, Downtown Dental does not');
    expectThat((await call('POST', `/api/apps/${app.id}/token`, 'downtown')).status === 404, 'Downtown Dental gets no token for it');
    const sent = [await (await fetch(example.url)).text(), await (await fetch(`${example.url}/page.js`)).text()].join();
    expectThat(!sent.includes(apiKey), 'the key never reaches the browser');

    console.log(`
  sandbox     ${app.id}
  workspace   ${app.workspaceId}   Dr. Smith Clinic
  project     ${app.projectId}   ${app.name}
  preview     ${minted.url}
              (private; this link is good for an hour)
  ClinicIQ    ${example.url}${stay ? '' : '   (ended now; keep it with --stay)'}
`);
    if (stay) {
      console.log('Press Ctrl-C to end.');
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    }
  } finally {
    await example.close();
  }
};

try {
  await demo(process.argv.includes('--stay') || process.env.MIOSA_DEMO_STAY === '1');
  process.exitCode = 0;
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
