import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { emitOpenApi } from './openapi.ts';
import type { ServerOptions } from './options.ts';
import { defineRoute, type WebSocketPeer, websocket } from './route.ts';
import type { Server } from './server.ts';
import { GOOD, testServer } from './testing.ts';
import { CLOSE, closeCodeOf } from './websocket-codes.ts';

const state = { closed: 0, aborted: false, peer: undefined as WebSocketPeer | undefined, hold: Promise.resolve(), seen: 0, end: () => {} };
const held = (): Promise<void> => {
  state.seen += 1;
  return state.hold;
};
const access = { scope: 'x:write' } as const;
const base = { method: 'GET', summary: 'test', access, response: 'websocket' } as const;
const ROUTES = [
  defineRoute({
    ...base,
    id: 'test.echo',
    path: '/echo/{name}',
    params: Type.Object({ name: Type.String({ pattern: '^[a-z]+$' }) }),
    handler: async (op) => {
      op.signal.addEventListener('abort', () => {
        state.aborted = true;
      });
      return websocket((peer) => {
        state.peer = peer;
        return {
          message: (data) => {
            state.seen += 1;
            if (data === 'fail') throw new Error('secret');
            return peer.send(data);
          },
          closed: () => {
            state.closed += 1;
          },
        };
      });
    },
  }),
  defineRoute({
    ...base,
    id: 'test.held',
    path: '/held',
    handler: async () => websocket(() => ({ message: held, closed: () => {} })),
  }),
  defineRoute({
    ...base,
    id: 'test.refuses',
    path: '/refuses',
    handler: async () => {
      throw new Fault('GONE', 'It was destroyed.');
    },
  }),
  defineRoute({
    id: 'test.plain',
    method: 'GET',
    path: '/plain',
    summary: 'plain',
    access,
    response: Type.Object({ ok: Type.Boolean() }),
    handler: async () => ({ ok: true }),
  }),
];

let dir: string;
let server: Server;
const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
  server = await testServer(ROUTES, {
    watchCredential: (_actor, end) => {
      state.end = end;
      return () => {};
    },
    redeemTicket: async (ticket, path, bound) => (bound && ticket === `for ${path}` ? ((await ACTOR()) ?? null) : null),
    originAllowed: (_actor, origin) => origin === 'https://app.example',
    ...options,
  });
  await server.listen(join(dir, 'a.sock'));
};
const ACTOR = () => testActor;
let testActor: Parameters<ServerOptions['authorize']>[0] | undefined;

