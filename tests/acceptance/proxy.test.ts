import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startStreams } from '../harness/apps.ts';
import { client, platform } from '../harness/context.ts';
import { request, visit } from '../harness/request.ts';

const MIB = 1_048_576;
const BIG = 300 * MIB;
const miosa = client();
let sandbox: Sandbox;
let token: string;
let page: string;

beforeAll(async () => {
  sandbox = await miosa.sandboxes.create();
  await startStreams(sandbox);
  ({ token } = await sandbox.previewToken({ scope: 'interact' }));
  page = String(sandbox.previewUrl);
});
afterAll(async () => {
  await sandbox?.destroy();
});

const toLoopback: LookupFunction = (_host, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

/** The socket once it is open, or the status with which it was refused; `seen` is what the app saw of the handshake. */
const open = (headers: Record<string, string>, path = '/', protocols: string[] = []) =>
  new Promise<{ socket: WebSocket; seen: { url: string; headers: Record<string, string> } } | number>((resolve, reject) => {
    const socket = new WebSocket(page.replace(/^http/, 'ws') + path, protocols, {
      headers,
      ca: readFileSync(platform().ca),
      lookup: toLoopback,
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once('message', (data) => resolve({ socket, seen: JSON.parse(String(data)) }));
  });
const opened = async (...how: Parameters<typeof open>) => {
  const result = await open(...how);
  if (typeof result === 'number') throw new Error(`refused with ${result}`);
  return result;
};
const next = (socket: WebSocket): Promise<Buffer> => new Promise((resolve) => socket.once('message', (data) => resolve(data as Buffer)));

/** A request whose body, and whose answer, are streams. */
const streamed = (path: string, body?: Readable): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { hostname, host, port } = new URL(page);
    const headers = { host, 'x-miosa-preview-token': token };
    const options = { host: '127.0.0.1', port, servername: hostname, path, headers, agent: false, ca: readFileSync(platform().ca) };
    const sent = tlsRequest({ ...options, method: body === undefined ? 'GET' : 'POST' }, resolve);
    sent.once('error', reject);
    if (body === undefined) sent.end();
    else pipeline(body, sent).catch(reject);
  });
const textOf = async (answer: Readable): Promise<string> => {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
};
const ask = async (path: string): Promise<string> => textOf(await streamed(path));

describe('WebSocket', () => {
  it('passes text and binary both ways with a token in a header, which the app does not see', async () => {
    const { socket, seen } = await opened({ 'x-miosa-preview-token': token }, '/hmr?a=1', ['vite-hmr']);
    expect(socket.protocol).toBe('vite-hmr');
    expect(seen.url).toBe('/hmr?a=1');
    expect(seen.headers.host).toBe('localhost:5173');
    expect(JSON.stringify(seen)).not.toContain(token);
    socket.send('hello');
    expect(String(await next(socket))).toBe('hello');
    const large = Buffer.alloc(8 * MIB, 7);
    socket.send(large);
    expect(large.equals(await next(socket))).toBe(true);
    socket.close(4001, 'done');
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('takes the cookie of a visit and a token in the address, and keeps both from the app', async () => {
    const { cookie } = await visit(`${page}/?mt=${token}`);
    const origin = new URL(page).origin;
    const byCookie = await opened({ cookie: `${cookie}; own=1`, origin });
    expect(byCookie.seen.headers).toMatchObject({ cookie: 'own=1', origin: 'http://localhost:5173' });
    const byAddress = await opened({ origin }, `/?mt=${token}&b=2`);
    expect(byAddress.seen.url).toBe('/?b=2');
    byCookie.socket.terminate();
    byAddress.socket.terminate();
  });

  it('refuses pages of other origins, whatever credential the browser adds, and callers without one', async () => {
    const { cookie } = await visit(`${page}/?mt=${token}`);
    for (const origin of ['https://evil.example', page.replace('//5173-', '//3000-'), page.replace('https', 'http'), 'null']) {
      expect(await open({ cookie, origin })).toBe(403);
      expect(await open({ 'x-miosa-preview-token': token, origin })).toBe(403);
    }
    expect(await open({})).toBe(401);
    expect(await open({ cookie: cookie.replace('=', '=x') })).toBe(401);
    expect(await open({ 'x-miosa-preview-token': 'mp_wrong', cookie })).toBe(403);
  });

  it('takes pages of other origins when the preview is public', async () => {
    const preview = await sandbox.expose(5173);
    const { socket, seen } = await opened({ origin: 'https://elsewhere.example' });
    expect(seen.headers.origin).toBe('https://elsewhere.example');
    socket.terminate();
    await sandbox.previews.delete(preview.id);
    await expect.poll(async () => (await request(page)).status, { timeout: 1000, interval: 20 }).toBe(401);
  });

  it('is closed when the share that opened it is revoked', async () => {
    const share = await sandbox.shares.create({ expiresIn: 3600 });
    const { socket } = await opened({ 'x-miosa-preview-token': share.token });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await sandbox.shares.revoke(share.token);
    await closed;
  });
});

it('passes each server-sent event on before the next one exists', async () => {
  const answer = await streamed('/events');
  expect(answer.headers['content-type']).toBe('text/event-stream');
  const chunks = answer[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe(': open\n\n');
  for (let event = 1; event <= 5; event++) {
    await ask('/next');
    expect(String((await chunks.next()).value)).toBe(`data: ${event}\n\n`);
  }
  answer.destroy();
});

describe('large bodies', () => {
  const status = (pid: number, field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

  /** By how much the peak memory of the edge passed its memory at the start. */
  const growthDuring = async (work: () => Promise<void>): Promise<number> => {
    const pid = JSON.parse(readFileSync(join(platform().dataDir, 'run', 'pids.json'), 'utf8')).edge;
    writeFileSync(`/proc/${pid}/clear_refs`, '5'); // the peak starts anew
    const before = status(pid, 'VmRSS');
    await work();
    return status(pid, 'VmHWM') - before;
  };
  const LIMIT = 96 * MIB;

  it('streams 300 MiB up and down in bounded memory of the edge', async () => {
    const chunk = Buffer.alloc(256 * 1024, 1);
    const body = Readable.from(
      (function* () {
        for (let left = BIG; left > 0; left -= chunk.length) yield chunk;
      })(),
    );
    const up = await growthDuring(async () => expect(await textOf(await streamed('/upload', body))).toBe(String(BIG)));
    let received = 0;
    const down = await growthDuring(async () => {
      for await (const part of await streamed(`/download?bytes=${BIG}`)) received += (part as Buffer).length;
    });
    expect(received).toBe(BIG);
    console.log(`peak growth of the edge: ${(up / MIB).toFixed(1)} MiB up, ${(down / MIB).toFixed(1)} MiB down`);
    expect(up).toBeLessThan(LIMIT);
    expect(down).toBeLessThan(LIMIT);
  });

  it('makes the app wait for a visitor who does not read', async () => {
    let answer: IncomingMessage | undefined;
    const growth = await growthDuring(async () => {
      answer = await streamed(`/download?bytes=${BIG}`);
      for (let last = '', sent = await ask('/sent'); sent !== last || sent === '0'; ) {
        await sleep(300);
        [last, sent] = [sent, await ask('/sent')];
      }
    });
    expect(Number(await ask('/sent'))).toBeLessThan(BIG / 4);
    expect(growth).toBeLessThan(LIMIT);
    answer?.destroy();
  });
});
