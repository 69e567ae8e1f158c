/** Bytes of a stream by number instead of by chunk. Constant memory: no more than a chunk and what was asked for is held. */
export interface ByteReader {
  /** Exactly so many bytes; fewer at the end of the stream. */
  take(count: number): Promise<Buffer>;
  /** The next so many bytes in the pieces they come in; fewer at the end of the stream. */
  pieces(count: number): AsyncGenerator<Buffer, void, undefined>;
  /** Reads on to the end of the stream. */
  drain(): Promise<void>;
  /** Nothing more is wanted. */
  close(): Promise<void>;
}

export const createByteReader = (source: AsyncIterable<Buffer>): ByteReader => {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  /** At most so many bytes; empty at the end. */
  const some = async (most: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return rest;
      rest = next.value;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    return piece;
  };
  return {
    take: async (count) => {
      const first = await some(count);
      if (first.length === count || first.length === 0) return first;
      const parts = [first];
      for (let left = count - first.length; left > 0; ) {
        const piece = await some(left);
        if (piece.length === 0) break;
        parts.push(piece);
        left -= piece.length;
      }
      return Buffer.concat(parts);
    },
    pieces: async function* (count) {
      for (let left = count; left > 0; ) {
        const piece = await some(left);
        if (piece.length === 0) return;
        left -= piece.length;
        yield piece;
      }
    },
    drain: async () => {
      while ((await some(Number.MAX_SAFE_INTEGER)).length > 0);
    },
    close: async () => {
      await chunks.return?.();
    },
  };
};
