import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { etagOf, isUnchanged, rangeOf } from './conditions.ts';
import { ENCODINGS } from './file-table.ts';
import { chooseForm, readWeights } from './negotiate.ts';

describe('encodings (RFC 9110 §12.5.3)', () => {
  const sizes = { identity: 100, br: 30, gzip: 40, zstd: 35 };
  const chosen = (header: string | undefined, have: Partial<typeof sizes> = sizes): string | undefined =>
    ENCODINGS[chooseForm(readWeights(header), (i) => have[ENCODINGS[i] ?? 'identity'] ?? -1)];
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['zstd;q=1.0, br;q=0.9', 'zstd'],
    ['br;q=0, gzip', 'gzip'],
    ['br; q=0.001', 'br'],
    ['*', 'br'],
    ['*;q=0.5, br;q=0', 'zstd'],
    ['identity, br;q=0.5', 'identity'],
    ['identity;q=0.2, gzip;q=0.1', 'identity'],
    ['identity;q=0', 'identity'],
    ['identity;q=0, gzip', 'gzip'],
    ['*;q=0', 'identity'],
    ['deflate', 'identity'],
    ['br;q=2', 'identity'],
    ['br;q=x', 'identity'],
    ['br;level=5;q=0.5', 'br'],
    [',,;q=1,', 'identity'],
  ])('%j gets %s', (header, encoding) => expect(chosen(header)).toBe(encoding));

  it('a form that is larger than the plain file is not worth it only where the visitor says so', () => {
    expect(chosen('br', { identity: 10, br: 12 })).toBe('br');
    expect(chosen('br, gzip', { identity: 100, gzip: 20 })).toBe('gzip');
  });

  it('whatever is asked, the form is one the file has', () => {
    fc.assert(
      fc.property(fc.string(), fc.subarray(['br', 'gzip', 'zstd'] as const), (header, have) => {
        const forms: Partial<typeof sizes> = { identity: 1, ...Object.fromEntries(have.map((name) => [name, 1])) };
        return chosen(header, forms) !== undefined && (chosen(header, forms) ?? '') in forms;
      }),
    );
  });
});

describe('conditions', () => {
  const etag = etagOf('ab', 'br');
  it.each([
    [undefined, false],
    ['"ab-br"', true],
    ['W/"ab-br"', true],
    ['"x", "ab-br"', true],
    ['*', true],
    ['"ab"', false],
    ['"ab-gzip"', false],
    ['ab-br', false],
    ['', false],
  ])('If-None-Match: %s', (header, unchanged) => expect(isUnchanged(header, etag)).toBe(unchanged));
  it('every form has a tag of its own', () => {
    expect(new Set(ENCODINGS.map((encoding) => etagOf('ab', encoding))).size).toBe(ENCODINGS.length);
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['BYTES=1-2', { start: 1, end: 2 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', null],
    ['bytes=0-1,3-4', null],
    ['bytes=-', null],
    ['bytes=a-b', null],
    ['bytes=1-2x', null],
    ['bytes=99999999999999999999-', null],
    ['items=0-1', null],
    [undefined, null],
  ])('%s of ten bytes', (header, range) => expect(rangeOf(header, 10)).toEqual(range));

  it('of an empty file there is none', () => {
    expect([rangeOf('bytes=0-', 0), rangeOf('bytes=-1', 0)]).toEqual(['unsatisfiable', 'unsatisfiable']);
  });

  it('lies within the file', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 1e9 }), (first, last, size) => {
        for (const header of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
          const range = rangeOf(header, size);
          if (range === null || range === 'unsatisfiable') continue;
          if (!(range.start >= 0 && range.start <= range.end && range.end < size)) return false;
        }
        return true;
      }),
    );
  });
});
