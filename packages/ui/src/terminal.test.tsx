import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { MiosaTerminal, type MiosaTerminalProps } from './index.ts';
import { dom } from './testDom.ts';

/** Stands for xterm.js, which needs a document that measures text; the browser tests have the real one. */
const shown = vi.hoisted(() => ({
  text: '',
  disposed: 0,
  type: (_text: string): void => {},
  resize: (_size: { cols: number; rows: number }): void => {},
  key: (_event: object): boolean => true,
  options: {} as { theme?: { background?: string } },
}));
vi.mock('@xterm/addon-fit', () => ({
  FitAddon: class {
    fit(): void {}
  },
}));
vi.mock('@xterm/xterm', () => ({
  Terminal: class {
    cols = 91;
    rows = 37;
    options = shown.options;
    loadAddon(): void {}
    open(): void {}
    focus(): void {}
    onData(listener: (text: string) => void): void {
      shown.type = listener;
    }
    onResize(listener: (size: { cols: number; rows: number }) => void): void {
      shown.resize = listener;
    }
    attachCustomKeyEventHandler(handler: (event: object) => boolean): void {
      shown.key = handler;
    }
    write(bytes: Uint8Array): void {
      shown.text += new TextDecoder().decode(bytes);
    }
    reset(): void {
      shown.text = '';
    }
    dispose(): void {
      shown.disposed += 1;
    }
  },
}));

// What comes from the network is no part of an act: the tests wait for what they expect instead.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
const settled = async (work: () => unknown): Promise<void> => {
  await work();
  await new Promise((resolve) => setTimeout(resolve, 10));
};

interface Asked {
  readonly what: string;
  readonly body: string;
  readonly token: string | undefined;
}

let server: Server;
let webSockets: WebSocketServer;
let base: string;
let refusals: { readonly status: number; readonly code: string }[];
const asked: Asked[] = [];
const sockets: WebSocket[] = [];
let root: Root;
let host: HTMLElement;

