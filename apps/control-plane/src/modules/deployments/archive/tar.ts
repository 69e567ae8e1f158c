import { createByteReader } from './chunks.ts';
import { applyRecords, BLOCK, entryOf, headerOf, type TarEntry, TarError } from './tar-header.ts';

/** Extended headers hold names and numbers; one that is longer is an attack on our memory. */
const EXTENDED_MAX_BYTES = 64 * 1024;
/** Of one entry: a GNU long name, a long link, a POSIX header; with room. */
const EXTENDED_MAX = 4;

export interface TarFile extends TarEntry {
  /** To be read before the next entry is asked for; what is left unread is passed over. @throws TarError when the archive ends in it. */
  readonly content: AsyncGenerator<Buffer, void, undefined>;
}

const padding = (sizeBytes: number): number => (BLOCK - (sizeBytes % BLOCK)) % BLOCK;

/**
 * Entries of a tar (POSIX.1-2001 with extended headers, or GNU) as they come. Constant memory whatever the archive says; what its names mean is
 * for the caller to judge. Reads the stream to its end. @throws TarError what is wrong with it.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarFile, void, undefined> {
  const reader = createByteReader(source);
  let records: Map<string, string> = new Map();
  let extended = 0;
  for (;;) {
    const block = await reader.take(BLOCK);
    // An archive that was cut between two files must not pass for a smaller one.
    if (block.length < BLOCK) throw new TarError('it ends too early');
    if (block.every((byte) => byte === 0)) break;
    const header = headerOf(block);
    const isExtension = 'xgLK'.includes(header.flag);
    if (isExtension) {
      extended += 1;
      if (header.sizeBytes > EXTENDED_MAX_BYTES || extended > EXTENDED_MAX) throw new TarError('an extended header is too long');
      const text = await reader.take(header.sizeBytes + padding(header.sizeBytes));
      if (text.length < header.sizeBytes + padding(header.sizeBytes)) throw new TarError('it ends too early');
      records = applyRecords(records, header.flag, text.subarray(0, header.sizeBytes));
      continue;
    }
    const entry = entryOf(header, records);
    [records, extended] = [new Map(), 0];
    let left = entry.sizeBytes;
    const content = (async function* () {
      for await (const piece of reader.pieces(left)) {
        left -= piece.length;
        yield piece;
      }
      if (left > 0) throw new TarError('it ends too early');
    })();
    yield { ...entry, content };
    await content.return(); // a generator in the middle of its bytes would take from what follows
    for await (const piece of reader.pieces(left)) left -= piece.length;
    const pad = padding(entry.sizeBytes);
    if (left > 0 || (await reader.take(pad)).length < pad) throw new TarError('it ends too early');
  }
  await reader.drain();
}
