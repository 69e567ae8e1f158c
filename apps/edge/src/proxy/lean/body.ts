import type { Framing } from './head.ts';

/** Takes the next bytes and gives out content. */
export interface BodyReader {
  /** How many of the bytes belonged to the body once it is complete; -1: more is to come; -2: it is malformed. */
  push(bytes: Buffer, content: (part: Buffer) => void): number;
}

const MORE = -1;
const MALFORMED = -2;
/** Chunk extensions and trailers are dropped; nobody needs more. */
const MAX_LINE_BYTES = 8_192;

const counted = (total: number): BodyReader => {
  let left = total;
  return {
    push: (bytes, content) => {
      const own = bytes.length <= left ? bytes : bytes.subarray(0, left);
      left -= own.length;
      if (own.length > 0) content(own);
      return left === 0 ? own.length : MORE;
    },
  };
};

const untilClose: BodyReader = {
  push: (bytes, content) => {
    content(bytes);
    return MORE;
  },
};

const SIZE_LINE = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

/** RFC 9112 §7.1, lines ended by CR LF and nothing else. */
const chunked = (): BodyReader => {
  let left = 0;
  let expects: 'size' | 'content' | 'content end' | 'trailer' = 'size';
  let line = '';
  let spent = 0;

  /** The next whole line, without its end; null: more is to come; a lone CR or LF makes it unreadable. */
  const takeLine = (bytes: Buffer, from: number): { readonly text: string | null; readonly at: number } => {
    const end = bytes.indexOf(0x0a, from);
    line += bytes.toString('latin1', from, end < 0 ? bytes.length : end + 1);
    spent += (end < 0 ? bytes.length : end + 1) - from;
    if (end < 0) return { text: null, at: bytes.length };
    const text = line.endsWith('\r\n') ? line.slice(0, -2) : '\n';
    line = '';
    return { text, at: end + 1 };
  };

  const onLine = (text: string): 'go on' | 'done' | 'malformed' => {
    if (expects === 'content end') {
      expects = 'size';
      return text === '' ? 'go on' : 'malformed';
    }
    if (expects === 'trailer') return text === '' ? 'done' : /[\r\n\0]/.test(text) ? 'malformed' : 'go on';
    const size = SIZE_LINE.exec(text)?.[1];
    if (size === undefined) return 'malformed';
    left = Number.parseInt(size, 16);
    expects = left === 0 ? 'trailer' : 'content';
    spent = 0;
    return 'go on';
  };

  return {
    push: (bytes, content) => {
      for (let at = 0; at < bytes.length; ) {
        if (expects === 'content') {
          const own = bytes.subarray(at, Math.min(bytes.length, at + left));
          at += own.length;
          left -= own.length;
          if (left === 0) expects = 'content end';
          content(own);
          continue;
        }
        const taken = takeLine(bytes, at);
        at = taken.at;
        if (spent > MAX_LINE_BYTES) return MALFORMED;
        if (taken.text === null) continue;
        const verdict = onLine(taken.text);
        if (verdict === 'malformed') return MALFORMED;
        if (verdict === 'done') return at;
      }
      return MORE;
    },
  };
};

export const bodyReader = (framing: Framing): BodyReader =>
  framing === 'chunked' ? chunked() : framing === 'close' ? untilClose : counted(framing);
