import { chmodSync, chownSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type ErrorCode, Fault, type Log } from '@miosa/kernel';
import type { Answer } from './routes.ts';

/** A specification with a large environment; nothing else comes close. */
const BODY_MAX_BYTES = 4 * 2 ** 20;

const STATUS: Partial<Record<ErrorCode, number>> = {
  VALIDATION_ERROR: 422,
  NOT_FOUND: 404,
  CONFLICT: 409,
  UNAVAILABLE: 503,
  PAYLOAD_TOO_LARGE: 413,
  BAD_REQUEST: 400,
  STORAGE_FULL: 507,
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new Fault('PAYLOAD_TOO_LARGE', `The body is larger than ${BODY_MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Fault('BAD_REQUEST', 'The body is not JSON.');
  }
};

const send = (response: ServerResponse, { status, body }: Answer): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
};

const failure = (error: unknown, log: Log): Answer => {
  const fault = error instanceof Fault ? error : new Fault('INTERNAL', 'The runner failed; its log says why.', { cause: error });
  const status = STATUS[fault.code] ?? 500;
  if (status === 500) log.error({ err: error, internal: fault.internal }, fault.message);
  return { status, body: { code: fault.code, message: fault.message, details: fault.details } };
};

const isAnswering = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** `target`: path and query. */
export type Handler = (method: string, target: string, body: unknown) => Promise<Answer>;

/** Throws when another runner serves this data folder. Call before anything is touched. */
export const assertAlone = async (path: string): Promise<void> => {
  if (await isAnswering(path)) throw new Error(`Another runner answers on ${path}; stop it first.`);
};

/** HTTP/JSON on a unix socket (0660 root:<gid>). `close` stops accepting and waits for requests under way. */
export const serve = async (options: { path: string; gid: number; handle: Handler; log: Log }): Promise<{ close(): Promise<void> }> => {
  const { path, gid, handle, log } = options;
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => handle(request.method ?? 'GET', request.url ?? '/', body))
      .catch((error: unknown) => failure(error, log))
      .then((answer) => send(response, answer));
  });
  rmSync(path, { force: true });
  const umask = process.umask(0o177); // nobody connects between bind and chown
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  }).finally(() => process.umask(umask));
  chownSync(path, 0, gid);
  chmodSync(path, 0o660);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
};
