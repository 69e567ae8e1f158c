/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One range of a file of `size` bytes (RFC 9110 §14); `undefined`: none that counts, so the whole is sent; null: none that can be satisfied. */
export const rangeOf = (header: string | undefined, size: number): ByteRange | null | undefined => {
  const match = header === undefined ? null : /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header.trim());
  if (match === null) return undefined; // several ranges, another unit: sending everything is allowed
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? null : { start, end };
};
