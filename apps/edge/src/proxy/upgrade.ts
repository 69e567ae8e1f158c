import { type ClientRequestArgs, type IncomingMessage, request, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { REFUSALS, type Refusal } from '../refusal.ts';

export interface Upgrade {
  /** The visitor's connection, after its request head. */
  readonly socket: Duplex;
  /** Bytes of it that were read already. */
  readonly head: Buffer;
  readonly target: ClientRequestArgs;
  readonly path: string;
  readonly headers: readonly string[];
  readonly answer: (rawHeaders: readonly string[]) => string[];
  readonly firstByteMs: number;
  readonly refuse: (refusal: Refusal, error?: Error) => void;
  /** Called for traffic in either direction. */
  readonly onTraffic: () => void;
}

/** Contract 4.4. */
const IDLE_MS = 3_600_000;
const KEEP_ALIVE_MS = 60_000;

const headText = (status: number, fields: readonly string[]): string => {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

/** Two sockets become one: raw bytes both ways, each end passed on, an error on either ends both. */
const join = (visitor: Duplex, app: Duplex, onTraffic: () => void): void => {
  const end = (): void => {
    visitor.destroy();
    app.destroy();
  };
  for (const socket of [visitor as Socket, app as Socket]) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setTimeout(0);
    socket.on('data', onTraffic).once('error', end).once('close', end);
  }
  (visitor as Socket).setTimeout(IDLE_MS, end);
  visitor.pipe(app);
  app.pipe(visitor);
};

/** The app declined: its ordinary answer, then the end of the connection (which also delimits the body). */
const decline = (upgrade: Upgrade, source: IncomingMessage): void => {
  const { socket } = upgrade;
  socket.write(headText(source.statusCode ?? 502, [...upgrade.answer(source.rawHeaders), 'Connection', 'close']), 'latin1');
  source.pipe(socket);
  source.once('error', () => socket.destroy());
};

/** Passes a WebSocket handshake on; after the app's 101 the bytes are none of our business. */
export const passUpgrade = (upgrade: Upgrade): void => {
  const { socket, head, target, path, headers, firstByteMs, refuse } = upgrade;
  const upstream = request({ ...target, path, method: 'GET', headers, setHost: false });
  let settled = false;
  const settle = (): boolean => {
    const first = !settled;
    settled = true;
    clearTimeout(timer);
    return first;
  };
  const timer = setTimeout(() => {
    if (settle()) refuse(REFUSALS.tooSlow);
    upstream.destroy();
  }, firstByteMs);
  socket.once('close', () => {
    settle();
    upstream.destroy();
  });
  upstream.once('upgrade', (answer, app, early) => {
    settle();
    const fields = [...upgrade.answer(answer.rawHeaders), 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
    socket.write(headText(101, fields), 'latin1');
    if (early.length > 0) socket.write(early);
    if (head.length > 0) app.write(head);
    join(socket, app, upgrade.onTraffic);
    upgrade.onTraffic();
  });
  upstream.once('response', (source) => {
    settle();
    decline(upgrade, source);
  });
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (settle()) refuse(error.code === 'NOTHING_LISTENS' ? REFUSALS.nothingListens : REFUSALS.brokenAnswer, error);
  });
  upstream.end();
};
