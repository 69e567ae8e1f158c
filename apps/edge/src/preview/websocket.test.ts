import { setTimeout as sleep } from 'node:timers/promises';
import { tokenHash } from '@miosa/hostnames';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { SandboxRoute } from '../routes/types.ts';
import { open } from '../testing/client.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let route: SandboxRoute;
let host: string;
let seen: NodeJS.Dict<string | string[]> = {};
let url: string | undefined;

/** An app with an echo socket and an endless event stream. */
const echoApp = async (made: Awaited<ReturnType<Platform['sandbox']>>): Promise<void> => {
  const server = await platform.app(made.agent, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: 0\n\n');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, req) => {
    seen = req.headers;
    url = req.url;
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
};

beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox();
  ({ route } = made);
  host = made.host();
  await echoApp(made);
});
afterAll(() => platform.close());

const dial = (at: string, path: string, headers: Record<string, string> = {}): WebSocket =>
  new WebSocket(`ws://127.0.0.1:${platform.httpPort}${path}`, { headers: { host: at, ...headers } });

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve).once('error', reject);
    socket.once('unexpected-response', (_req, message) => reject(new Error(String(message.statusCode))));
  });
const closed = (socket: WebSocket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));
const echo = async (socket: WebSocket, text: string): Promise<string> => {
  const answer = new Promise<string>((resolve) => void socket.once('message', (data) => resolve(String(data))));
  socket.send(text);
  return answer;
};
/** Closed within the contract's second, which the sweep and the notifications must keep. */
const cutInTime = (done: Promise<unknown>): Promise<string> =>
  Promise.race([done.then(() => 'cut'), sleep(1000, 'still open', { ref: false })]);

describe('WebSockets', () => {
  it('pass with a read token, hidden from the app, with localhost as Host and Origin', async () => {
    const socket = dial(host, `/hmr?mt=${platform.mint(route)}&v=1`, { origin: `http://${host}` });
    await opened(socket);
    expect(await echo(socket, 'hello')).toBe('hello');
    expect(await echo(socket, 'x'.repeat(200_000))).toHaveLength(200_000);
    expect([seen.host, seen.origin, url]).toEqual(['localhost:5173', 'http://localhost:5173', '/hmr?v=1']);
    socket.close();
    await closed(socket);
  });

  it('pass with the session cookie of a page', async () => {
    const { headers } = await platform.get(host, `/?mt=${platform.mint(route)}`);
    const socket = dial(host, '/', { cookie: String(headers['set-cookie']?.[0]).split(';')[0] ?? '', origin: `http://${host}` });
    await opened(socket);
    expect(await echo(socket, 'hi')).toBe('hi');
    expect(seen.cookie).toBeUndefined();
    socket.terminate();
  });

  it.each([
    ['nothing', '', {}, '401'],
    ['a wrong token', '?mt=mp_wrong', {}, '403'],
  ])('with %s are refused', async (_name, query, headers, status) => {
    await expect(opened(dial(host, `/${query}`, headers))).rejects.toThrow(status);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:5173'])('of a page at %s are refused', async (origin) => {
    await expect(opened(dial(host, `/?mt=${platform.mint(route)}`, { origin }))).rejects.toThrow('403');
  });

  it('that the app declines get its own answer', async () => {
    const made = await platform.sandbox();
    const server = await platform.app(made.agent, (_req, res) => res.end());
    server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\nServer: x\r\n\r\nno'));
    await expect(opened(dial(made.host(), `/?mt=${platform.mint(made.route)}`))).rejects.toThrow('418');
  });

  it('to a port on which nothing listens get 502', async () => {
    const token = platform.mint(route, { port: 4000 });
    await expect(opened(dial(host.replace('5173-', '4000-'), `/?mt=${token}`))).rejects.toThrow('502');
  });

  it('report activity', async () => {
    const socket = dial(host, `/?mt=${platform.mint(route)}`);
    await opened(socket);
    await sleep(1100);
    const before = Date.now();
    await echo(socket, 'x');
    await sleep(1200);
    expect(platform.control.activity[route.id]).toBeGreaterThanOrEqual(before);
    socket.terminate();
  });
});

describe('open sockets and streams are cut', () => {
  const scene = async () => {
    const made = await platform.sandbox();
    await echoApp(made);
    return made;
  };

  it('when the sandbox is destroyed', async () => {
    const made = await scene();
    const token = platform.mint(made.route);
    const socket = dial(made.host(), `/?mt=${token}`);
    await opened(socket);
    const stream = await open({ port: platform.httpPort, host: made.host(), headers: { 'x-miosa-preview-token': token } });
    const ended = new Promise((resolve) =>
      stream
        .on('error', () => undefined)
        .on('close', resolve)
        .resume(),
    );
    platform.change(made.route.id, { transition: 'destroying' });
    expect(await cutInTime(Promise.all([closed(socket), ended]))).toBe('cut');
  });

  it('when the share is revoked', async () => {
    const made = await scene();
    const token = platform.mint(made.route, { exp: null }, 'share');
    const socket = dial(made.host(), `/?ms=${token}`);
    await opened(socket);
    platform.store.shares.set(tokenHash(token).toString('base64url'), { sandboxId: made.route.id, expiresAt: null, revokedAt: new Date() });
    platform.sandboxChanged(made.route.id);
    expect(await cutInTime(closed(socket))).toBe('cut');
  });

  it('when the key is revoked, and only those of that key', async () => {
    const made = await scene();
    const [mine, others] = ['key_1', 'key_2'].map((keyId) => dial(made.host(), `/?mt=${platform.mint(made.route, { keyId })}`));
    if (!mine || !others) throw new Error('two sockets');
    await Promise.all([opened(mine), opened(others)]);
    platform.store.keys.set('key_1', { id: 'key_1', revokedAt: new Date(), expiresAt: null });
    platform.keyChanged('key_1');
    expect(await cutInTime(closed(mine))).toBe('cut');
    expect(await echo(others, 'alive')).toBe('alive');
    others.terminate();
  });

  it('when the token expires', async () => {
    const made = await scene();
    const exp = Math.floor(Date.now() / 1000) + 2;
    const socket = dial(made.host(), `/?mt=${platform.mint(made.route, { exp })}`);
    await opened(socket);
    await sleep(exp * 1000 - Date.now());
    expect(await cutInTime(closed(socket))).toBe('cut');
  });

  it('when a public port becomes private', async () => {
    const made = await platform.sandbox({ previews: [{ port: 5173, visibility: 'public', hostHeader: 'localhost' }] });
    await echoApp(made);
    const socket = dial(made.host(), '/');
    await opened(socket);
    platform.change(made.route.id, { previews: [{ port: 5173, visibility: 'private', hostHeader: 'localhost' }] });
    expect(await cutInTime(closed(socket))).toBe('cut');
  });

  it('when the change was missed and the gap is noticed', async () => {
    const made = await scene();
    const socket = dial(made.host(), `/?mt=${platform.mint(made.route)}`);
    await opened(socket);
    platform.store.sandboxes.set(made.route.id, { ...made.route, state: 'destroyed' });
    platform.gap();
    expect(await cutInTime(closed(socket))).toBe('cut');
  });
});
