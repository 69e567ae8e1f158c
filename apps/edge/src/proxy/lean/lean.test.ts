import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, instanceOn } from '../../testing/deployments.ts';
import { type Platform, startPlatform } from '../../testing/platform.ts';
import { bodyReader } from './body.ts';
import { readHead } from './head.ts';

describe('heads', () => {
  const read = (text: string, method = 'GET') => readHead(text, method, 15_000);

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5', 5, 15_000],
    ['HTTP/1.1 200\r\ncontent-length:  5 \r\nContent-Length: 5', 5, 15_000],
    ['HTTP/1.1 200 \r\nTransfer-Encoding: Chunked', 'chunked', 15_000],
    ['HTTP/1.1 200 OK', 'close', 0],
    ['HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive', 5, 0],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, Close', 5, 0],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 5', 0, 15_000],
    ['HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked', 0, 15_000],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=5, max=100', 5, 4_000],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=1', 5, 0],
  ] as const)('of %j', (text, framing, keepMs) => expect(read(text)).toMatchObject({ framing, keepMs }));

  it('of an answer to HEAD announce what does not come', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 5', 'HEAD')).toMatchObject({ framing: 0, rawHeaders: ['Content-Length', '5'] });
  });

  it.each([
    '',
    'HTTP/2 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 200OK',
    'http/1.1 200 OK',
    'HTTP/1.1 200 OK\nX: 1',
    'HTTP/1.1 200 OK\r\nX: 1\nContent-Length: 5',
    'HTTP/1.1 200 OK\r\nX: a\rb',
    'HTTP/1.1 200 OK\r\nX: a\0b',
    'HTTP/1.1 200 OK\r\nX : 1',
    'HTTP/1.1 200 OK\r\n X: 1',
    'HTTP/1.1 200 OK\r\nX: 1\r\n folded',
    'HTTP/1.1 200 OK\r\n: 1',
    'HTTP/1.1 200 OK\r\nX',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 5',
    'HTTP/1.1 200 OK\r\nContent-Length: +5',
    'HTTP/1.1 200 OK\r\nContent-Length: -5',
    'HTTP/1.1 200 OK\r\nContent-Length: 0x5',
    'HTTP/1.1 200 OK\r\nContent-Length:',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked',
  ])('refused: %j', (text) => expect(read(text)).toBeNull());
});

describe('chunks', () => {
  const readAll = (text: string, cuts: readonly number[] = []): { content: string; end: number } => {
    const reader = bodyReader('chunked');
    const whole = Buffer.from(text, 'latin1');
    const at = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort((a, b) => a - b);
    let content = '';
    for (let i = 0; i + 1 < at.length; i++) {
      const taken = reader.push(whole.subarray(at[i], at[i + 1]), (part) => {
        content += part.toString('latin1');
      });
      if (taken !== -1) return { content, end: taken < 0 ? taken : (at[i] ?? 0) + taken };
    }
    return { content, end: -1 };
  };

  it('are read however they are cut, and nothing behind them is', () => {
    const parts = fc.array(
      fc.string({ minLength: 1, maxLength: 40 }).map((text) => Buffer.from(text).toString('latin1')),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(parts, fc.array(fc.nat(400), { maxLength: 8 }), fc.constantFrom('', 'X: 1\r\n'), (made, cuts, trailer) => {
        const text = `${made.map((part) => `${part.length.toString(16)};a=b\r\n${part}\r\n`).join('')}0\r\n${trailer}\r\n`;
        expect(readAll(text, cuts)).toEqual({ content: made.join(''), end: text.length });
        expect(readAll(`${text}HTTP/1.1 200 OK`).end).toBe(text.length);
        expect(readAll(text.slice(0, -1), cuts).end).toBe(-1);
      }),
    );
  });

  it('have no endless lines', () => expect(readAll('0'.repeat(20_000)).end).toBe(-2));

  it.each(['\r\n', 'g\r\n', '5\nhello', '-1\r\n', '0x5\r\n', '5\r\nhelloX\r\n', '5\r\nhello\n', '1234567890123\r\n', '0\r\nX\n\r\n'])(
    'malformed: %j',
    (text) => expect(readAll(text).end).toBe(-2),
  );
});

