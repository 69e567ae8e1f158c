import { Readable } from 'node:stream';
import type { Sandbox } from '@miosa/sdk';
import { packed } from './npm-closure.ts';

/** An app that shows what reached it: method, URL, headers and body, as JSON. Bound to loopback, as development servers are. */
const ECHO = `
import { createServer } from 'node:http';
createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, bytes: Buffer.concat(chunks).length }));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Waits until something listens on the port inside; the platform's own view of ports decides, not time. */
export const listening = async (sandbox: Sandbox, port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    for await (const open of sandbox.ports.list()) if (open.port === port) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
};

export const startEcho = async (sandbox: Sandbox, port = 5173): Promise<void> => {
  await sandbox.files.write('echo.mjs', ECHO);
  await sandbox.processes.start(['node', 'echo.mjs', String(port)]);
  await listening(sandbox, port);
};

/**
 * An app for what flows: a WebSocket that first says what reached it and then echoes; `/events`, where each event is sent only when `/next` asks for it
 * (whoever buffers waits for ever); `/upload` counts; `/download?bytes=` sends, and `/sent` says how much of it the app got rid of.
 */
const STREAMS = `
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
const listeners = new Set();
let events = 0, sent = 0;
const CHUNK = Buffer.alloc(65536, 'x');
const send = (response, left) => {
  for (;;) {
    if (left <= 0 || response.destroyed) return void response.end();
    const bytes = Math.min(left, CHUNK.length);
    left -= bytes;
    if (!response.write(CHUNK.subarray(0, bytes), () => { sent += bytes; })) break;
  }
  response.once('drain', () => send(response, left));
};
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\\n\\n');
    return void listeners.add(response);
  }
  if (url.pathname === '/next') for (const listener of listeners) listener.write('data: ' + ++events + '\\n\\n');
  if (url.pathname === '/download') return sent = 0, send(response, Number(url.searchParams.get('bytes')));
  if (url.pathname === '/sent') return void response.end(String(sent));
  let bytes = 0;
  request.on('data', (chunk) => { bytes += chunk.length; });
  request.on('end', () => response.end(String(bytes)));
}).listen(Number(process.argv[2]), '127.0.0.1');
new WebSocketServer({ server, maxPayload: 2 ** 26 }).on('connection', (socket, request) => {
  socket.send(JSON.stringify({ url: request.url, headers: request.headers }));
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
`;

export const startStreams = async (sandbox: Sandbox, port = 5173): Promise<void> => {
  await sandbox.files.archive.set(Readable.toWeb(packed('ws')) as ReadableStream<Uint8Array>);
  await sandbox.files.write('streams.mjs', STREAMS);
  await sandbox.processes.start(['node', 'streams.mjs', String(port)]);
  await listening(sandbox, port);
};
