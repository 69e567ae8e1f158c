import type { Sandbox } from '@miosa/sdk';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening } from '../harness/apps.ts';
import { client } from '../harness/context.ts';
import { bringPackages } from '../harness/installed.ts';
import { launchBrowser } from './browser.ts';
import { expectPrivateByDefault, type Shown, showAtTop, showInPreview } from './shown.ts';
import type { Site } from './site.ts';

const PORT = 8000;
/** An ASGI app with a page, events and a WebSocket. The page asks again when its connection ends, as pages of such apps do. */
const app = (motto: string): string => `import asyncio
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

MOTTO = "${motto}"
PAGE = """<!doctype html><title>Clinic</title><h1></h1><ol></ol><script>
const show = (selector, text) => document.querySelector(selector).append(text);
const connect = () => {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
  socket.onopen = () => socket.send('motto?');
  socket.onmessage = ({ data }) => { document.querySelector('h1').textContent = data; };
  socket.onclose = () => setTimeout(connect, 200);
};
connect();
new EventSource('/events').onmessage = ({ data }) => show('ol', data + ';');
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
        await ws.send_text(MOTTO if text == "motto?" else text)

app = Starlette(routes=[Route("/", page), Route("/events", events), WebSocketRoute("/socket", socket)])
`;

const miosa = client();
let sandbox: Sandbox;
let browser: Browser;
let site: Site | undefined;

beforeAll(async () => {
  [sandbox, browser] = await Promise.all([miosa.sandboxes.create({ name: 'Python' }), launchBrowser()]);
  await bringPackages(sandbox, 'python');
  await sandbox.files.write('app.py', app('Dr. Smith Clinic'));
  const install = 'python3 -m venv .venv && .venv/bin/pip install -q --no-index --find-links wheels --require-hashes -r requirements.txt';
  expect(await sandbox.exec(install, { timeout: 120 })).toMatchObject({ exitCode: 0 });
  // Left alone, uvicorn starts again only when the last open event stream has ended.
  const patience = ['--timeout-graceful-shutdown', '1'];
  await sandbox.processes.start(['.venv/bin/uvicorn', 'app:app', '--port', String(PORT), '--reload', '--ws', 'wsproto', ...patience]);
  await listening(sandbox, PORT);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await sandbox?.destroy();
});

const reloads = async ({ app: frame }: Shown, motto: string): Promise<void> => {
  await expect.poll(() => frame.locator('h1').textContent(), { timeout: 30_000 }).not.toBe('');
  await expect.poll(() => frame.locator('ol').textContent(), { timeout: 30_000 }).toContain('0;1;2;');
  await frame.evaluate('window.survivor = true');
  await sandbox.files.write('app.py', app(motto));
  await expect.poll(() => frame.locator('h1').textContent(), { timeout: 30_000 }).toBe(motto);
  expect(await frame.evaluate('window.survivor')).toBe(true);
};

it('runs privately until it is exposed', () => expectPrivateByDefault(sandbox, PORT));

it('pushes over a WebSocket and as events, and starts again on an edit, in <MiosaPreview> on another site', async () => {
  const shown = await showInPreview(browser, sandbox, PORT);
  site = shown.site;
  await reloads(shown, 'Open on Sundays');
});

it('does the same as a page of its own', async () => {
  await reloads(await showAtTop(browser, sandbox, PORT), 'Closed on Mondays');
});
