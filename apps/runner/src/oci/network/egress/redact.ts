import { Transform } from 'node:stream';

/** What may be the beginning of a value waits this long for its rest: an answer in small pieces must not stand still. */
const HOLD_MS = 50;
const MASK = 42; // '*'

/** Length of the longest end of `bytes` that a value begins with. */
const openEnd = (bytes: Buffer, values: readonly Buffer[]): number => {
  let longest = 0;
  for (const value of values) {
    const [first = 0] = value;
    for (let at = bytes.indexOf(first, Math.max(0, bytes.length - value.length + 1)); at >= 0; at = bytes.indexOf(first, at + 1)) {
      const length = bytes.length - at;
      if (length <= longest) break;
      if (bytes.subarray(at).equals(value.subarray(0, length))) longest = length;
    }
  }
  return longest;
};

const masked = (bytes: Buffer, values: readonly Buffer[]): Buffer => {
  for (const value of values)
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + value.length)) bytes.fill(MASK, at, at + value.length);
  return bytes;
};

export const redactText = (text: string, values: readonly string[]): string =>
  values.reduce((now, value) => now.replaceAll(value, '*'.repeat(value.length)), text);

/** Puts as many asterisks in the place of each value, so that lengths stay true; holds back less than one value. */
export const redactor = (texts: readonly string[]): Transform => {
  const values = texts.map((text) => Buffer.from(text));
  let held: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const stream: Transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(timer);
      const bytes = masked(Buffer.concat([held, chunk]), values);
      const keep = openEnd(bytes, values);
      held = bytes.subarray(bytes.length - keep);
      if (keep > 0)
        timer = setTimeout(() => {
          stream.push(held);
          held = Buffer.alloc(0);
        }, HOLD_MS);
      done(null, bytes.subarray(0, bytes.length - keep));
    },
    flush(done) {
      clearTimeout(timer);
      done(null, held);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
  return stream;
};
