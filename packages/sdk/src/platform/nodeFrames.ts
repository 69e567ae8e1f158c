import { randomBytes } from 'node:crypto';

/** RFC 6455 §5.2. */
export const OPCODE = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The server's frames have at most 1 MiB (contract 1.10); joined ones more than this are no server of ours. */
const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;

/** A whole frame as a client sends it: masked. */
export const clientFrame = (opcode: number, payload: Uint8Array): Buffer => {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extra + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  const start = 2 + extra + 4;
  frame.set(mask, 2 + extra);
  for (let i = 0; i < length; i++) frame[start + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return frame;
};

interface Head {
  readonly opcode: number;
  readonly final: boolean;
  readonly start: number;
  readonly end: number;
}

const headOf = (bytes: Buffer): Head | undefined => {
  const [first, second] = [bytes[0], bytes[1]];
  if (first === undefined || second === undefined) return undefined;
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error('a frame with reserved bits, or masked');
  const short = second & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > MESSAGE_MAX_BYTES) throw new Error('a frame that is too long');
  return { opcode: first & 0x0f, final: (first & 0x80) !== 0, start, end: start + length };
};

/** Whole messages and control frames from chunks as they come. Throws for what breaks the protocol. */
export const createMessageReader = (deliver: (opcode: number, payload: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  let kind = 0;
  let parts: Buffer[] = [];
  let size = 0;
  const take = ({ opcode, final }: Head, payload: Buffer): void => {
    if (opcode >= 8) {
      deliver(opcode, payload);
      return;
    }
    if ((opcode === OPCODE.more) === (parts.length === 0)) throw new Error('a fragment out of order');
    if (opcode !== OPCODE.more) kind = opcode;
    parts.push(payload);
    size += payload.length;
    if (size > MESSAGE_MAX_BYTES) throw new Error('a message that is too long');
    if (!final) return;
    const whole = parts.length === 1 ? payload : Buffer.concat(parts);
    parts = [];
    size = 0;
    deliver(kind, whole);
  };
  return (chunk) => {
    let left = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let head = headOf(left); head !== undefined && left.length >= head.end; head = headOf(left)) {
      take(head, left.subarray(head.start, head.end));
      left = left.subarray(head.end);
    }
    rest = left;
  };
};
