import type { Duplex } from 'node:stream';
import { CLOSE, closeCodeOf, type WebSocketPeer } from '@miosa/http';
import { ConnectionsClosed, unreachable } from '../agent/faults.ts';
import { explain } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';

/** What was typed last may need this long to be taken by an agent that is busy. */
const FLUSH_MS = 5000;

/** Writes a whole frame; a promise when the other side takes no more for now. */
export const writeAll = (socket: Duplex, parts: readonly Buffer[]): Promise<void> | undefined => {
  if (socket.destroyed || socket.writableEnded) return undefined;
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
  if (!socket.writableNeedDrain) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
};

/** Ends a connection to the agent: what was written goes out first, for a while. */
export const letGo = (socket: Duplex): void => {
  const timer = setTimeout(() => socket.destroy(), FLUSH_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(() => socket.destroy());
  socket.resume();
};

/**
 * Reads a connection to the agent into a WebSocket, no faster than its client takes it. `deliver` sends what a chunk holds; `ended` is told when
 * the agent's side is over, before any close of ours: it answers true when that was expected.
 */
export const pumpInto = (
  core: Core,
  sandboxId: string,
  socket: Duplex,
  peer: WebSocketPeer,
  deliver: (chunk: Buffer) => Promise<void> | undefined,
  ended: () => boolean,
): void => {
  let failure: unknown;
  const stop = async (): Promise<void> => {
    if (ended()) return;
    // Paused and destroyed sandboxes cut their connections; to come back at once would wake the one and miss the other.
    const cut = failure instanceof ConnectionsClosed;
    const why = await explain(core, sandboxId, failure ?? unreachable(new Error('the agent ended the connection')));
    const code = closeCodeOf(why);
    const reason = why instanceof Error && code >= 4000 ? why.message.slice(0, 120) : '';
    // Cut without a change of the sandbox: too slow a reader, or an agent that is gone. Who comes back is told which.
    if (code >= 4000) peer.close(code, asReason(reason));
    else peer.close(cut ? CLOSE.wrongState : CLOSE.restarting);
  };
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => {
    stop().catch(() => peer.close(CLOSE.internal));
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      const full = deliver(chunk);
      if (full === undefined) return;
      socket.pause();
      full.then(() => socket.resume());
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('bad frame'));
    }
  });
};

/** RFC 6455: at most 123 bytes. */
const asReason = (text: string): string => {
  let reason = text;
  while (Buffer.byteLength(reason) > 123) reason = reason.slice(0, -1);
  return reason;
};
