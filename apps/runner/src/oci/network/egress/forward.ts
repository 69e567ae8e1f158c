import { type Agent, request as askPlain, type ClientRequest, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { request as askSecure } from 'node:https';
import { type Duplex, PassThrough, pipeline, type Transform } from 'node:stream';
import type { Secret } from './protocol.ts';
import { redactor, redactText } from './redact.ts';
import { passedOn, withSecrets } from './replace.ts';

export const HEADERS_MAX_BYTES = 64 * 1024;
/** Until a server has answered the handshake; from then on both ends may take their time. */
const CONNECT_MS = 15_000;

export interface Target {
  readonly host: string;
  readonly port: 80 | 443;
  readonly secrets: readonly Secret[];
  readonly agent: Agent;
}

export const refuse = (response: ServerResponse, status: number, message: string): void => {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', 'x-miosa-egress': 'refused' });
  response.end(`${message}\n`);
};

const start = (request: IncomingMessage, { host, port, secrets, agent }: Target, more: Record<string, string[]>): ClientRequest => {
  const passed = passedOn(request.headersDistinct, request.headers.connection);
  const { headers, target, hasSecret } = withSecrets({ headers: passed, target: request.url ?? '/' }, secrets);
  // What is not compressed can be searched for values that come back.
  if (hasSecret) headers['accept-encoding'] = ['identity'];
  const ask = port === 443 ? askSecure : askPlain;
  const upstream = ask({
    agent,
    host,
    port,
    method: request.method ?? 'GET',
    path: target,
    headers: { ...headers, host: headers.host?.[0] ?? host, ...more },
    setHost: false,
    maxHeaderSize: HEADERS_MAX_BYTES,
    insecureHTTPParser: false,
  });
  const timer = setTimeout(() => upstream.destroy(new Error('the host does not answer')), CONNECT_MS);
  upstream.once('socket', (socket) => {
    if (!socket.connecting) clearTimeout(timer);
    else socket.once(port === 443 ? 'secureConnect' : 'connect', () => clearTimeout(timer));
  });
  upstream.once('close', () => clearTimeout(timer));
  return upstream;
};

const values = (secrets: readonly Secret[]): string[] => secrets.map(({ value }) => value);

const responseHeaders = (answer: IncomingMessage, secrets: readonly Secret[]): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(passedOn(answer.headersDistinct, answer.headers.connection)).map(([name, list]) => [
      name,
      list.map((text) => redactText(text, values(secrets))),
    ]),
  );

const isPlain = (answer: IncomingMessage): boolean => /^(identity)?$/i.test(answer.headers['content-encoding'] ?? '');

const filter = (secrets: readonly Secret[], isReadable: boolean): Transform =>
  secrets.length > 0 && isReadable ? redactor(values(secrets)) : new PassThrough();

/** One request and its answer, both streamed. Throws what Node refuses to send; nothing is sent then. */
export const forward = (request: IncomingMessage, response: ServerResponse, target: Target): void => {
  const upstream = start(request, target, {});
  upstream.on('response', (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, responseHeaders(answer, target.secrets));
      response.flushHeaders();
    } catch {
      // A status or header that cannot be passed on.
      upstream.destroy();
      return refuse(response, 502, `${target.host} gave an answer that is not HTTP.`);
    }
    pipeline(answer, filter(target.secrets, isPlain(answer)), response, () => {});
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (response.headersSent) return void response.destroy();
    if (error.code === 'ENOTFOUND') refuse(response, 502, `${target.host} has no address that may be reached from here.`);
    else refuse(response, 502, `${target.host} could not be reached, or its certificate is not good (${error.code ?? error.message}).`);
  });
  response.on('close', () => upstream.destroy());
  request.on('error', () => upstream.destroy());
  request.pipe(upstream);
};

const head = (answer: IncomingMessage, secrets: readonly Secret[], more: readonly string[]): string => {
  const lines = Object.entries(responseHeaders(answer, secrets)).flatMap(([name, list]) => list.map((text) => `${name}: ${text}`));
  const status = answer.statusCode ?? 502;
  return `${[`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Answer'}`, ...lines, ...more].join('\r\n')}\r\n\r\n`;
};

/** A WebSocket (RFC 6455): without extensions, since compressed frames cannot be searched. */
export const forwardUpgrade = (request: IncomingMessage, socket: Duplex, early: Buffer, target: Target): void => {
  delete request.headersDistinct['sec-websocket-extensions'];
  const upstream = start(request, target, { connection: ['Upgrade'], upgrade: ['websocket'] });
  upstream.on('upgrade', (answer, server, first) => {
    socket.write(head(answer, target.secrets, ['Connection: Upgrade', 'Upgrade: websocket']), 'latin1');
    const back = filter(target.secrets, true);
    if (first.length > 0) back.write(first);
    if (early.length > 0) server.write(early);
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    server.on('error', () => socket.destroy());
    server.pipe(back).pipe(socket);
    socket.pipe(server);
  });
  upstream.on('response', (answer) => {
    socket.write(head(answer, target.secrets, ['Connection: close']), 'latin1');
    pipeline(answer, filter(target.secrets, isPlain(answer)), socket, () => {});
  });
  upstream.on('error', () => socket.destroy());
  socket.on('error', () => upstream.destroy());
  socket.on('close', () => upstream.destroy());
  upstream.end();
};
