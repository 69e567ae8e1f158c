import { nonsense } from '../agent/faults.ts';

/** Frames of the agent's attach protocol: one byte what, four bytes length (big endian), the bytes. */
const DATA = 0x64;
const CONTROL = 0x6a;
const HEAD_BYTES = 5;
/** The agent sends 32 KiB at most; one that claims more must not fill our memory. */
const FRAME_MAX_BYTES = 1024 * 1024;

export type Frame = { readonly kind: 'data'; readonly bytes: Buffer } | { readonly kind: 'control'; readonly message: unknown };

const headOf = (what: number, length: number): Buffer => {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head[0] = what;
  head.writeUInt32BE(length, 1);
  return head;
};

export const dataFrame = (bytes: Buffer): Buffer[] => [headOf(DATA, bytes.length), bytes];

export const controlFrame = (message: object): Buffer[] => {
  const body = Buffer.from(JSON.stringify(message));
  return [headOf(CONTROL, body.length), body];
};

const frameOf = (what: number | undefined, bytes: Buffer): Frame => {
  if (what === DATA) return { kind: 'data', bytes };
  if (what !== CONTROL) throw nonsense(`terminal frame of kind ${what}`);
  try {
    return { kind: 'control', message: JSON.parse(bytes.toString('utf8')) };
  } catch {
    throw nonsense('a control frame of the terminal is not JSON');
  }
};

/** Frames from chunks as they come. Throws for what no agent of ours sends. */
export const createFrameReader = (): ((chunk: Buffer) => Frame[]) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const length = all.readUInt32BE(at + 1);
      if (length > FRAME_MAX_BYTES) throw nonsense(`terminal frame of ${length} bytes`);
      const end = at + HEAD_BYTES + length;
      if (all.length < end) break;
      frames.push(frameOf(all[at], all.subarray(at + HEAD_BYTES, end)));
      at = end;
    }
    rest = all.subarray(at);
    return frames;
  };
};
