import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Fault } from '@miosa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocket, WebSocketServer } from 'ws';
import { assertOrigin } from './cors.ts';
import type { ServerOptions } from './options.ts';
import type { RequestOp } from './request-op.ts';
import type { WebSocketHandlers, WebSocketPeer, WebSocketResponse } from './route.ts';
import { assertUpgrade, CLOSE, FRAME_MAX_BYTES } from './websocket-codes.ts';

/** Contract 1.10. */
const PING_MS = 30_000;
const MISSES_MAX = 2;
/** Above this `send` asks its caller to wait. */
const BUFFERED_MAX_BYTES = 256 * 1024;
/** How long the other side has to answer a close: its own farewell, or one that must not be drawn out. */
const FAREWELL_MS = 30_000;
const CUT_MS = 300;

/** A request that asked for the protocol, and the connection it came on. */
export interface UpgradeRequest {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** What the library says of a frame that breaks the protocol or is too large is one code of ours. */
class CheckedSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    super.close(code === 1002 || code === 1007 || code === 1009 ? CLOSE.badFrame : code, data);
  }
}

interface Connection {
  /** Stops the exchange at once and says why; cut when the other side does not answer soon. */
  end(code: number, reason: string, withinMs: number): void;
}

const pinging = (socket: WebSocket, pingMs: number): NodeJS.Timeout => {
  let misses = 0;
  const alive = (): void => {
    misses = 0;
  };
  socket.on('pong', alive).on('message', alive);
  return setInterval(() => {
    if (socket.isPaused) return; // its pong would not be read
    if (misses >= MISSES_MAX) return socket.terminate();
    misses += 1;
    socket.ping();
  }, pingMs);
};

const peerOf = (socket: WebSocket, raw: Duplex, connection: Connection): WebSocketPeer => ({
  send: (data) => {
    if (socket.readyState !== WebSocket.OPEN) return undefined;
    socket.send(data, { binary: typeof data !== 'string' });
    if (socket.bufferedAmount < BUFFERED_MAX_BYTES) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        raw.off('drain', done).off('close', done);
        resolve();
      };
      raw.once('drain', done).once('close', done);
    });
  },
  close: (code, reason = '') => connection.end(code, reason, FAREWELL_MS),
});

/** Joins an open socket with the handlers of its route, from the first message to the end of the connection. */
const serveSocket = (socket: WebSocket, raw: Duplex, response: WebSocketResponse, op: RequestOp, pingMs: number): Connection => {
  let handlers: WebSocketHandlers | undefined;
  let ended = false;
  let cut: NodeJS.Timeout | undefined;
  const over = (): void => {
    if (ended) return;
    ended = true;
    handlers?.closed();
  };
  const connection: Connection = {
    end: (code, reason, withinMs) => {
      over();
      socket.close(code, reason);
      socket.resume(); // or its answer would not be read
      cut ??= setTimeout(() => socket.terminate(), withinMs);
    },
  };
  const failed = (error: unknown): void => {
    op.log.warn({ err: error }, 'a WebSocket handler failed');
    connection.end(CLOSE.internal, '', CUT_MS);
  };
  const ping = pinging(socket, pingMs);
  let waiting = 0;
  socket.on('message', (data, isBinary) => {
    if (ended) return;
    try {
      const pending = handlers?.message(isBinary ? (data as Buffer) : (data as Buffer).toString('utf8'));
      if (pending === undefined) return;
      waiting += 1;
      socket.pause();
      pending.catch(failed).finally(() => {
        waiting -= 1;
        if (waiting === 0) socket.resume();
      });
    } catch (error) {
      failed(error);
    }
  });
  socket.on('error', (error) => op.log.debug({ err: error }, 'a WebSocket broke'));
  socket.once('close', () => {
    clearInterval(ping);
    clearTimeout(cut);
    over();
  });
  try {
    handlers = response.open(peerOf(socket, raw, connection));
  } catch (error) {
    failed(error);
  }
  return connection;
};

export interface WebSockets {
  /** Throws FORBIDDEN for a page that may not. */
  admit(op: RequestOp, request: FastifyRequest): Promise<void>;
  /** Completes the handshake; throws BAD_REQUEST when none was asked for. The answer to the request is then the socket's business. */
  accept(op: RequestOp, request: FastifyRequest, reply: FastifyReply, response: WebSocketResponse): void;
}

/** The requests that came as upgrades; the router sees them as the requests they also are. */
export const upgrades = new WeakMap<IncomingMessage, UpgradeRequest>();

/** WebSockets of declared routes. They end with the credential they were opened with, and with the process. */
export const createWebSockets = (options: ServerOptions, drain: AbortSignal): WebSockets => {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_MAX_BYTES,
    perMessageDeflate: false, // what is typed and shown may hold secrets beside chosen text (CRIME)
    clientTracking: false,
    autoPong: true,
    WebSocket: CheckedSocket,
  });
  const open = new Set<Connection>();
  drain.addEventListener('abort', () => {
    for (const one of open) one.end(CLOSE.restarting, 'The server is restarting. Connect again.', CUT_MS);
  });
  return {
    admit: (op, request) => assertOrigin(options, op.actor, request.headers),
    accept: (op, request, reply, response) => {
      const upgrade = upgrades.get(request.raw);
      try {
        assertUpgrade(request.headers);
        if (upgrade === undefined) throw new Fault('BAD_REQUEST', 'This connection cannot be upgraded.');
      } catch (error) {
        op.abort(); // what the handler holds open for a socket that will not be
        throw error;
      }
      const { socket, head } = upgrade;
      reply.hijack();
      reply.raw.statusCode = 101;
      (socket as Socket).setNoDelay?.(true);
      (socket as Socket).setTimeout?.(0);
      server.handleUpgrade(request.raw, socket, head, (made) => {
        const connection = serveSocket(made, socket, response, op, options.pingMs ?? PING_MS);
        open.add(connection);
        const unwatch = options.watchCredential?.(op.actor, () => connection.end(CLOSE.unauthorized, 'The credential has ended.', CUT_MS));
        made.once('close', () => {
          open.delete(connection);
          unwatch?.();
        });
        if (drain.aborted) connection.end(CLOSE.restarting, '', CUT_MS);
      });
    },
  };
};
