import type { Duplex } from 'node:stream';
import { CLOSE, type WebSocketHandlers, type WebSocketPeer } from '@miosa/http';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { nonsense } from '../agent/faults.ts';
import type { Core } from '../deps.ts';
import { controlFrame, createFrameReader, dataFrame, type Frame } from './frames.ts';
import { letGo, pumpInto, writeAll } from './pipe.ts';

const Size = Type.Integer({ minimum: 1, maximum: 1000 });
const Resize = Type.Object({ type: Type.Literal('resize'), cols: Size, rows: Size });
const Exit = Type.Object({
  type: Type.Literal('exit'),
  exitCode: Type.Integer(),
  signal: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Joins a WebSocket with an attached terminal: bytes both ways, `resize` in, `exit` out (contract 4.2). Input counts as activity, output does not. */
export const relayTerminal = (core: Core, sandboxId: string, socket: Duplex, early: Buffer, peer: WebSocketPeer): WebSocketHandlers => {
  const read = createFrameReader();
  let over = false;
  const finish = (message: unknown): void => {
    if (!Check(Exit, message)) throw nonsense('control message of a terminal');
    over = true;
    peer.send(JSON.stringify({ type: 'exit', exit_code: message.exitCode, signal: message.signal ?? null }));
    peer.close(CLOSE.normal);
  };
  const show = (frame: Frame): Promise<void> | undefined => {
    if (frame.kind === 'control') return void finish(frame.message) as undefined;
    return frame.bytes.length === 0 ? undefined : peer.send(frame.bytes);
  };
  const deliver = (chunk: Buffer): Promise<void> | undefined => {
    let full: Promise<void> | undefined;
    for (const frame of read(chunk)) if (!over) full = show(frame) ?? full;
    return full;
  };
  pumpInto(core, sandboxId, socket, peer, deliver, () => over);
  if (early.length > 0) socket.unshift(early);
  return {
    message: (data) => {
      if (typeof data !== 'string') {
        core.activity.touch(sandboxId);
        return writeAll(socket, dataFrame(data));
      }
      const message = parse(data);
      if (Check(Resize, message)) return writeAll(socket, controlFrame({ type: 'resize', cols: message.cols, rows: message.rows }));
      peer.close(CLOSE.badFrame, 'Text frames are {"type":"resize","cols":1-1000,"rows":1-1000}.');
      return undefined;
    },
    closed: () => {
      over = true;
      letGo(socket);
    },
  };
};

/** Joins a WebSocket with a TCP connection inside: bytes both ways; `{"type":"end"}` from the client ends its direction alone. */
export const relayTunnel = (core: Core, sandboxId: string, socket: Duplex, early: Buffer, peer: WebSocketPeer): WebSocketHandlers => {
  let over = false;
  socket.once('end', () => {
    over = true;
    peer.close(CLOSE.normal);
  });
  pumpInto(
    core,
    sandboxId,
    socket,
    peer,
    (chunk) => peer.send(chunk),
    () => over,
  );
  if (early.length > 0) socket.unshift(early);
  return {
    message: (data) => {
      if (typeof data !== 'string') {
        core.activity.touch(sandboxId);
        return writeAll(socket, [data]);
      }
      if (Check(Type.Object({ type: Type.Literal('end') }), parse(data))) socket.end();
      else peer.close(CLOSE.badFrame, 'The only text frame of a tunnel is {"type":"end"}.');
      return undefined;
    },
    closed: () => {
      over = true;
      letGo(socket);
    },
  };
};
