import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Fault } from '@miosa/kernel';
import type { SseEvent, SsePosition } from './route.ts';

export const HEARTBEAT_MS = 15_000;

const oneLine = (text: string): string => text.replace(/[\r\n\0]/g, ' ');

/** One frame of contract 1.9. JSON has no raw line breaks, so `data` is one line. A frame without data only moves the position. */
export const sseFrame = (event: SseEvent | SsePosition): string => {
  if ('kind' in event) return `id: ${oneLine(event.id)}\n\n`;
  const { type, id, data } = event;
  return `event: ${oneLine(type)}\n${id === undefined ? '' : `id: ${oneLine(id)}\n`}data: ${JSON.stringify({ ...data, type })}\n\n`;
};

export interface SseOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly toFault: (error: unknown) => Fault;
  /** Ends the stream from outside with one last event: credential gone, process draining. */
  readonly end: AbortSignal;
  readonly heartbeatMs?: number;
}

const STOPPED = Symbol('stopped');

/** Waits for promises until told to stop. `Promise.race` against one long-lived promise would keep a reaction for every event. */
const createWaiter = () => {
  let stopped = false;
  let release: (() => void) | undefined;
  return {
    stop: (): void => {
      stopped = true;
      release?.();
    },
    until: <T>(promise: Promise<T>): Promise<T | typeof STOPPED> =>
      new Promise((resolve, reject) => {
        release = () => resolve(STOPPED);
        if (stopped) release();
        promise.then(resolve, reject);
      }),
  };
};

/**
 * Writes events until the source ends, the client hangs up or `end` fires. The source is pulled only when the socket has
 * room, and is always told to stop (`return`). A throw becomes a last `error` event: the status is long sent.
 */
export const writeSse = async (res: ServerResponse, events: AsyncIterable<SseEvent | SsePosition>, options: SseOptions): Promise<void> => {
  const { headers, toFault, end, heartbeatMs = HEARTBEAT_MS } = options;
  const iterator = events[Symbol.asyncIterator]();
  const waiter = createWaiter();
  res.once('close', waiter.stop);
  end.addEventListener('abort', waiter.stop, { once: true });
  if (res.destroyed || end.aborted) waiter.stop();

  res.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  res.flushHeaders();
  // Nothing queues behind a slow reader: a heartbeat is only for a stream that is quiet.
  const heartbeat = setInterval(() => res.writableNeedDrain || res.write(': hb\n\n'), heartbeatMs);
  try {
    for (;;) {
      const next = await waiter.until(iterator.next());
      if (next === STOPPED) end.throwIfAborted();
      if (next === STOPPED || next.done === true) break;
      if (!res.write(sseFrame(next.value))) await waiter.until(once(res, 'drain'));
    }
  } catch (error) {
    const { code, message } = toFault(error);
    if (!res.destroyed) res.write(sseFrame({ type: 'error', data: { code, message } }));
  } finally {
    clearInterval(heartbeat);
    end.removeEventListener('abort', waiter.stop);
    // Not awaited: a generator that waits for something runs its `finally` only after that.
    void iterator.return?.()?.catch(() => {});
    res.end();
  }
};
