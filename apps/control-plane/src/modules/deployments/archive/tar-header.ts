/** One header block of a tar, and what extended headers say about an entry. */
export const BLOCK = 512;

/** What is wrong with an archive, as the end of a sentence. */
export class TarError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'TarError';
  }
}

export interface TarEntry {
  /** As the archive says: not checked. */
  readonly name: string;
  readonly type: 'file' | 'folder' | 'symlink' | 'hard link' | 'device' | 'named pipe' | 'special entry';
  /** Permissions only. */
  readonly mode: number;
  readonly sizeBytes: number;
}

interface Header {
  readonly flag: string;
  readonly nameBytes: Buffer;
  readonly mode: number;
  readonly sizeBytes: number;
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'folder',
  '6': 'named pipe',
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

const textOf = (bytes: Buffer): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new TarError('a name is not UTF-8');
  }
};

const untilNul = (field: Buffer): Buffer => {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
};

/** Octal digits, or GNU's base 256 for what needs more. */
const numberOf = (field: Buffer): number => {
  const [first = 0] = field;
  if (first === 0x80) {
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new TarError('a number in a header is too large');
    return value;
  }
  const text = untilNul(field).toString('latin1').trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw new TarError('a header is not valid');
  return Number.parseInt(text, 8);
};

/** The checksum counts its own field as spaces. */
const sumOf = (block: Buffer): number => {
  let sum = 8 * 0x20;
  for (let n = 0; n < BLOCK; n += 1) if (n < 148 || n >= 156) sum += block[n] ?? 0;
  return sum;
};

/** @throws TarError */
export const headerOf = (block: Buffer): Header => {
  if (numberOf(block.subarray(148, 156)) !== sumOf(block)) throw new TarError('it is not a tar, or is damaged');
  const name = untilNul(block.subarray(0, 100));
  // Of old GNU headers, where times stand in that place, only POSIX ones have a prefix.
  const prefix = block.subarray(257, 263).equals(Buffer.from('ustar\0')) ? untilNul(block.subarray(345, 500)) : Buffer.alloc(0);
  return {
    flag: String.fromCharCode(block[156] ?? 0),
    nameBytes: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    mode: numberOf(block.subarray(100, 108)) & 0o777,
    sizeBytes: numberOf(block.subarray(124, 136)),
  };
};

const LONGEST_NUMBER = 16;

/** `<length> <key>=<value>\n`, again and again; the length counts all of it. */
const posixRecords = (text: Buffer): Map<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const space = text.subarray(at, at + LONGEST_NUMBER).indexOf(0x20);
    const digits = text.subarray(at, at + Math.max(space, 0)).toString('latin1');
    const record = text.subarray(at + space + 1, at + Number(digits));
    const equals = record.indexOf(0x3d);
    if (!/^[1-9][0-9]*$/.test(digits) || at + Number(digits) > text.length || equals < 1 || record.at(-1) !== 0x0a)
      throw new TarError('an extended header is not valid');
    const key = record.subarray(0, equals).toString('latin1');
    // Others (times, attributes) may hold any bytes, and say nothing that counts here.
    if (key === 'path' || key === 'size') records.set(key, textOf(record.subarray(equals + 1, -1)));
    else if (key.startsWith('GNU.sparse.')) records.set('sparse', '');
    at += Number(digits);
  }
  return records;
};

/** What is known of the next entry, with one more extended header. Global ones (comments of git) change nothing. */
export const applyRecords = (known: ReadonlyMap<string, string>, flag: string, text: Buffer): Map<string, string> => {
  if (flag === 'x') return new Map([...known, ...posixRecords(text)]);
  if (flag === 'L') return new Map([...known, ['path', textOf(untilNul(text))]]);
  return new Map(known);
};

export const entryOf = (header: Header, records: ReadonlyMap<string, string>): TarEntry => {
  const name = records.get('path') ?? textOf(header.nameBytes);
  const size = records.get('size');
  if (size !== undefined && !/^[0-9]{1,15}$/.test(size)) throw new TarError('an extended header is not valid');
  // Of old archives: a file whose name ends so is a folder.
  const said = TYPES[header.flag] === 'file' && name.endsWith('/') ? 'folder' : TYPES[header.flag];
  const type = records.has('sparse') ? 'special entry' : (said ?? 'special entry');
  const sizeBytes = size === undefined ? header.sizeBytes : Number(size);
  // Links and the like have no content, whatever the size says.
  return { name, type, mode: header.mode, sizeBytes: type === 'file' || type === 'special entry' || type === 'folder' ? sizeBytes : 0 };
};
