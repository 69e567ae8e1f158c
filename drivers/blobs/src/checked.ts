import { createHash } from 'node:crypto';
import { otherBytes } from './key.ts';

export interface Expected {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Bytes on their way, refused when there are more, fewer or others than expected. The last ones are held back until all are known to be right:
 * nobody who counts ever has a complete wrong content.
 */
export async function* checked(source: AsyncIterable<Uint8Array>, { sha256, sizeBytes }: Expected): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  let last: Uint8Array | null = null;
  for await (const chunk of source) {
    hash.update(chunk);
    size += chunk.length;
    if (size > sizeBytes) throw otherBytes();
    if (last !== null) yield last;
    last = chunk;
  }
  if (size !== sizeBytes || hash.digest('hex') !== sha256) throw otherBytes();
  if (last !== null) yield last;
}
