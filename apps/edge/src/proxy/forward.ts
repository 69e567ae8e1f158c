import { type ClientRequest, type ClientRequestArgs, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { REFUSALS, type Refusal } from '../refusal.ts';
import { clearUnread } from './unread.ts';

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Where to: `agent`, and `socketPath` or `tunnel`. */
  readonly target: ClientRequestArgs;
  readonly path: string;
  readonly headers: readonly string[];
  /** The response head for the visitor, from the raw one of the app. */
  readonly answer: (rawHeaders: readonly string[]) => string[];
  /** From the end of the request body to the response head. */
  readonly firstByteMs: number;
  readonly maxBodyBytes: number;
  /** Called once, and only while no byte has been sent. */
  readonly refuse: (refusal: Refusal, error?: Error) => void;
  /** May be sent a second time when a kept connection turns out to be dead. */
  readonly repeatable: boolean;
}

/** Longest pause inside an upload. */
const UPLOAD_STALL_MS = 60_000;
/** Apps set large cookies; Node's default of 16 KiB is for servers that face strangers. */
const MAX_ANSWER_HEADER_BYTES = 65_536;

const refusalFor = (error: NodeJS.ErrnoException): Refusal =>
  error.code === 'NOTHING_LISTENS' ? REFUSALS.nothingListens : REFUSALS.brokenAnswer;

export const hasBody = (req: IncomingMessage): boolean => {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
};

/** Bytes of the request to the app, counted, with back-pressure; a timer that each chunk pushes back. */
const sendBody = (exchange: Exchange, upstream: ClientRequest, fail: (refusal: Refusal) => void): (() => void) => {
  const { req, maxBodyBytes, firstByteMs } = exchange;
  let bytes = 0;
  let timer = setTimeout(() => fail(REFUSALS.timedOut), UPLOAD_STALL_MS);
  const awaitAnswer = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => fail(REFUSALS.tooSlow), firstByteMs);
  };
  if (!hasBody(req)) {
    awaitAnswer();
    upstream.end();
  } else {
    req.on('data', (chunk: Buffer) => {
      timer.refresh();
      bytes += chunk.length;
      if (bytes > maxBodyBytes) fail(REFUSALS.tooLarge);
    });
    req.once('end', awaitAnswer);
    req.pipe(upstream);
  }
  return () => {
    req.off('end', awaitAnswer);
    clearTimeout(timer);
  };
};

const relay = (exchange: Exchange, source: IncomingMessage): void => {
  const { res, answer } = exchange;
  res.sendDate = false;
  // Throws for a status below 100, which only a broken app sends.
  res.writeHead(source.statusCode ?? 502, answer(source.rawHeaders));
  let silent = true;
  source.once('data', () => {
    silent = false;
  });
  source.pipe(res);
  // Head and first bytes go out together when both are there; otherwise (event streams) the head must not wait for bytes.
  setImmediate(() => {
    if (silent && !res.writableEnded) res.flushHeaders();
  });
  // An answer cut short must not look complete to the visitor.
  source.on('error', () => undefined);
  source.once('close', () => {
    if (!source.complete) res.destroy();
  });
};

/** Passes one request to an upstream and its answer back, streaming both ways. Every ending of either side ends the other. */
export const forward = (exchange: Exchange, attempt = 1): void => {
  const { req, res, target, path, headers } = exchange;
  if (Number(req.headers['content-length'] ?? 0) > exchange.maxBodyBytes) return void exchange.refuse(REFUSALS.tooLarge);
  const upstream = request({
    ...target,
    path,
    method: req.method ?? 'GET',
    headers,
    setHost: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
  });
  let settled = false;
  const fail = (refusal: Refusal, error?: Error): void => {
    const first = !settled;
    settled = true;
    stopTimer();
    req.unpipe(upstream);
    upstream.destroy();
    if (res.headersSent) res.destroy();
    else if (first && !res.destroyed) exchange.refuse(refusal, error);
  };
  const stopTimer = sendBody(exchange, upstream, fail);
  const onGone = (): void => {
    settled = true;
    stopTimer();
    if (!res.writableFinished) upstream.destroy();
  };
  const onSent = (): void => clearUnread(req, upstream);
  res.once('close', onGone).once('finish', onSent);
  upstream.once('response', (source) => {
    settled = true;
    stopTimer();
    try {
      relay(exchange, source);
    } catch (error) {
      source.destroy();
      exchange.refuse(REFUSALS.brokenAnswer, error as Error);
    }
  });
  // An unasked-for 101 ends without an error.
  upstream.once('close', () => {
    if (!settled) fail(REFUSALS.brokenAnswer);
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    // Once the answer flows, its own ending decides; the app may close its reading side early.
    if (settled) return;
    if (exchange.repeatable && attempt === 1 && upstream.reusedSocket) {
      settled = true;
      stopTimer();
      res.off('close', onGone).off('finish', onSent);
      return forward(exchange, 2);
    }
    fail(refusalFor(error), error);
  });
};
