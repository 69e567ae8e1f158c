import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Fault } from '@miosa/kernel';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConnectionsClosed, faultOfAnswer, nonsense, unreachable } from './faults.ts';
import type { Pool } from './pool.ts';

/** Two streams of 4 MiB, each byte up to six characters in JSON. A hostile agent must not fill our memory. */
const ANSWER_MAX_BYTES = 56 * 1024 * 1024;
const ERROR_MAX_BYTES = 64 * 1024;

export interface AgentRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** A constant path or one built by `agentPath`; never a caller's string. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: Readable;
  /** Until the answer's head; for JSON answers until its end. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const targetOf = (pool: Pool): Record<string, unknown> =>
  'socketPath' in pool.endpoint ? { socketPath: pool.endpoint.socketPath } : { host: pool.endpoint.host, port: pool.endpoint.port };

const pathOf = (request: AgentRequest): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? request.path : `${request.path}?${query}`;
};

const start = (pool: Pool, request: AgentRequest, payload: Buffer | undefined): ClientRequest => {
  const headers: Record<string, string> = { ...request.headers, host: 'agent' };
  if (payload !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(payload.length);
  }
  if ('secret' in pool.endpoint) headers.authorization = `Bearer ${pool.endpoint.secret}`;
  const outgoing = httpRequest({ ...targetOf(pool), agent: pool.agent, method: request.method, path: pathOf(request), headers });
  pool.track(outgoing);
  return outgoing;
};

const readAll = async (response: IncomingMessage, maxBytes: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      throw nonsense(`answer larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
};

/** Sends the request; resolves with the answer's head, whatever its status. `onStart` gets the request before anything is sent. */
const exchange = (pool: Pool, request: AgentRequest, onStart: (outgoing: ClientRequest) => void): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const payload = request.json === undefined ? undefined : Buffer.from(JSON.stringify(request.json));
    const outgoing = start(pool, request, payload);
    outgoing.on('error', reject); // an answer that is already there counts, not the broken pipe
    outgoing.once('response', resolve);
    onStart(outgoing);
    if (request.body === undefined) outgoing.end(payload);
    else feed(request.body, outgoing);
  });

/**
 * A body that breaks off breaks the request off. An agent that refuses early answers and closes while we still send: the body is left unread then,
 * not destroyed, since the refusal goes to its sender over the same connection.
 */
const feed = (body: Readable, outgoing: ClientRequest): void => {
  body.on('error', (error) => outgoing.destroy(error));
  body.once('close', () => body.readableEnded || outgoing.destroy(new Error('the upload was broken off')));
  body.pipe(outgoing);
};

/** Keeps our own faults and cuts; everything else means the agent did not answer. */
export const asFault = (error: unknown): unknown =>
  error instanceof Fault || error instanceof ConnectionsClosed ? error : unreachable(error);

/** Runs `work` with a bound on time and with the caller's hang-up; both cut the connection, neither ends a process inside. */
const bounded = async <T>(request: AgentRequest, work: (onStart: (outgoing: ClientRequest) => void) => Promise<T>): Promise<T> => {
  let outgoing: ClientRequest | undefined;
  let timedOut = false;
  const cut = (): void => {
    outgoing?.destroy(new Error('cut'));
  };
  const timer = setTimeout(() => {
    timedOut = true;
    cut();
  }, request.timeoutMs);
  request.signal?.addEventListener('abort', cut);
  try {
    return await work((started) => {
      outgoing = started;
      if (request.signal?.aborted) cut();
    });
  } catch (error) {
    if (timedOut) throw new Fault('TIMEOUT', 'The sandbox did not answer in time.', { cause: error });
    throw asFault(error);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', cut);
  }
};

const failIfError = async (response: IncomingMessage): Promise<void> => {
  const status = response.statusCode ?? 0;
  if (status >= 400 || status < 200) throw faultOfAnswer(status, await readAll(response, ERROR_MAX_BYTES));
};

type Fits = (value: unknown) => boolean;
const compiled = new WeakMap<TSchema, Fits>();

/** The check of a shape, compiled when it is first needed: walking the schema costs a command a tenth of its time. */
export const fits = (schema: TSchema): Fits => {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const validator = Compile(schema);
  const made: Fits = (value) => validator.Check(value);
  compiled.set(schema, made);
  return made;
};

/** A request with a JSON answer of the given shape. */
export const callJson = <T extends TSchema>(pool: Pool, request: AgentRequest, schema: T): Promise<Static<T>> =>
  bounded(request, async (onStart) => {
    const response = await exchange(pool, request, onStart);
    await failIfError(response);
    const text = await readAll(response, ANSWER_MAX_BYTES);
    let value: unknown;
    try {
      value = text === '' ? null : JSON.parse(text);
    } catch {
      throw nonsense(`not JSON: ${text.slice(0, 200)}`);
    }
    if (!fits(schema)(value)) throw nonsense(`unexpected shape: ${text.slice(0, 200)}`);
    return value as Static<T>;
  });

/** A request whose answer is a stream. Statuses from 400 are thrown as faults; the caller must consume or destroy the stream. */
export const callStream = (pool: Pool, request: AgentRequest): Promise<IncomingMessage> =>
  bounded(request, async (onStart) => {
    const response = await exchange(pool, request, onStart);
    await failIfError(response);
    return response;
  });

/** A connection that speaks another protocol now, and what came of it already. The caller must end it. */
export interface Upgraded {
  readonly socket: Socket;
  readonly early: Buffer;
}

/** Turns a request into a connection of the given protocol. Any other answer than 101 is thrown as a fault. */
export const callUpgrade = (pool: Pool, request: AgentRequest, protocol: string): Promise<Upgraded> => {
  const headers = { ...request.headers, connection: 'Upgrade', upgrade: protocol };
  return bounded(
    request,
    (onStart) =>
      new Promise<Upgraded>((resolve, reject) => {
        const outgoing = start(pool, { ...request, headers }, undefined);
        outgoing.on('error', reject);
        outgoing.once('upgrade', (_answer, socket: Socket, early) => {
          socket.setTimeout(0); // that of unused connections
          socket.on('error', () => {}); // its owner hears of the end by `close`
          pool.track(socket);
          resolve({ socket, early });
        });
        outgoing.once('response', (response) => {
          failIfError(response).then(() => reject(nonsense(`status ${response.statusCode} to an upgrade`)), reject);
          response.once('end', () => outgoing.destroy());
        });
        onStart(outgoing);
        outgoing.end();
      }),
  );
};
