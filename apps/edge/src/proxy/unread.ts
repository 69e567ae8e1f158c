import type { ClientRequest, IncomingMessage } from 'node:http';

/** An upstream that has answered may still want the rest; one that has not taken it by then does not. */
const WANTED_WITHIN_MS = 500;
/** The rest is thrown away up to here, so that the visitor reads the answer and keeps the connection; beyond, the connection goes. */
const THROWN_AWAY_BYTES = 64 * 1_048_576;
const THROWN_AWAY_WITHIN_MS = 10_000;

/**
 * For a request that was answered before its body was read (an upload refused half-way): without this the rest would stay in the
 * connection and the visitor's next request would wait behind it for ever.
 */
export const clearUnread = (req: IncomingMessage, upstream: ClientRequest): void => {
  if (req.readableEnded || req.destroyed) return;
  let left = THROWN_AWAY_BYTES;
  const throwAway = (): void => {
    req.unpipe(upstream);
    upstream.destroy();
    req.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) req.socket.destroy();
    });
    req.resume();
  };
  const soon = setTimeout(throwAway, upstream.destroyed ? 0 : WANTED_WITHIN_MS);
  const late = setTimeout(() => req.socket.destroy(), THROWN_AWAY_WITHIN_MS);
  const done = (): void => {
    clearTimeout(soon);
    clearTimeout(late);
  };
  req.once('end', done).once('close', done);
};

/** For a request that no body belongs to: what comes is thrown away, within the same bounds. */
export const discardBody = (req: IncomingMessage): void => {
  let left = THROWN_AWAY_BYTES;
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.socket.destroy();
  });
  const late = setTimeout(() => req.socket.destroy(), THROWN_AWAY_WITHIN_MS);
  const done = (): void => clearTimeout(late);
  req.once('end', done).once('close', done);
};