describe('answers of an app', () => {
  let platform: Platform;
  let host: string;
  let app: Server;
  let answer: (socket: Socket, head: string) => void;
  let connections = 0;
  beforeAll(async () => {
    platform = await startPlatform();
    const { agent } = await platform.sandbox();
    app = createTcp((socket) => {
      connections++;
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => answer(socket, bytes.toString('latin1')));
    });
    await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
    agent.ports.set(3000, (app.address() as AddressInfo).port);
    ({ host } = deploy(platform, { kind: 'dynamic', instances: [instanceOn(agent)] }));
  });
  afterAll(async () => {
    await platform.close();
    await new Promise((done) => app.close(done));
  });
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const says = (text: string) => (socket: Socket) => void socket.write(text, 'latin1');
  const get = (path = '/', more = {}) => platform.get(host, path, more);

  it('come over one connection, as long as nothing is wrong', async () => {
    answer = says(ok);
    const before = connections;
    for (let i = 0; i < 5; i++) expect((await get()).body).toBe('ok');
    expect(connections - before).toBe(1);
  });

  it('with bytes behind them end the connection: the next visitor does not get them', async () => {
    answer = says(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    expect((await get()).body).toBe('ok');
    answer = says(ok);
    for (let i = 0; i < 3; i++) expect((await get()).body).toBe('ok');
    answer = (socket) => {
      socket.write(ok);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 30);
    };
    expect((await get()).body).toBe('ok');
    await new Promise((done) => setTimeout(done, 80));
    answer = says(ok);
    for (let i = 0; i < 3; i++) expect((await get()).body).toBe('ok');
  });

  it('that are none are 502', async () => {
    for (const text of [
      'SSH-2.0-x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'HTTP/1.1 101 X\r\n\r\n',
    ]) {
      answer = says(text);
      expect((await get()).status).toBe(502);
    }
  });

  it('cut short do not look complete', async () => {
    for (const text of [
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n',
    ]) {
      answer = (socket) => void socket.end(text);
      await expect(get()).rejects.toThrow();
    }
    answer = (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end');
    expect((await get()).body).toBe('to the end');
  });

  it('may be preceded by interim ones, and come byte by byte', async () => {
    answer = (socket) => {
      const text = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
      socket.setNoDelay(true);
      let at = 0;
      const next = (): void => {
        if (at < text.length) socket.write(text.slice(at, ++at), () => setImmediate(next));
      };
      next();
    };
    expect((await get()).body).toBe('ok');
  });

  it('that never come from a kept connection are asked for on another one', async () => {
    answer = says(ok);
    await get();
    let first = true;
    answer = (socket) => {
      if (!first) return void socket.write(ok);
      first = false;
      socket.destroy();
    };
    expect((await get()).body).toBe('ok');
  });

  it('to HEAD have no content, whatever is said of it', async () => {
    answer = says('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    for (let i = 0; i < 3; i++) {
      const { status, headers, body } = await get('/', { method: 'HEAD' });
      expect([status, headers['content-length'], body]).toEqual([200, '5', '']);
    }
  });

  it('are held back by a visitor who reads slowly', async () => {
    const total = 64 * 1_048_576;
    let sent = 0;
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!socket.write(chunk)) return void socket.once('drain', more);
        }
      };
      more();
    };
    const message = await new Promise<IncomingMessage>((resolve) =>
      request({ host: '127.0.0.1', port: platform.httpPort, headers: { host }, agent: false }, resolve).end(),
    );
    message.pause();
    await new Promise((done) => setTimeout(done, 500));
    expect(sent).toBeLessThan(total / 2);
    let read = 0;
    message.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    message.resume();
    await new Promise((done) => message.once('end', done));
    expect(read).toBe(total);
  });

  it('end with the visitor', async () => {
    const ended = new Promise<void>((resolve) => {
      answer = (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n');
        socket.once('close', () => resolve());
      };
    });
    const call = request({ host: '127.0.0.1', port: platform.httpPort, headers: { host }, agent: false }, (message) => {
      message.once('data', () => call.destroy());
    });
    call.on('error', () => undefined).end();
    await ended;
  });
});

describe('the same bytes', () => {
  it('mean the same to Node’s client', async () => {
    const made: { head: string; body: string }[] = [];
    const server = createServer((_req, res) => {
      const next = made.shift();
      res.socket?.write(`${next?.head}\r\n\r\n${next?.body}`, 'latin1');
      res.socket?.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const name = fc
      .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/)
      .filter((text) => !/^(content-length|transfer-encoding|connection|trailer|upgrade)$/i.test(text));
    const value = fc.stringMatching(/^[!-~\u00a1-\u00ff]([ -~\u00a1-\u00ff]{0,20}[!-~\u00a1-\u00ff])?$/);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.integer({ min: 200, max: 599 }), async (fields, status) => {
        const lines = [...fields.map(([field, text]) => `${field}: ${text}`), 'Content-Length: 0'];
        const head = [`HTTP/1.1 ${status} X`, ...lines].join('\r\n');
        made.push({ head, body: '' });
        const node = await new Promise<IncomingMessage>((resolve, reject) => {
          request({ host: '127.0.0.1', port, agent: false }, (message) => resolve(message.resume()))
            .on('error', reject)
            .end();
        });
        const ours = readHead(head, 'GET', 1);
        expect([ours?.status, ours?.rawHeaders]).toEqual([node.statusCode, node.rawHeaders]);
      }),
      { numRuns: 100 },
    );
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
