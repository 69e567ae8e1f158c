import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCutter, type Line } from './lines.ts';
import { BEGINNING, idOf, positionsOf } from './position.ts';
import { createQueue } from './queue.ts';

type Chunk = { readonly stream: 'stdout' | 'stderr'; readonly text: string };
const chunks = fc.array(
  fc.record({
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    text: fc.string({ unit: fc.constantFrom('a', 'é', '\n'), maxLength: 6 }),
  }),
  { maxLength: 12 },
);

/** All output in the order it was written, as the agent's ring has it. */
const ringOf = (all: readonly Chunk[]) => {
  let offset = 0;
  return all.map(({ stream, text }) => {
    const piece = { stream, bytes: Buffer.from(text), offset };
    offset += piece.bytes.length;
    return piece;
  });
};

const read = (all: readonly Chunk[], from = BEGINNING): Line[] => {
  const cutter = createCutter(from);
  const ring = ringOf(all);
  const start = Math.min(from.stdout, from.stderr);
  const lines = ring
    .filter(({ offset, bytes }) => offset + bytes.length > start)
    .flatMap(({ stream, bytes, offset }) => {
      const skip = Math.max(0, start - offset);
      return [...cutter.push(stream, bytes.subarray(skip), offset + skip)];
    });
  return [...lines, ...cutter.end(ring.reduce((sum, { bytes }) => sum + bytes.length, 0))];
};

it('goes on after any line with exactly the lines that follow it, however the two streams are interleaved', () => {
  fc.assert(
    fc.property(chunks, (all) => {
      const whole = read(all);
      for (const stream of ['stdout', 'stderr'] as const) {
        const text = all
          .filter((chunk) => chunk.stream === stream)
          .map((chunk) => chunk.text)
          .join('');
        const expected = text.split('\n').slice(0, text.endsWith('\n') || text === '' ? -1 : undefined);
        expect(whole.filter((line) => line.stream === stream).map(({ line }) => line)).toEqual(expected);
      }
      for (const [i, { offsets }] of whole.entries()) {
        const rest = read(all, offsets).map(({ stream, line }) => `${stream} ${line}`);
        expect(rest).toEqual(whole.slice(i + 1).map(({ stream, line }) => `${stream} ${line}`));
      }
    }),
  );
});

it('gives back the positions it wrote, and refuses what it never wrote', () => {
  const positions = new Map([[`prc_${'0'.repeat(26)}`, { stdout: 12, stderr: 123_456_789 }]]);
  expect(positionsOf(idOf(positions))).toEqual(positions);
  expect(positionsOf(undefined)).toBeUndefined();
  for (const wrong of [
    'x',
    'none',
    Buffer.from('../../env:1:1').toString('base64url'),
    Buffer.from(`${'0'.repeat(26)}:1`).toString('base64url'),
  ])
    expect(() => positionsOf(wrong)).toThrow('not a position');
});

it('holds writers back while nobody reads, and lets them go when the reader is gone', async () => {
  const queue = createQueue<number>();
  let pushed = 0;
  const writing = (async () => {
    while (await queue.push(pushed)) pushed += 1;
  })();
  await new Promise((resolve) => setImmediate(resolve));
  const held = pushed;
  expect(held).toBeLessThan(1000);
  for await (const value of queue) if (value === held + 10) break;
  queue.end();
  await writing;
  expect(pushed).toBeGreaterThan(held);
});
