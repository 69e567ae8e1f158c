import type { Sandbox } from '@miosa/sdk';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { client } from '../harness/context.ts';
import { createDeployments, type Deployment, linesOf, publishSandbox } from '../harness/deployments.ts';
import { bringPackages } from '../harness/installed.ts';
import { request } from '../harness/request.ts';

/** Projects as their authors leave them in a sandbox: nothing is said of how to build or to run them. */
const miosa = client();
const deployments = createDeployments();
afterAll(deployments.close);

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await miosa.sandboxes.create();
});
afterEach(async () => {
  await sandbox?.destroy();
});

const publish = (deployment: Deployment) => publishSandbox(deployment, sandbox.id);

it('Next.js is built and runs as a server', async () => {
  await bringPackages(sandbox, 'next');
  await sandbox.files.writeMany([
    { path: 'app/layout.jsx', content: 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;' },
    {
      path: 'app/[...rest]/page.jsx',
      content:
        'export default async ({ params }) => <h1>{(await params).rest.join("+")} {process.env.MOTTO}</h1>; export const dynamic = "force-dynamic";',
    },
  ]);
  const deployment = await deployments.create({ env: { MOTTO: 'salve' } });
  expect(await publish(deployment)).toMatchObject({ kind: 'dynamic', run_command: 'next start', port: 3000 });
  const page = await request(`${deployment.public_url}/deep/link`);
  expect([page.status, page.body]).toEqual([200, expect.stringMatching(/deep\+link(<!-- -->)? (<!-- -->)?salve/)]);
  expect(await linesOf(deployment.id)).toContain('Not installed again');
}, 180_000);

it('Vite is built into a site', async () => {
  await bringPackages(sandbox, 'vite');
  await sandbox.files.writeMany([
    { path: 'index.html', content: '<!doctype html><div id="root"></div><script type="module" src="/main.js"></script>' },
    { path: 'main.js', content: 'document.querySelector("#root").textContent = import.meta.env.VITE_MOTTO;' },
  ]);
  const deployment = await deployments.create({ env: { VITE_MOTTO: 'salve at build time' } });
  expect(await publish(deployment)).toMatchObject({ kind: 'static', artifact_manifest: { entrypoint: 'index.html' } });
  const page = await request(`${deployment.public_url}/deep/link`);
  const [, script = ''] = /src="([^"]+)"/.exec(page.body) ?? [];
  expect(script).toMatch(/^\/assets\/.+\.js$/);
  const built = await request(new URL(script, deployment.public_url).href);
  expect([built.headers['cache-control'], built.body]).toEqual([
    expect.stringContaining('immutable'),
    expect.stringContaining('salve at build time'),
  ]);
}, 120_000);

it('an ASGI application is installed and runs', async () => {
  await bringPackages(sandbox, 'python');
  const app = `
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
import os
app = Starlette(routes=[Route("/{rest:path}", lambda request: JSONResponse({"path": request.url.path, "port": os.environ["PORT"]}))])
`;
  await sandbox.files.write('app.py', app);
  const deployment = await deployments.create({ env: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: '/workspace/wheels' } });
  const run_command = 'uvicorn --host 0.0.0.0 --port "$PORT" app:app';
  expect(await publish(deployment)).toMatchObject({ kind: 'dynamic', run_command, port: 8000 });
  expect(JSON.parse((await request(`${deployment.public_url}/clinic`)).body)).toEqual({ path: '/clinic', port: '8000' });
}, 120_000);
