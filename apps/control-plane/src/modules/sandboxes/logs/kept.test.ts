import { expect, it } from 'vitest';
import { type KeptLine, keepLines } from './kept.ts';

const open = () => {
  const stored: KeptLine[] = [];
  const keeper = keepLines<KeptLine>({
    write: async (lines) => void stored.push(...lines),
    shape: (line) => ({ ...line, line: line.line.replaceAll('secret', '[KEY]') }),
    now: () => new Date(0),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return { stored, keeper };
};

it('a full log says so, drops what follows, and still tells how it ended and what was said last', async () => {
  const { stored, keeper } = open();
  const output = keeper.output();
  for (let i = 0; i < 300; i++) output.push('stdout', Buffer.from('line\n'.repeat(1000)));
  output.push('stderr', Buffer.from('the reason is secret\n'));
  output.end();
  keeper.say('It failed.');
  expect(keeper.tail().map(({ line }) => line)).toContain('the reason is [KEY]');
  await keeper.close();
  expect(stored.length).toBe(20_002);
  expect(stored.slice(-2).map(({ stream, line }) => [stream, line])).toEqual([
    ['system', 'The log is full: what follows is not kept.'],
    ['system', 'It failed.'],
  ]);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1));
});

it('a line is one however it arrives, and nothing it holds is stored that must not be', async () => {
  const { stored, keeper } = open();
  const output = keeper.output();
  for (const part of ['a sec', 'ret\nb\0', '\nrest']) output.push('stdout', Buffer.from(part));
  output.end();
  await keeper.close();
  expect(stored.map(({ line }) => line)).toEqual(['a [KEY]', 'b\uFFFD', 'rest']);
});
