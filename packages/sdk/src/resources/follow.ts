import { toCamel } from '../case.ts';
import { ConnectionError, errorOf, MiosaError } from '../errors.ts';
import { backoffMs, sleep } from '../retry.ts';
import { SseParser } from '../sse.ts';
import type { Call, CallOptions, Transport } from '../transport.ts';
import type { Parameters } from '../url.ts';

/** Heartbeats come every 15 s (contract 1.9): three missed ones mean that the connection is dead. */
const SILENCE_MS = 45_000;

export interface StreamOptions extends CallOptions {
  /** Go on after this event, seen earlier by this or another process; at most 24 hours old. */
  readonly lastEventId?: string | undefined;
}

export interface Streamed<T> {
  readonly event: string;
  readonly data: T;
}

const STATUS: Readonly<Record<string, number>> = { UNAUTHORIZED: 401, FORBIDDEN: 403, NOT_FOUND: 404, GONE: 410, UNAVAILABLE: 503 };

const failure = (data: string): MiosaError => {
  const { code = 'INTERNAL', message = 'The stream failed.' } = JSON.parse(data) as { code?: string; message?: string };
  return errorOf({ status: STATUS[code] ?? 500, code, message }); // the status line was sent long ago; the code tells the family
};

/** The frames of one connection; `at` hears of every position. */
async function* connection<T>(t: Transport, call: Call, at: (id: string) => void): AsyncGenerator<Streamed<T>> {
  const response = await t.response(call);
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const signal = call.options?.signal;
  const stop = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  const parser = new SseParser();
  try {
    for (;;) {
      const timer = setTimeout(stop, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(timer));
      signal?.throwIfAborted();
      if (done) return;
      for (const { event, id, data } of parser.push(value)) {
        if (event === 'error') throw failure(data);
        // Before it is handed out: whoever leaves the loop at this event has seen it.
        if (id !== undefined) at(id);
        yield { event, data: toCamel(JSON.parse(data)) as T };
      }
      if (parser.lastId !== undefined) at(parser.lastId);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/**
 * An endless stream over as many connections as it takes: after a break it goes on with `Last-Event-ID`, so that nothing is missed or repeated.
 * Ends with the event that `isLast` says, or when the loop is left; throws what no repeat can mend, such as GONE for a position that is too old.
 */
export async function* followEvents<T>(
  t: Transport,
  path: string,
  query: Parameters | undefined,
  { lastEventId, ...options }: StreamOptions,
  isLast: (frame: Streamed<T>) => boolean = () => false,
): AsyncGenerator<Streamed<T>> {
  const maxRetries = options.maxRetries ?? t.maxRetries;
  let position = lastEventId;
  for (let failures = 0; ; ) {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (position !== undefined) headers['last-event-id'] = position;
    let problem: unknown;
    try {
      const frames = connection<T>(t, { method: 'GET', path, query, headers, options }, (id) => {
        position = id;
        failures = 0;
      });
      for await (const frame of frames) {
        yield frame;
        if (isLast(frame)) return;
      }
    } catch (error) {
      problem = error;
    }
    options.signal?.throwIfAborted();
    if (problem instanceof MiosaError && !problem.retryable) throw problem;
    if (failures >= maxRetries) {
      if (problem instanceof MiosaError) throw problem;
      throw new ConnectionError({ status: 0, code: 'CONNECTION_LOST', message: 'The stream broke off.', cause: problem });
    }
    await sleep(backoffMs(failures++), options.signal);
  }
}