beforeEach(async () => {
  Object.assign(state, { closed: 0, aborted: false, peer: undefined, seen: 0, hold: Promise.resolve() });
  dir = mkdtempSync(join(tmpdir(), 'kit-'));
  await start({
    authorize: (actor) => {
      testActor = actor;
      if (actor.type === 'key' && actor.scopes.length === 0)
        throw new Fault('FORBIDDEN', 'scope', { details: { required_scope: 'x:write' } });
    },
  });
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

const open = (path: string, headers: Record<string, string> = GOOD): WebSocket =>
  new WebSocket(`ws+unix://${join(dir, 'a.sock')}:/api/v1${path}`, { headers });

/** The code a socket was closed with, or the status its handshake was refused with. */
const ending = (socket: WebSocket): Promise<{ readonly code?: number; readonly status?: number; readonly body?: string }> =>
  new Promise((resolve) => {
    socket.on('error', () => {});
    socket.once('close', (code) => resolve({ code }));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
const next = async (socket: WebSocket): Promise<Buffer | string> => {
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
  return isBinary ? data : data.toString();
};
const opened = async (path = '/echo/a', headers?: Record<string, string>): Promise<WebSocket> => {
  const socket = open(path, headers);
  await once(socket, 'open');
  return socket;
};

it('carries bytes and text both ways, and tells its handler of the end once', async () => {
  const socket = await opened();
  socket.send(Buffer.from([0, 255]));
  expect(await next(socket)).toEqual(Buffer.from([0, 255]));
  socket.send('{"type":"x"}');
  expect(await next(socket)).toBe('{"type":"x"}');
  socket.close();
  await vi.waitFor(() => expect([state.closed, state.aborted]).toEqual([1, true]));
});

it('is refused with a status like any request: credential, scope, input, and what the handler says', async () => {
  expect(await ending(open('/echo/a', {}))).toMatchObject({ status: 401 });
  expect(await ending(open('/echo/a', { authorization: 'Bearer weak' }))).toMatchObject({ status: 403 });
  expect(await ending(open('/echo/A1'))).toMatchObject({ status: 404 });
  expect(await ending(open('/refuses'))).toMatchObject({ status: 410, body: expect.stringContaining('It was destroyed.') });
  expect(await ending(open('/nothing'))).toMatchObject({ status: 404 });
  expect(await ending(open('/plain'))).toMatchObject({ status: 200, body: '{"data":{"ok":true}}' });
});

it('without the protocol is a bad request, after the credential was checked', async () => {
  expect((await server.inject({ url: '/api/v1/echo/a', headers: GOOD })).statusCode).toBe(400);
  expect((await server.inject({ url: '/api/v1/echo/a' })).statusCode).toBe(401);
  const half = request({
    socketPath: join(dir, 'a.sock'),
    path: '/api/v1/echo/a',
    headers: { ...GOOD, connection: 'Upgrade', upgrade: 'websocket' },
  }).end();
  expect(((await once(half, 'response')) as [{ statusCode: number }])[0].statusCode).toBe(400);
});

it('takes a ticket made for its path, and a page of its own or an allowed origin only', async () => {
  await (await opened()).close();
  const ticket = encodeURIComponent('for /api/v1/echo/a');
  await opened(`/echo/a?ticket=${ticket}`, {});
  expect(await ending(open(`/echo/b?ticket=${ticket}`, {}))).toMatchObject({ status: 401 });
  for (const origin of ['https://app.example', 'https://api.miosa.localhost:8443']) await opened('/echo/a', { ...GOOD, origin });
  for (const origin of ['https://evil.example', 'null', 'http://api.miosa.localhost:8443'])
    expect(await ending(open('/echo/a', { ...GOOD, origin }))).toMatchObject({
      status: 403,
      body: expect.stringContaining('origin_not_allowed'),
    });
});

it('closes with the code of the contract: bad frame, failure without its text, credential ended', async () => {
  const large = await opened();
  large.send(Buffer.alloc(1024 * 1024 + 1));
  expect(await ending(large)).toEqual({ code: CLOSE.badFrame });
  const failing = await opened();
  failing.send('fail');
  expect(await ending(failing)).toEqual({ code: CLOSE.internal });
  const cut = await opened();
  const end = ending(cut);
  state.end();
  cut.send('too late');
  expect(await end).toEqual({ code: CLOSE.unauthorized });
  expect(state.seen).toBe(1);
  expect([new Fault('GONE', ''), new Fault('SANDBOX_NOT_RUNNING', ''), new Error('x')].map(closeCodeOf)).toEqual([4404, 4409, 1011]);
});

it('cuts who does not answer the end of its credential', async () => {
  const socket = connect(join(dir, 'a.sock'));
  const head = `GET /api/v1/echo/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`;
  socket.write(head);
  await once(socket, 'data');
  socket.resume();
  state.end();
  await once(socket, 'close');
});

it('reads no further while its handler waits', async () => {
  let release = (): void => {};
  state.hold = new Promise((resolve) => {
    release = resolve;
  });
  const socket = await opened('/held');
  for (let i = 0; i < 200; i++) socket.send(Buffer.alloc(64 * 1024));
  await sleep(100);
  expect(state.seen).toBeLessThan(20);
  release();
  await vi.waitFor(() => expect(state.seen).toBe(200));
  socket.terminate();
});

it('asks its handler to wait while the client takes nothing', async () => {
  const socket = await opened();
  socket.pause();
  let sent = 0;
  const sending = (async () => {
    for (; sent < 1000; sent++) await state.peer?.send(Buffer.alloc(64 * 1024));
  })();
  await sleep(150);
  expect(sent).toBeLessThan(100);
  socket.terminate();
  await sending;
});

it('pings, and cuts who missed two', async () => {
  await server.close();
  await start({ pingMs: 20 });
  const alive = await opened();
  await once(alive, 'ping');
  const dead = new WebSocket(`ws+unix://${join(dir, 'a.sock')}:/api/v1/echo/a`, { headers: GOOD, autoPong: false });
  expect(await ending(dead)).toEqual({ code: 1006 });
  expect(alive.readyState).toBe(WebSocket.OPEN);
  alive.terminate();
});

it('is told to come back when the server goes, and does not hold it up', async () => {
  const socket = await opened();
  const end = ending(socket);
  const startedMs = performance.now();
  await server.close();
  expect(await end).toEqual({ code: CLOSE.restarting });
  expect(performance.now() - startedMs).toBeLessThan(8000);
});

it('is declared in OpenAPI as a GET that switches protocols', () => {
  const { paths } = emitOpenApi(ROUTES, { version: '1' }) as { paths: Record<string, { get: Record<string, unknown> }> };
  expect(paths['/echo/{name}']?.get).toMatchObject({
    operationId: 'test.echo',
    'x-miosa-websocket': true,
    'x-miosa-access': access,
    responses: { 101: {} },
  });
});
