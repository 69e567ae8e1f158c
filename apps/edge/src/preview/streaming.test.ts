import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, open, raw } from '../testing/client.ts';
import type { FakeAgent } from '../testing/fake-agent.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let host: string;
let agent: FakeAgent;
let headers: Record<string, string>;
let handler: (req: IncomingMessage, res: ServerResponse) => void;

beforeAll(async () => {
  platform = await startPlatform();
  const made = await platform.sandbox();
  ({ agent } = made);
  host = made.host();
  headers = { 'x-miosa-preview-token': platform.mint(made.route, { scope: 'interact' }) };
  const server = await platform.app(agent, (req, res) => handler(req, res));
  server.keepAliveTimeout = 60_000;
});
afterAll(() => platform.close());
beforeEach(() => {
  handler = (_req, res) => res.end('ok');
});

const MIB = 1_048_576;
/** Several times what a process of client, edge, agent and app may take for garbage of its own (90 MiB seen). */
const UPLOAD_MIB = 600;

describe('bodies', () => {
  it('an upload arrives whole in memory far below its size', async () => {
    let received = 0;
    handler = (req, res) => {
      req.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      req.on('end', () => res.end(String(received)));
    };
    const before = process.memoryUsage.rss();
    let peak = 0;
    const chunk = Buffer.alloc(MIB, 7);
    const answer = await new Promise<string>((resolve, reject) => {
      const upload = request({ host: '127.0.0.1', port: platform.httpPort, method: 'POST', headers: { host, ...headers } }, (message) => {
        message.setEncoding('utf8').on('data', resolve);
      });
      upload.on('error', reject);
      void (async () => {
        for (let i = 0; i < UPLOAD_MIB; i++) {
          if (!upload.write(chunk)) await new Promise((done) => upload.once('drain', done));
          peak = Math.max(peak, process.memoryUsage.rss());
        }
        upload.end();
      })();
    });
    expect(answer).toBe(String(UPLOAD_MIB * MIB));
    expect(peak - before).toBeLessThan((UPLOAD_MIB / 2) * MIB);
  });

  it('a slow reader holds the app back instead of filling memory', async () => {
    let written = 0;
    handler = (_req, res) => {
      const chunk = Buffer.alloc(MIB);
      const more = (): void => {
        while (!res.destroyed && res.write(chunk)) written += MIB;
        written += MIB;
      };
      res.on('drain', more);
      more();
    };
    const message = await open({ port: platform.httpPort, host, headers });
    message.pause();
    await sleep(300);
    const stalled = written;
    await sleep(300);
    expect(written).toBe(stalled);
    expect(written).toBeLessThan(40 * MIB);
    message.destroy();
  });

  it('above 1 GiB are refused before a byte is read', async () => {
    const answer = await raw(
      platform.httpPort,
      `POST / HTTP/1.1\r\nHost: ${host}\r\nX-Miosa-Preview-Token: ${headers['x-miosa-preview-token']}\r\nContent-Length: 1073741825\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('PAYLOAD_TOO_LARGE');
  });

  it('of GET and of chunked requests reach the app', async () => {
    handler = (req, res) => void req.pipe(res);
    const chunked = await call({
      port: platform.httpPort,
      host,
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
      body: 'abc',
    });
    expect(chunked.body).toBe('abc');
    const get = await call({ port: platform.httpPort, host, headers: { ...headers, 'content-length': '3' }, body: 'xyz' });
    expect(get.body).toBe('xyz');
  });

  it('are left out of HEAD and 304, with their headers kept', async () => {
    handler = (req, res) => {
      if (req.url === '/304') return void res.writeHead(304, { etag: '"a"' }).end();
      res.writeHead(200, { 'content-length': '5' }).end(req.method === 'HEAD' ? undefined : 'hello');
    };
    const head = await call({ port: platform.httpPort, host, method: 'HEAD', headers });
    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '5', '']);
    expect((await call({ port: platform.httpPort, host, path: '/304', headers })).headers.etag).toBe('"a"');
  });
});

describe('event streams', () => {
  it('the head comes before any byte, and each event at once', async () => {
    let stream: ServerResponse | undefined;
    handler = (_req, res) => {
      stream = res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
    };
    const message = await open({ port: platform.httpPort, host, headers });
    expect(message.headers['content-type']).toBe('text/event-stream');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const arrived = new Promise<string>((resolve) => message.once('data', (chunk) => resolve(String(chunk))));
      stream?.write(event);
      expect(await arrived).toBe(event);
    }
    message.destroy();
  });
});

describe('hang-ups', () => {
  it('of the visitor end the request at the app', async () => {
    const ended = new Promise<void>((resolve) => {
      handler = (req, res) => {
        res.writeHead(200);
        res.write('x');
        req.on('close', () => resolve());
      };
    });
    (await open({ port: platform.httpPort, host, headers })).destroy();
    await ended;
  });

  it('of the visitor in the middle of an upload too', async () => {
    const started = Promise.withResolvers<IncomingMessage>();
    handler = (req) => {
      req.on('error', () => undefined).resume();
      started.resolve(req);
    };
    const token = headers['x-miosa-preview-token'];
    const socket = connect(platform.httpPort, '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nX-Miosa-Preview-Token: ${token}\r\nContent-Length: 1000\r\n\r\nabc`);
    const closed = new Promise((resolve) => void started.promise.then((req) => req.on('close', resolve)));
    await started.promise;
    socket.destroy();
    await closed;
  });

  it('of the app before it answered are a 502', async () => {
    handler = (req) => req.socket.destroy();
    const answer = await call({ port: platform.httpPort, host, method: 'POST', headers, body: 'x' });
    expect(answer.status).toBe(502);
  });

  it('of the app in the middle of an answer are not a complete answer', async () => {
    handler = (req, res) => {
      res.writeHead(200);
      res.write('half');
      setTimeout(() => req.socket.destroy(), 50);
    };
    await expect(call({ port: platform.httpPort, host, headers })).rejects.toThrow();
  });

  it('of the app on a kept connection cost the visitor nothing', async () => {
    expect((await call({ port: platform.httpPort, host, headers })).status).toBe(200);
    let drops = 1;
    handler = (req, res) => {
      if (drops-- > 0) req.socket.destroy();
      else res.end('again');
    };
    expect((await call({ port: platform.httpPort, host, headers })).body).toBe('again');
  });
});

