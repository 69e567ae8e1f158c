import { createHash } from 'node:crypto';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';

/** Run inside the namespace of `outside.ts`: web servers that say what they were asked, over TLS (443) and without (80). */
const { key, cert } = JSON.parse(process.argv[2] ?? '{}') as { key: string; cert: string };

const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
  const { method, url = '/', headers } = request;
  const about = JSON.stringify({ method, url, headers });
  process.stdout.write(`${about}\n`);
  if (url === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${headers.authorization}\n\n`);
    setTimeout(() => response.end('data: end\n\n'), 300);
    return;
  }
  const odd: Record<string, string> = {
    '/odd-status': 'HTTP/1.1 042 Odd\r\nContent-Length: 0\r\n\r\n',
    '/odd-header': 'HTTP/1.1 200 OK\r\nX-\u0001: \u0002\r\n\r\n',
    '/cut': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
  };
  if (odd[url] !== undefined) return void request.socket.end(odd[url]);
  if (url === '/bytes') {
    response.writeHead(200, { 'content-length': 8 * 2 ** 20 });
    response.end(Buffer.alloc(8 * 2 ** 20, 'b'));
    return;
  }
  if (url === '/zipped') {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(about));
    return;
  }
  if (url === '/away') {
    response.writeHead(302, { location: 'https://other.example.com/arrived' });
    response.end();
    return;
  }
  const hash = createHash('sha256');
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    hash.update(chunk);
  });
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-echo': headers.authorization ?? 'none' });
    response.end(JSON.stringify({ method, url, headers, size, hash: hash.digest('hex') }));
  });
};
const onUpgrade = (request: IncomingMessage, socket: Duplex): void => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.write(`hello ${request.headers.authorization} ${request.headers['sec-websocket-extensions'] ?? 'plain'}\n`);
  socket.on('data', (chunk: Buffer) => socket.write(chunk));
};
createServer({ key, cert }, onRequest)
  .on('upgrade', onUpgrade)
  .listen(443, '0.0.0.0', () => {
    createPlain(onRequest).listen(80, '0.0.0.0', () => process.stdout.write('ready\n'));
  });
