import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTar } from './tar.ts';
import { headerBlock, type Member, memberBytes, posixRecord, tarOf } from './testing/tar.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (bytes: Buffer, size = 64 * 1024) => {
  const entries: { name: string; type: string; mode: number; text: string }[] = [];
  for await (const { name, type, mode, content } of readTar(inPieces(bytes, size))) {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    entries.push({ name, type, mode, text: Buffer.concat(pieces).toString() });
  }
  return entries;
};

const names = async (bytes: Buffer): Promise<string[]> => (await read(bytes)).map(({ name }) => name);
const extended = (...records: Buffer[]): Member => ({ name: 'PaxHeader', flag: 'x', text: Buffer.concat(records) });

describe('a tar', () => {
  test.each(['pax', 'gnu', 'ustar'])('of format %s written by tar(1) is read as it is, in pieces of any size', async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'tar-test-'));
    try {
      const long = format === 'ustar' ? `${'d'.repeat(90)}/${'f'.repeat(90)}` : `${'d'.repeat(150)}/${'ü'.repeat(120)}`;
      mkdirSync(join(folder, long, '..'), { recursive: true });
      writeFileSync(join(folder, 'a'), 'text', { mode: 0o755 });
      writeFileSync(join(folder, long), 'x'.repeat(1000));
      const { stdout } = spawnSync('tar', [`--format=${format}`, '--sort=name', '-C', folder, '-c', 'a', long], { encoding: 'buffer' });
      const expected = [
        { name: 'a', type: 'file', mode: 0o755, text: 'text' },
        { name: long, type: 'file', mode: 0o644, text: 'x'.repeat(1000) },
      ];
      for (const size of [1, 511, 512, 513, 65_536]) expect(await read(stdout, size)).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('gives the next entry whether the one before was read, read in part, or not', async () => {
    const bytes = tarOf({ name: 'a', text: 'x'.repeat(5000) }, { name: 'b', text: 'y'.repeat(5000) }, { name: 'c', text: 'z' });
    const seen: string[] = [];
    for await (const { name, content } of readTar(inPieces(bytes, 700))) {
      seen.push(name);
      if (name === 'b') for await (const piece of content) if (piece.length > 0) break;
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('says what kind each entry is', async () => {
    const flags = ['0', '\0', '7', '1', '2', '3', '4', '5', '6', 'S', 'M', 'V'];
    const types = (await read(tarOf(...flags.map((flag) => ({ name: 'x', flag }))))).map(({ type }) => type);
    const file = 'file';
    expect(types).toEqual([
      ...[file, file, file, 'hard link', 'symlink', 'device', 'device', 'folder', 'named pipe'],
      ...['special entry', 'special entry', 'special entry'],
    ]);
    const sparse = tarOf(extended(posixRecord('GNU.sparse.major', '1')), { name: 'x', text: 'map' });
    expect((await read(sparse))[0]?.type).toBe('special entry');
  });

  test('takes names and sizes from extended headers for the next entry only, and comments from nowhere', async () => {
    const global: Member = { name: 'g', flag: 'g', text: posixRecord('path', 'everything') };
    const bytes = tarOf(
      global,
      extended(posixRecord('path', 'real'), posixRecord('mtime', Buffer.from([0xff]))),
      { name: 'short' },
      { name: 'b' },
    );
    expect(await names(bytes)).toEqual(['real', 'b']);
    const gnu = tarOf({ name: '././@LongLink', flag: 'L', text: `${'n'.repeat(300)}\0` }, { name: 'n' });
    expect(await names(gnu)).toEqual(['n'.repeat(300)]);
    const sized = Buffer.concat([
      memberBytes(extended(posixRecord('size', '3'))),
      headerBlock({ name: 'a' }),
      Buffer.from('abc'.padEnd(512, '\0')),
      Buffer.alloc(1024),
    ]);
    expect((await read(sized))[0]?.text).toBe('abc');
  });

  const whole = tarOf({ name: 'a', text: 'x'.repeat(600) });
  const damaged = Buffer.from(whole);
  damaged[0] = 0x62;
  test.each<[string, Buffer]>([
    ['is empty', Buffer.alloc(0)],
    ['ends in a header', whole.subarray(0, 100)],
    ['ends in a file', whole.subarray(0, 700)],
    ['ends in the padding of a file', whole.subarray(0, 1200)],
    ['ends between files, without its mark', whole.subarray(0, 1536)],
    ['has a damaged header', damaged],
    ['is something else', Buffer.alloc(2048, 'x')],
    ['says a file is longer than all that comes', Buffer.concat([headerBlock({ name: 'a', size: 8 ** 11 - 1 }), Buffer.alloc(4096)])],
    ['has a name that is not UTF-8', tarOf({ name: Buffer.from([0xff, 0xfe]) })],
    ['has one in an extended header', tarOf(extended(posixRecord('path', Buffer.from([0xff]))), { name: 'a' })],
    ['has an extended header of a gigabyte', Buffer.concat([headerBlock({ name: 'x', flag: 'x', size: 2 ** 30 }), Buffer.alloc(4096)])],
    ['has a long name of a gigabyte', Buffer.concat([headerBlock({ name: 'x', flag: 'L', size: 2 ** 30 }), Buffer.alloc(4096)])],
    ['is nothing but extended headers', tarOf(...Array.from({ length: 100 }, () => extended(posixRecord('path', 'x'))))],
    ['has records without end', tarOf(extended(Buffer.from('99999 path=x\n')), { name: 'a' })],
    ['has records of no length', tarOf(extended(Buffer.from('0 path=x\n')), { name: 'a' })],
    ['has a size that is no number', tarOf(extended(posixRecord('size', '-1')), { name: 'a' })],
    ['has a size beyond all', tarOf(extended(posixRecord('size', '9'.repeat(30))), { name: 'a' })],
  ])('that %s is refused', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ name: 'TarError' });
    await expect(read(bytes, 1)).rejects.toMatchObject({ name: 'TarError' });
  });
});