describe('connections', () => {
  it('go on after an upload that was answered before it was read', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (method: string, body?: Buffer) =>
      new Promise<{ status: number | undefined; port: number | undefined }>((resolve, reject) => {
        const call = request(
          { ...{ host: '127.0.0.1', port: platform.httpPort, method, agent: kept }, headers: { host, ...headers } },
          (message) => {
            const { localPort: port } = message.socket;
            message.resume().on('end', () => resolve({ status: message.statusCode, port }));
          },
        );
        call.on('error', reject);
        call.end(body);
      });
    handler = (req, res) => {
      if (req.method === 'GET') return void res.end('ok');
      res.writeHead(507).end();
    };
    const refused = await send('POST', Buffer.alloc(8 * MIB));
    const next = await send('GET');
    expect([refused.status, next.status, next.port]).toEqual([507, 200, refused.port]);
    kept.destroy();
  });

  it('are kept for reads of one port and never shared with another sandbox or port', async () => {
    await call({ port: platform.httpPort, host, headers });
    const before = agent.tunnels;
    for (let i = 0; i < 5; i++) await call({ port: platform.httpPort, host, headers });
    expect(agent.tunnels).toBe(before);
    const second = await platform.sandbox();
    await platform.app(second.agent, (_req, res) => res.end('second'));
    const answer = await call({
      port: platform.httpPort,
      host: second.host(),
      headers: { 'x-miosa-preview-token': platform.mint(second.route) },
    });
    expect([answer.body, agent.tunnels, second.agent.tunnels]).toEqual(['second', before, 1]);
  });

  it('a broken answer of an app is a 502, not a crash', async () => {
    for (const text of [
      'garbage\r\n\r\n',
      'HTTP/1.1 099 Low\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ]) {
      handler = (req) => req.socket.end(text);
      expect((await call({ port: platform.httpPort, host, headers })).status).toBe(502);
    }
  });
});
