import type { Sandbox } from '@miosa/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from '../harness/context.ts';
import { createDeployments, type Deployment, publishSandbox } from '../harness/deployments.ts';
import { bringPackages } from '../harness/installed.ts';
import { launchBrowser } from './browser.ts';

/** An ASGI app with a page, events and a WebSocket that tells which version it is. */
const app = (version: string): string => `import asyncio
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

PAGE = """<!doctype html><title>Clinic</title><h1></h1><ol></ol><script>
window.answers = [];
const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
window.ask = (text) => socket.send(text);
socket.onopen = () => ask('hello');
socket.onmessage = ({ data }) => { answers.push(data); document.querySelector('h1').textContent = data; };
socket.onclose = () => answers.push('closed');
new EventSource('/events').onmessage = ({ data }) => document.querySelector('ol').append(data + ';');
</script>"""

async def page(request):
    return HTMLResponse(PAGE)

async def events(request):
    async def some():
        for number in range(3):
            yield f"data: {number}\\n\\n"
        await asyncio.sleep(3600)
    return StreamingResponse(some(), media_type="text/event-stream")

async def socket(ws):
    await ws.accept()
    async for text in ws.iter_text():
        await ws.send_text(text + " from ${version}")

app = Starlette(routes=[Route("/", page), Route("/events", events), WebSocketRoute("/socket", socket)])
`;

const miosa = client();
const deployments = createDeployments();
let sandbox: Sandbox;
let browser: Browser;
let deployment: Deployment;

const publish = async (version: string): Promise<void> => {
  await sandbox.files.write('app.py', app(version));
  await publishSandbox(deployment, sandbox.id, { run_command: '.venv/bin/uvicorn --host 0.0.0.0 --port "$PORT" --ws wsproto app:app' });
};
const open = async (): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(deployment.public_url);
  return page;
};
const says = (page: Page, text: string): Promise<void> =>
  expect.poll(() => page.locator('h1').textContent(), { timeout: 30_000 }).toBe(text);

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Published Python' }), launchBrowser()]);
  await bringPackages(sandbox, 'python');
  deployment = await deployments.create({ env: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: '/workspace/wheels' } });
  await publish('one');
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await deployments.close();
  await sandbox?.destroy();
});

it('pushes over a WebSocket and as events', async () => {
  const page = await open();
  await says(page, 'hello from one');
  await expect.poll(() => page.locator('ol').textContent(), { timeout: 30_000 }).toBe('0;1;2;');
});

it('a WebSocket that is open goes on through a publish, while whoever comes new meets the new version', async () => {
  const before = await open();
  await says(before, 'hello from one');
  await publish('two');
  await expect
    .poll(
      async () => {
        const page = await open();
        await expect.poll(() => page.locator('h1').textContent(), { timeout: 10_000 }).not.toBe('');
        return page.locator('h1').textContent();
      },
      { timeout: 60_000 },
    )
    .toBe('hello from two');
  await before.evaluate("ask('still here')");
  await says(before, 'still here from one');
  expect(await before.evaluate('answers')).toEqual(['hello from one', 'still here from one']);
}, 180_000);
