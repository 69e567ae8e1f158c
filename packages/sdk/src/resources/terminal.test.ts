import '../testClean.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Miosa } from '../index.ts';

/** An API with terminals whose WebSockets the tests hold themselves. */
interface Api {
  readonly miosa: Miosa;
  readonly bodies: Record<string, unknown>[];
  readonly addresses: string[];
  readonly authorization: (string | undefined)[];
  socket(): Promise<WebSocket>;
  refuse: { readonly status: number; readonly code: string } | undefined;
  close(): Promise<void>;
}

let api: Api;
beforeEach(async () => {
  const sockets: WebSocket[] = [];
  const waiting: ((socket: WebSocket) => void)[] = [];
  const [bodies, addresses, authorization]: [Record<string, unknown>[], string[], (string | undefined)[]] = [[], [], []];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      if (api.refuse !== undefined)
        return void response.writeHead(api.refuse.status).end(JSON.stringify({ error: { code: api.refuse.code, message: 'no' } }));
      const wsUrl = `wss://api.miosa.localhost:8443/api/v1/ws?ticket=sset_${bodies.length}`;
      response.writeHead(201).end(JSON.stringify({ data: { id: 'trm_1', ws_url: wsUrl, expires_at: '2026-01-01T00:00:00.000Z' } }));
    });
  });
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket, request) => {
    addresses.push(request.url ?? '');
    authorization.push(request.headers.authorization);
    const next = waiting.shift();
    if (next === undefined) sockets.push(socket);
    else next(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  api = {
    miosa: new Miosa({ apiKey: 'msk_test_1', baseUrl: `http://api.miosa.localhost:${port}`, maxRetries: 0 }),
    ...{ bodies, addresses, authorization, refuse: undefined },
    socket: () => {
      const ready = sockets.shift();
      return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
    },
    close: async () => {
      for (const client of webSockets.clients) client.terminate();
      webSockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});
afterEach(() => api.close());

const opened = async (options: Parameters<Miosa['sandboxes']['terminal']['open']>[1] = {}) => {
  let text = '';
  let resets = 0;
  const terminal = await api.miosa.sandboxes.terminal.open('sbx_1', {
    ...options,
    onData: (bytes) => {
      text += new TextDecoder().decode(bytes);
    },
    onReset: () => {
      resets += 1;
      text = '';
    },
  });
  return { terminal, text: () => text, resets: () => resets, socket: await api.socket() };
};

it('opens with what it was asked, at the API it was pointed at, and carries bytes both ways', async () => {
  const { terminal, socket, text } = await opened({ cols: 100, shell: '/bin/sh' });
  expect([api.bodies, api.addresses]).toEqual([[{ cols: 100, shell: '/bin/sh' }], ['/api/v1/ws?ticket=sset_1']]);
  socket.send(Buffer.from('hello'));
  await vi.waitFor(() => expect(text()).toBe('hello'));
  terminal.write('ä');
  expect((await once(socket, 'message'))[0]).toEqual(Buffer.from('ä'));
  terminal.resize(120, 40);
  expect(String((await once(socket, 'message'))[0])).toBe('{"type":"resize","cols":120,"rows":40}');
  terminal.write('x'.repeat(200_000));
  let bytes = 0;
  socket.on('message', (data: Buffer) => {
    bytes += data.length;
  });
  await vi.waitFor(() => expect(bytes).toBe(200_000));
  terminal.close();
});

it('understands fragments, pings and frames of every length', async () => {
  const { terminal, socket, text } = await opened();
  for (const part of ['a', 'b', 'c']) socket.send(Buffer.from(part), { binary: true, fin: part === 'c' });
  socket.ping();
  await once(socket, 'pong');
  for (const size of [125, 126, 65_535, 65_536, 1_000_000]) socket.send(Buffer.alloc(size, 'y'));
  await vi.waitFor(() => expect(text()).toHaveLength(3 + 125 + 126 + 65_535 + 65_536 + 1_000_000));
  expect(text().slice(0, 4)).toBe('abcy');
  terminal.close();
});

it('tells how the shell ended', async () => {
  const { terminal, socket } = await opened();
  socket.send(JSON.stringify({ type: 'exit', exit_code: 7, signal: null }));
  expect(await terminal.ended).toEqual({ exitCode: 7, signal: null });
});

it('comes back with a fresh ticket after a loss or a restart, resets, and sends what was typed meanwhile', async () => {
  const { terminal, socket, text, resets } = await opened({ cols: 80, rows: 24 });
  terminal.resize(90, 30);
  socket.close(1012);
  await once(socket, 'close');
  await vi.waitFor(() => expect(api.bodies.length).toBe(2));
  terminal.write('typed');
  const second = await api.socket();
  expect([api.bodies[1], api.addresses[1]]).toEqual([{ id: 'trm_1', cols: 90, rows: 30 }, '/api/v1/ws?ticket=sset_2']);
  second.send(Buffer.from('scrollback'));
  await vi.waitFor(() => expect([text(), resets()]).toEqual(['scrollback', 1]));
  second.terminate();
  const third = await api.socket();
  third.send(Buffer.from('again'));
  await vi.waitFor(() => expect([text(), resets()]).toEqual(['again', 2]));
  terminal.close();
  expect(await terminal.ended).toBeNull();
});

it.each([
  [4401, 'UNAUTHORIZED'],
  [4404, 'GONE'],
  [4409, 'SANDBOX_NOT_RUNNING'],
])('does not come back after %i', async (code, name) => {
  const { terminal, socket } = await opened();
  socket.close(code, 'because');
  await expect(terminal.ended).rejects.toMatchObject({ code: name, message: 'because' });
  expect(api.bodies).toHaveLength(1);
});

it('gives up when the terminal is gone', async () => {
  const { terminal, socket } = await opened();
  api.refuse = { status: 404, code: 'NOT_FOUND' };
  socket.terminate();
  await expect(terminal.ended).rejects.toMatchObject({ status: 404 });
});

it('sends no credential to an address that holds a ticket, and one to a tunnel', async () => {
  const { terminal } = await opened();
  const tunnel = await api.miosa.sandboxes.tunnel('sbx_1', 80);
  expect([api.authorization, api.addresses[1]]).toEqual([[undefined, 'Bearer msk_test_1'], '/api/v1/sandboxes/sbx_1/tunnel/80']);
  const socket = await api.socket();
  const heard: string[] = [];
  socket.on('message', (data, isBinary) => heard.push(`${isBinary} ${data}`));
  const writer = tunnel.writable.getWriter();
  await writer.write(new TextEncoder().encode('in'));
  await writer.close();
  await vi.waitFor(() => expect(heard).toEqual(['true in', 'false {"type":"end"}']));
  socket.send(Buffer.from('out'));
  socket.close(1000);
  let text = '';
  for await (const chunk of tunnel.readable) text += new TextDecoder().decode(chunk);
  expect(text).toBe('out');
  terminal.close();
});

it('a tunnel whose reader left ends quietly when the socket does', async () => {
  const tunnel = await api.miosa.sandboxes.tunnel('sbx_1', 80);
  const socket = await api.socket();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await tunnel.readable.cancel();
  await closed;
  // Whatever the client's end of the socket throws reaches the process by now, and fails the run.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(tunnel.writable.getWriter().write(new Uint8Array(1))).rejects.toMatchObject({ code: expect.any(String) });
});
