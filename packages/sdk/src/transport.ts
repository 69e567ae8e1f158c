import { toCamel, toSnake } from './case.ts';
import type { Config } from './config.ts';
import { errorOfAnswer, MiosaError } from './errors.ts';
import { failureOf, lost, noCredential, tooSlow } from './failures.ts';
import type { FetchInit, FetchResponse, Payload } from './fetch.ts';
import { List, type Page } from './page.ts';
import { backoffMs, MAX_RETRY_AFTER_MS, sleep } from './retry.ts';
import type { Socket, SocketEvents } from './socket.ts';
import { type Parameters, urlOf } from './url.ts';

/** Options every call takes last. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Limit of one attempt in milliseconds; overrides the client's. */
  readonly timeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
  /** For POST: makes repeats by several processes one call. Default: a new one per call, kept over its retries. */
  readonly idempotencyKey?: string | undefined;
}

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, ids already percent-encoded (see `path`). */
  readonly path: string;
  readonly query?: Parameters | undefined;
  /** Sent as JSON in snake_case. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly payload?: Payload | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: CallOptions | undefined;
  /** A route without a credential: none is sent. */
  readonly public?: boolean;
  /** The time the server itself may take; the attempt's limit is never shorter. */
  readonly serverTimeMs?: number;
  /** `false`: a lost connection may have run it, and a repeat would run it twice. */
  readonly repeatable?: boolean;
}

type Reader<T> = (response: FetchResponse) => Promise<T>;

/** The server's own limit must run out first: its answer says more than ours. */
const SERVER_MARGIN_MS = 10_000;

export class Transport {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  get maxRetries(): number {
    return this.#config.maxRetries;
  }

  /** The `data` of the answer, in camelCase. */
  async data<T>(call: Call): Promise<T> {
    return (await this.bare<{ data: T }>(call)).data;
  }

  /** The whole JSON answer, in camelCase. */
  bare<T>(call: Call): Promise<T> {
    return this.#send(call, async (response) => toCamel(parseJson(response, await response.text())) as T);
  }

