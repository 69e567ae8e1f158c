import { toCamel } from './case.ts';
import { errorOf } from './errors.ts';
import { SseParser } from './sse.ts';
import type { Call, Transport } from './transport.ts';

/** Heartbeats come every 15 s (contract 1.9): three missed ones mean that the connection is dead. */
const SILENCE_MS = 45_000;

const failure = (data: string): { status: number; code: string; message: string } => {
  const { code = 'INTERNAL', message = 'The stream failed.' } = JSON.parse(data) as { code?: string; message?: string };
  // The status line was sent long ago; the code tells the family.
  return { status: STATUS[code] ?? 500, code, message };
};

const STATUS: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  SANDBOX_NOT_RUNNING: 409,
  GONE: 410,
  UPSTREAM_UNREACHABLE: 502,
  UNAVAILABLE: 503,
  TIMEOUT: 504,
};

/**
 * One connection of a stream of events. Resolves when the server has taken the request. The events end when the connection does;
 * an `error` event is thrown; leaving them early closes the connection.
 */
export const openEvents = async <Event extends { readonly type: string }>(t: Transport, call: Call): Promise<AsyncGenerator<Event>> => {
  const response = await t.response({ ...call, headers: { accept: 'text/event-stream' } });
  return read<Event>(response.body?.getReader(), call.options?.signal);
};

async function* read<Event extends { readonly type: string }>(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event> {
  if (reader === undefined) return;
  const stop = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const parser = new SseParser();
  try {
    for (;;) {
      const timer = setTimeout(stop, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(timer));
      signal?.throwIfAborted();
      if (done) return;
      for (const { event, data } of parser.push(value)) {
        if (event === 'error') throw errorOf(failure(data));
        yield { ...(toCamel(JSON.parse(data)) as object), type: event } as Event;
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
