import { closedWith } from '../closing.ts';
import type { Socket } from '../socket.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';

/** A TCP connection to a port inside a sandbox. */
export interface Tunnel {
  /** Ends when the other side does; errs when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends this direction alone. */
  readonly writable: WritableStream<Uint8Array>;
  /** Ends both directions at once. */
  close(): void;
}

const FRAME_BYTES = 256 * 1024;
const BUFFERED_MAX_BYTES = 1024 * 1024;
const LOOK_AGAIN_MS = 5;

const send = async (socket: Socket, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
    socket.send(bytes.subarray(at, at + FRAME_BYTES));
    // Neither platform tells when there is room again.
    while (socket.bufferedBytes > BUFFERED_MAX_BYTES) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
};

/** @throws ServerError `UPSTREAM_UNREACHABLE` when nothing listens on the port. */
export const openTunnel = async (t: Transport, id: string, port: number, options?: CallOptions): Promise<Tunnel> => {
  let incoming: ReadableStreamDefaultController<Uint8Array> | undefined;
  let over = false;
  let socket: Socket | undefined;
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        incoming = controller;
      },
      pull: () => socket?.resume(),
      cancel: () => {
        // The stream is closed already: what the socket says of its own end has nobody to be told.
        over = true;
        socket?.close();
      },
    },
    { highWaterMark: BUFFERED_MAX_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  const events = {
    message: (data: Uint8Array | string): void => {
      if (over || typeof data === 'string') return;
      incoming?.enqueue(data);
      if ((incoming?.desiredSize ?? 1) <= 0) socket?.pause();
    },
    close: (code: number, reason: string): void => {
      if (over) return;
      over = true;
      if (code === 1000 || code === 1005) incoming?.close();
      else incoming?.error(closedWith(code, reason));
    },
  };
  const opened = await t.socket(path`/sandboxes/${id}/tunnel/${port}`, events, options);
  socket = opened;
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) => (over ? Promise.reject(closedWith(1006, '')) : send(opened, chunk)),
    close: () => opened.send('{"type":"end"}'),
    abort: () => opened.close(),
  });
  return { readable, writable, close: () => opened.close() };
};