  /** JSON as the server sent it; for calls the SDK has no name for. */
  wire(call: Call): Promise<unknown> {
    return this.#send(call, async (response) => {
      const text = await response.text();
      return /json/.test(response.headers.get('content-type') ?? '') ? parseJson(response, text) : text;
    });
  }

  list<T>(path: string, query?: Parameters, options?: CallOptions): List<T> {
    return new List<T>(async (cursor): Promise<Page<T>> => {
      const answer = await this.bare<{ data: T[]; nextCursor?: string | null }>({
        method: 'GET',
        path,
        query: cursor === undefined ? query : { ...query, cursor },
        options,
      });
      return { items: answer.data, nextCursor: answer.nextCursor ?? null };
    });
  }

  bytes(call: Call): Promise<Uint8Array<ArrayBuffer>> {
    return this.#send(call, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /** The answer with its body unread; the time limit ends when the headers are there. */
  response(call: Call): Promise<FetchResponse> {
    return this.#send(call, async (response) => response);
  }

  /** A WebSocket to a route: with the credential as a header, or, where none can be sent, with a ticket for it. */
  async socket(pathname: string, events: SocketEvents, options?: CallOptions): Promise<Socket> {
    const sockets = this.#config.sockets();
    const url = this.#config.baseUrl.replace(/^http/, 'ws') + pathname;
    if (sockets.takesHeaders) return sockets.open(url, await this.#headers({ method: 'GET', path: pathname }, undefined), events);
    const { ticket } = await this.bare<{ ticket: string }>({
      method: 'POST',
      path: '/auth/sse-ticket',
      body: { stream: pathname },
      options,
    });
    return sockets.open(`${url}?ticket=${encodeURIComponent(ticket)}`, {}, events);
  }

  /** A WebSocket at an address that the API gave, with its ticket. Where the API is called by another port or without TLS (loopback), so is this. */
  socketAt(address: string, events: SocketEvents): Promise<Socket> {
    const [url, base] = [new URL(address), new URL(this.#config.baseUrl)];
    if (url.hostname === base.hostname) {
      url.protocol = base.protocol === 'http:' ? 'ws:' : 'wss:';
      url.port = base.port;
    }
    return this.#config.sockets().open(url.href, {}, events);
  }

  async #send<T>(call: Call, read: Reader<T>): Promise<T> {
    const { options } = call;
    const maxRetries = options?.maxRetries ?? this.#config.maxRetries;
    const idempotencyKey = call.method === 'POST' ? (options?.idempotencyKey ?? crypto.randomUUID()) : undefined;
    const url = this.#config.baseUrl + urlOf(call.path, call.query);
    const body = call.payload ?? (call.body === undefined ? undefined : JSON.stringify(toSnake(call.body)));
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(call, url, body, idempotencyKey, read);
      } catch (error) {
        const waitMs = attempt < maxRetries && error instanceof MiosaError ? retryDelayMs(error, attempt, call, body) : undefined;
        if (waitMs === undefined) throw error;
        await sleep(waitMs, options?.signal);
      }
    }
  }

  async #attempt<T>(call: Call, url: string, body: Payload | undefined, idempotencyKey: string | undefined, read: Reader<T>): Promise<T> {
    const headers = await this.#headers(call, idempotencyKey);
    const limitMs = Math.max(
      call.options?.timeoutMs ?? this.#config.timeoutMs,
      call.serverTimeMs === undefined ? 0 : call.serverTimeMs + SERVER_MARGIN_MS,
    );
    const limit = timeLimit(limitMs, call.options?.signal);
    try {
      const response = await this.#config.fetch(url, initOf(call.method, headers, body, limit.signal));
      if (response.status >= 200 && response.status < 300) return await read(response);
      throw await failureOf(response);
    } catch (error) {
      if (error instanceof MiosaError) throw error;
      if (call.options?.signal?.aborted) throw call.options.signal.reason;
      throw limit.expired() ? tooSlow(call, limitMs) : lost(error, url);
    } finally {
      limit.clear();
    }
  }

  async #headers(call: Call, idempotencyKey: string | undefined): Promise<Record<string, string>> {
    const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
    if (call.public !== true) {
      const found = this.#config.credential();
      const credential = typeof found === 'object' ? await found : found;
      if (credential === undefined) throw noCredential();
      headers.authorization = `Bearer ${credential}`;
    }
    if (this.#config.tenant !== undefined) headers['x-miosa-tenant'] = this.#config.tenant;
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    else if (call.payload !== undefined) headers['content-type'] ??= 'application/octet-stream';
    return headers;
  }
}

const initOf = (method: string, headers: Record<string, string>, body: Payload | undefined, signal: AbortSignal): FetchInit => ({
  method,
  headers,
  signal,
  redirect: 'manual',
  ...(body === undefined ? {} : { body }),
  ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
});

/** Contract 5.2. `undefined` = do not retry. */
const retryDelayMs = (error: MiosaError, attempt: number, call: Call, body: Payload | undefined): number | undefined => {
  if (body instanceof ReadableStream) return undefined;
  const refused = error.status === 429 || error.status === 503;
  const unclear = error.status === 500 || error.status === 502 || error.status === 504 || error.code === 'CONNECTION_LOST';
  // Not a conflict with somebody else: the earlier attempt of this very call, whose answer was lost, still runs.
  const ownEarlierAttempt = attempt > 0 && error.code === 'IDEMPOTENCY_IN_PROGRESS';
  if (!refused && !ownEarlierAttempt && !(unclear && call.repeatable !== false)) return undefined;
  if (error.retryAfterMs === undefined) return backoffMs(attempt);
  return error.retryAfterMs <= MAX_RETRY_AFTER_MS ? error.retryAfterMs : undefined;
};

/** One signal for "too slow" and for the caller's own; `AbortSignal.any` is missing from the older browsers still in use. */
const timeLimit = (ms: number, outer: AbortSignal | undefined): { signal: AbortSignal; expired: () => boolean; clear: () => void } => {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, ms);
  const stop = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
};

const parseJson = (response: FetchResponse, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw errorOfAnswer(response.status, '', response.headers.get('x-request-id'), undefined);
  }
};
