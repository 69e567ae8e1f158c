import type { Socket } from 'node:net';
import { type BodyReader, bodyReader } from './body.ts';
import { type AnswerHead, readHead } from './head.ts';

/** Who waits for an answer. After `failed` or `done` nothing more is called. */
export interface Hearer {
  readonly method: string;
  readonly head: (head: AnswerHead) => void;
  /** One part of the content; false asks to pause until `resume`. */
  readonly content: (part: Buffer) => boolean;
  /** The head has come, and not all of the content with it. */
  readonly more: () => void;
  /** `last`: the rest of the content, when it came in one piece. */
  readonly done: (last: Buffer | null) => void;
  /** `started`: some of the answer had arrived. */
  readonly failed: (error: Error, started: boolean) => void;
}

export interface Connection {
  readonly machineId: string;
  /** It has answered before. */
  readonly used: boolean;
  /** Sends a request head; the answer goes to `hearer`. Only one at a time. */
  ask(head: string, hearer: Hearer): void;
  resume(): void;
  /** Ends after the answer under way instead of being kept. */
  retire(): void;
  destroy(): void;
}

interface Options {
  readonly socket: Socket;
  readonly machineId: string;
  readonly idleMs: number;
  /** It may be asked again within so many milliseconds. */
  readonly onFree: (connection: Connection, keepMs: number) => void;
  readonly onClose: (connection: Connection) => void;
}

/** Apps set large cookies. */
const MAX_HEAD_BYTES = 65_536;
const END = Buffer.from('\r\n\r\n');

/**
 * An HTTP/1.1 client on one connection, for requests without a body. Node's own client costs as much as all the rest of a proxied request:
 * streams, listeners and an agent for each. This one has its listeners for as long as the connection lives.
 */
export const createConnection = ({ socket, machineId, idleMs, onFree, onClose }: Options): Connection => {
  let hearer: Hearer | null = null;
  let head: AnswerHead | null = null;
  let body: BodyReader | null = null;
  let pending: Buffer | null = null;
  let started = false;
  let retired = false;
  let used = false;

  const fail = (error: Error): void => {
    const waiting = hearer;
    hearer = null;
    socket.destroy();
    waiting?.failed(error, started);
  };

  const finish = (waiting: Hearer, last: Buffer | null, surplus: boolean): void => {
    const keepMs = surplus || retired ? 0 : (head?.keepMs ?? 0);
    hearer = head = body = null;
    used = true;
    // Freed first: what the visitor sends next may use it at once.
    if (keepMs > 0) onFree(connection, keepMs);
    else socket.destroy();
    waiting.done(last);
  };

  const onBody = (waiting: Hearer, bytes: Buffer): void => {
    if (head === null) return;
    // The common case: all of it is here, in one piece.
    if (body === null && head.framing === bytes.length) return void finish(waiting, bytes, false);
    body ??= bodyReader(head.framing);
    let flows = true;
    const taken = body.push(bytes, (part) => {
      flows = waiting.content(part) && flows;
    });
    if (hearer !== waiting) return; // the visitor left meanwhile
    if (taken === -2) return void fail(new Error('malformed chunks'));
    if (taken >= 0) return void finish(waiting, null, taken < bytes.length);
    if (!flows) socket.pause();
  };

  const onHead = (waiting: Hearer, arrived: Buffer): void => {
    let bytes = pending === null ? arrived : Buffer.concat([pending, arrived]);
    pending = null;
    for (;;) {
      const end = bytes.indexOf(END);
      if (end < 0 || end > MAX_HEAD_BYTES) {
        if (bytes.length > MAX_HEAD_BYTES) return void fail(new Error('endless head'));
        pending = bytes;
        return;
      }
      const read = readHead(bytes.toString('latin1', 0, end), waiting.method, idleMs);
      if (read === null || read.status === 101) return void fail(new Error('not an answer'));
      bytes = bytes.subarray(end + END.length);
      if (read.status < 200) continue; // interim, RFC 9110 §15.2
      head = read;
      break;
    }
    waiting.head(head);
    if (hearer !== waiting) return;
    // Nothing is to come; bytes behind it answer something nobody asked.
    if (head.framing === 0) finish(waiting, null, bytes.length > 0);
    else if (bytes.length > 0) onBody(waiting, bytes);
    if (hearer === waiting) waiting.more();
  };

  socket.on('data', (bytes: Buffer) => {
    if (hearer === null) return void socket.destroy(); // unasked for
    started = true;
    if (head === null) onHead(hearer, bytes);
    else onBody(hearer, bytes);
  });
  socket.on('error', fail);
  socket.on('end', () => {
    if (hearer !== null && head?.framing === 'close') finish(hearer, null, true);
  });
  socket.on('close', () => {
    fail(Object.assign(new Error('the app closed the connection'), { code: 'ECONNRESET' }));
    onClose(connection);
  });

  const connection: Connection = {
    machineId,
    get used() {
      return used;
    },
    ask: (text, asking) => {
      hearer = asking;
      started = false;
      socket.write(text, 'latin1');
    },
    resume: () => void socket.resume(),
    retire: () => {
      retired = true;
      if (hearer === null) socket.destroy();
    },
    destroy: () => {
      hearer = null;
      socket.destroy();
    },
  };
  return connection;
};