beforeEach(async () => {
  asked.length = 0;
  sockets.length = 0;
  refusals = [];
  Object.assign(shown, { text: '', disposed: 0 });
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      asked.push({ what: `${request.method} ${request.url}`, body, token: request.headers.authorization });
      const refusal = refusals.shift();
      if (refusal !== undefined)
        return void response.writeHead(refusal.status).end(JSON.stringify({ error: { code: refusal.code, message: 'no' } }));
      response.end(JSON.stringify({ data: { id: 'trm_1', ws_url: `${base.replace('http', 'ws')}/ws?ticket=sset_1`, expires_at: 'x' } }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket) => sockets.push(socket));
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await settled(() => root.unmount());
  host.remove();
  for (const client of webSockets.clients) client.terminate();
  webSockets.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const show = (props: Partial<MiosaTerminalProps> = {}) =>
  settled(() => root.render(<MiosaTerminal token="mbt_abc" sandboxId="sbx_1" baseUrl={base} {...props} />));
const state = () => host.firstElementChild?.getAttribute('data-state');
const untilState = (wanted: string) => vi.waitFor(() => expect(state()).toBe(wanted));
const socket = async (index = 0): Promise<WebSocket> => {
  await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(index));
  return sockets[index] as WebSocket;
};

it.each(['msk_live_1', 'mp_x', ''])('throws for %j without repeating it', (token) => {
  expect(() => renderToString(<MiosaTerminal token={token} sandboxId="sbx_1" />)).toThrow(/^MiosaTerminal: (?!.*live_1)/);
});

it('renders on a server as a named group that is opening', () => {
  const html = renderToString(<MiosaTerminal token="mbt_abc" sandboxId="sbx_1" strings={{ title: 'Konsole' }} />);
  expect(html).toMatch(/role="group" aria-label="Konsole".*data-state="opening".*role="status"/);
  expect(html).not.toContain('mbt_abc');
});

it('opens at the size of the screen and carries what is typed and shown', async () => {
  const [onOpen, onResize, onExit] = [vi.fn(), vi.fn(), vi.fn()];
  await show({ cwd: '/tmp', shell: '/bin/sh', onOpen, onResize, onExit });
  const far = await socket();
  expect(asked).toEqual([
    {
      what: 'POST /api/v1/sandboxes/sbx_1/terminal',
      body: '{"cols":91,"rows":37,"cwd":"/tmp","shell":"/bin/sh"}',
      token: 'Bearer mbt_abc',
    },
  ]);
  const heard: string[] = [];
  far.on('message', (data) => heard.push(String(data)));
  await untilState('open');
  expect(onOpen).toHaveBeenCalledWith('trm_1');
  far.send(Buffer.from('$ '));
  await vi.waitFor(() => expect(shown.text).toBe('$ '));
  shown.type('ls\r');
  shown.resize({ cols: 100, rows: 50 });
  await vi.waitFor(() => expect(heard).toContain('ls\r'));
  await vi.waitFor(() => expect(heard.at(-1)).toBe('{"type":"resize","cols":100,"rows":50}'));
  expect(onResize).toHaveBeenCalledWith(100, 50);
  far.send(JSON.stringify({ type: 'exit', exit_code: 3, signal: null }));
  await untilState('exited');
  expect(onExit).toHaveBeenCalledWith(3);
});

it('comes back with the scrollback after a loss', async () => {
  await show();
  const first = await socket();
  first.send(Buffer.from('old'));
  await vi.waitFor(() => expect(shown.text).toBe('old'));
  first.terminate();
  (await socket(1)).send(Buffer.from('scrollback'));
  await vi.waitFor(() => expect(shown.text).toBe('scrollback'));
  expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({ id: 'trm_1' });
});

it('goes on with a fresh token when the old one has ended', async () => {
  const onTokenExpiring = vi.fn(async () => 'mbt_fresh');
  await show({ onTokenExpiring });
  (await socket()).close(4401);
  await socket(1);
  expect(asked[1]).toMatchObject({ token: 'Bearer mbt_fresh', body: expect.stringContaining('"id":"trm_1"') });
  expect(onTokenExpiring).toHaveBeenCalledTimes(1);
});

it('says that it failed, and opens again on request', async () => {
  const onError = vi.fn();
  refusals = [{ status: 403, code: 'FORBIDDEN' }];
  await show({ onError });
  await untilState('failed');
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ status: 403 }));
  expect(host.querySelector('[role=alert]')?.textContent).toContain('not available');
  await settled(() => host.querySelector('button')?.dispatchEvent(new dom.Event('click', { bubbles: true }) as unknown as Event));
  await untilState('open');
});

it('comes back to a terminal by its id, opens a new one when that is gone, and leaves both running', async () => {
  refusals = [{ status: 404, code: 'NOT_FOUND' }];
  await show({ terminalId: 'trm_0' });
  await socket();
  expect(asked.map(({ body }) => JSON.parse(body).id)).toEqual(['trm_0', undefined]);
  await untilState('open');
  await settled(() => root.render(<p />));
  expect(shown.disposed).toBe(1);
  expect(asked).toHaveLength(2);
});

it('ends the terminal that it opened when it goes, unless told to keep it', async () => {
  await show();
  await untilState('open');
  await settled(() => root.render(<p />));
  await vi.waitFor(() => expect(asked.at(-1)?.what).toBe('DELETE /api/v1/sandboxes/sbx_1/terminal/trm_1'));
  await show({ keep: true });
  await untilState('open');
  const before = asked.length;
  await settled(() => root.render(<p />));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toHaveLength(before);
});

it('lets the keyboard out with Shift+Escape, and takes its colours from the theme', async () => {
  await show();
  await untilState('open');
  expect(shown.key({ type: 'keydown', key: 'Tab' })).toBe(true);
  expect(shown.key({ type: 'keydown', key: 'Escape', shiftKey: true })).toBe(false);
  expect(document.activeElement).toBe(host.firstElementChild);
  await show({ theme: 'light' });
  expect(shown.options.theme?.background).toBe('#ffffff');
});
