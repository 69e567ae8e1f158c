/** What ClinicIQ writes into a sandbox: the clinic's page, and a development server that shows every edit of it without a reload. */
export const APP_PORT = 5173;

const page = (clinic: string, app: string): string => `const clinic = ${JSON.stringify(clinic)};
const app = ${JSON.stringify(app)};
const text = (value) => value.replace(/[&<>"]/g, (c) => '&#' + c.charCodeAt(0) + ';');
export const render = () => \`<h1>\${text(clinic)}</h1><p>\${text(app)}</p><p>Book your free check-up.</p>\`;
`;

const server = `import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const open = new Set();
let version = 0, timer;
watch('.', () => {
  clearTimeout(timer);
  timer = setTimeout(() => { version++; for (const response of open) response.write('data: ' + version + '\\n\\n'); }, 20);
});
const script = \`let n = 0;
const events = new EventSource('events');
events.onmessage = async () => {
  document.querySelector('main').innerHTML = (await import('./page.mjs?' + Date.now() + n++)).render();
};
events.onerror = () => { if (events.readyState === 2) location.reload(); };\`;
const style = 'body{margin:0;min-height:100vh;display:grid;place-items:center;background:linear-gradient(150deg,#ecfdf5,#e0f2fe);color:#14213d;'
  + 'font:18px/1.6 system-ui,"Liberation Sans",sans-serif}main{padding:32px;text-align:center}h1{margin:0;font-size:44px;line-height:1.2}';
createServer(async ({ url }, response) => {
  const send = (type, body) => response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  if (url.startsWith('/page.mjs')) return send('text/javascript', await readFile('page.mjs'));
  if (url !== '/events') {
    const { render } = await import('./page.mjs?' + version);
    return send('text/html; charset=utf-8', '<!doctype html><meta charset="utf-8"><title>Preview</title><style>' + style + '</style><main>' + render() + '</main><script type="module">' + script + '</script>');
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write(': hello\\n\\n');
  open.add(response);
  response.once('close', () => open.delete(response));
}).listen(${APP_PORT}, '127.0.0.1');
`;

export const appFiles = (clinic: string, app: string): { path: string; content: string }[] => [
  { path: 'page.mjs', content: page(clinic, app) },
  { path: 'server.mjs', content: server },
];
