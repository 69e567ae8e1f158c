import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
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
/** A development server notices an edit a moment later. */
const soon = async (holds: () => Promise<boolean>): Promise<boolean> => {
  for (let tries = 0; tries < 50; tries++) {
    if (await holds()) return true;
    await sleep(100);
  }
  return false;
};
const EDITED = "export const render = () => '<h1>Dr. Smith Clinic</h1><p>Open on Sundays</p>';\n";

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
    const miosa = new Miosa({ apiKey, baseUrl, ...(ca === undefined ? {} : { ca }) });
    await miosa.sandboxes.files.write(app.id, 'page.mjs', EDITED);
    expectThat(
      await soon(async () => (await (await get(bare, { cookie })).text()).includes('Open on Sundays')),
      'an edit through the API is live',
    );
    const listed = async (session: string) => (await call<App[]>('GET', '/api/apps', session)).body.some((one) => one.id === app.id);
    expectThat((await listed('dr-smith')) && !(await listed('downtown')), 'Dr. Smith Clinic sees it in its list, Downtown Dental does not');
    expectThat((await call('POST', `/api/apps/${app.id}/token`, 'downtown')).status === 404, 'Downtown Dental gets no token for it');
    const sent = [await (await fetch(example.url)).text(), await (await fetch(`${example.url}/page.js`)).text()].join();
    expectThat(!sent.includes(apiKey), 'the key never reaches the browser');

    console.log('\nIt goes live, changes, and goes back');
    const visit = async (url: string): Promise<string> => (await get(url)).text();
    const publish = async (title: string) => {
      await miosa.sandboxes.files.write(app.id, 'site/index.html', `<h1>${title}</h1>`);
      return miosa.sandboxes.deploy(app.id, { name: app.name, outputPath: 'site' });
    };
    const first = await publish('Book your visit');
    const { id: deploymentId, publicUrl } = first.deployment;
    expectThat((await visit(publicUrl)).includes('Book your visit'), `published: ${publicUrl}`);
    const second = await publish('Book your summer visit');
    expectThat(await soon(async () => (await visit(publicUrl)).includes('summer')), 'published again: visitors see the change');
    await miosa.deployments.rollback(deploymentId);
    expectThat(
      await soon(async () => !(await visit(publicUrl)).includes('summer')),
      'rolled back: visitors see the first version, nothing was built',
    );
    expectThat((await visit(second.version.url)).includes('summer'), 'the second version is still there at its own address');

    const link = (kind: string, id: string): string => `${miosa.baseUrl}/${kind}/${id}`;
    console.log(`
What it made (the first three links and that of the deployment are of the API and want the key):
  sandbox     ${app.name}
              ${link('sandboxes', app.id)}
  workspace   Dr. Smith Clinic
              ${link('workspaces', app.workspaceId)}
  project     ${app.name}
              ${link('projects', app.projectId)}
  preview     private: the page is there with the token of this link, for an hour, and refused without it
              ${minted.url}
  live        ${publicUrl}
              version 2, staged: ${second.version.url}
  deployment  ${link('deployments', deploymentId)}
  ClinicIQ    the customer's own page, with the preview in it
              ${example.url}
`);
    if (stay) {
      const authority = ca ?? process.env.NODE_EXTRA_CA_CERTS;
      if (authority !== undefined) console.log(`To see it in a browser, let it trust ${authority} first.`);
      console.log('The links work until you press Ctrl-C.');
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    } else console.log('ClinicIQ ends now. ./miosa demo --stay keeps everything until Ctrl-C.');
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
