import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Io, Tty } from './io.ts';
import { run } from './run.ts';

let server: Server;
let webSockets: WebSocketServer;
let port: number;
const asked: string[] = [];
const opened: WebSocket[] = [];
beforeEach(async () => {
  asked.length = 0;
  opened.length = 0;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${text}`.trim());
      const terminal = {
        id: 'trm_1',
        shell: '/bin/bash',
        cwd: '/workspace',
        cols: 80,
        rows: 24,
        connections: 1,
        created_at: 'x',
        last_activity_at: 'y',
      };
      const made = { id: 'trm_1', ws_url: `ws://127.0.0.1:${port}/ws?ticket=sset_1`, expires_at: 'x' };
      const data = request.method === 'POST' ? made : request.method === 'DELETE' ? { id: 'trm_1', deleted: true } : [terminal];
      response.end(JSON.stringify({ data, next_cursor: null }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket) => opened.push(socket));
});
afterEach(async () => {
  for (const client of webSockets.clients) client.terminate();
  webSockets.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const start = (args: readonly string[], withTty = true) => {
  const stdin = new PassThrough();
  const seen = {
    out: '',
    err: '',
    raw: [] as boolean[],
    resize: (_size: { cols: number; rows: number }): void => {},
    interrupt: (): void => {},
  };
  const tty: Tty = {
    size: () => ({ cols: 91, rows: 37 }),
    setRaw: (raw) => void seen.raw.push(raw),
    onResize: (listener) => {
      seen.resize = listener;
      return () => {};
    },
  };
  const io: Io = {
    env: { MIOSA_API_KEY: 'msk_test_1', MIOSA_BASE_URL: `http://127.0.0.1:${port}` },
    configDir: '/nonexistent',
    stdin: Object.assign(stdin, { isTTY: withTty }),
    tty: withTty ? tty : undefined,
    out: (data) => {
      seen.out += typeof data === 'string' ? data : Buffer.from(data).toString();
    },
    err: (data) => {
      seen.err += String(data);
    },
    drained: async () => {},
    ask: async () => '',
    onInterrupt: (listener) => {
      seen.interrupt = listener;
      return () => {};
    },
  };
  return { stdin, seen, done: run(args, io) };
};

const socket = async (): Promise<WebSocket> => {
  await vi.waitFor(() => expect(opened.length).toBeGreaterThan(0));
  return opened[0] as WebSocket;
};

it.each(['connect', 'shell'])('%s is a raw terminal of the true size, and exits with the exit code of the shell', async (word) => {
  const { stdin, seen, done } = start([word, 'sbx_1', '--shell', '/bin/zsh', '-e', 'A=b']);
  const far = await socket();
  expect(asked).toEqual(['POST /api/v1/sandboxes/sbx_1/terminal {"shell":"/bin/zsh","env":{"A":"b"},"cols":91,"rows":37}']);
  const heard: string[] = [];
  far.on('message', (data) => heard.push(String(data)));
  far.send(Buffer.from('$ '));
  await vi.waitFor(() => expect([seen.out, seen.raw]).toEqual(['$ ', [true]]));
  stdin.write('\x03');
  seen.resize({ cols: 100, rows: 50 });
  await vi.waitFor(() => expect(heard).toEqual(['\x03', '{"type":"resize","cols":100,"rows":50}']));
  far.send(JSON.stringify({ type: 'exit', exit_code: 7, signal: null }));
  expect([await done, seen.raw]).toEqual([7, [true, false]]);
});

it('detaches with Ctrl-], and says how to come back', async () => {
  const { stdin, seen, done } = start(['sandboxes', 'connect', 'sbx_1', '--terminal', 'trm_1']);
  await socket();
  stdin.write('ls\r\x1dnever sent');
  expect(await done).toBe(0);
  expect(seen.err).toContain('--terminal trm_1');
  expect(seen.raw).toEqual([true, false]);
});

it('with a pipe types what comes, then ends the input', async () => {
  const { stdin, done } = start(['connect', 'sbx_1'], false);
  const far = await socket();
  let heard = '';
  far.on('message', (data) => {
    heard += String(data);
  });
  stdin.end('echo hi\n');
  await vi.waitFor(() => expect(heard).toBe('echo hi\n\x04'));
  far.close(4404, 'The sandbox was destroyed.');
  expect(await done).toBe(1);
});

it('lists terminals and ends one', async () => {
  const list = start(['sandboxes', 'terminals', 'sbx_1']);
  expect(await list.done).toBe(0);
  expect(list.seen.out).toMatch(/trm_1 +\/bin\/bash +\/workspace +80x24/);
  expect(await start(['sandboxes', 'terminals', 'sbx_1', '--end', 'trm_1']).done).toBe(0);
  expect(asked.at(-1)).toBe('DELETE /api/v1/sandboxes/sbx_1/terminal/trm_1');
});

it('forwards a port of this machine until it is interrupted', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port: local } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const { seen, done } = start(['forward', 'sbx_1', `${local}:5432`]);
  await vi.waitFor(() => expect(seen.err).toContain('Ctrl-C'));
  const visitor = createConnection(local, '127.0.0.1');
  const far = await socket();
  visitor.write('query');
  expect(String((await once(far, 'message'))[0])).toBe('query');
  far.send(Buffer.from('rows'));
  expect(String((await once(visitor, 'data'))[0])).toBe('rows');
  visitor.on('error', () => {});
  seen.interrupt();
  expect(await done).toBe(0);
  expect(await start(['forward', 'sbx_1', '0']).done).toBe(1);
});
