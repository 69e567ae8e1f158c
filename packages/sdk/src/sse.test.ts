import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ServerSentEvent, SseParser } from './sse.ts';

const parse = (bytes: Uint8Array, cuts: readonly number[] = []): ServerSentEvent[] => {
  const parser = new SseParser();
  const borders = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return borders.slice(1).flatMap((end, i) => parser.push(bytes.subarray(borders[i], end)));
};
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

it('gives the same events wherever the chunks are cut, inside characters and inside CRLF too', () => {
  const stream = text(
    ': hb\r\n\r\nevent: stdout\r\nid: evt_1\r\ndata: {"data":"Zähne 🦷"}\r\n\r\ndata: a\ndata:b\n\nevent: exit\ndata: {}\n\n',
  );
  const whole = parse(stream);
  expect(whole.map((e) => [e.event, e.data, e.id])).toEqual([
    ['stdout', '{"data":"Zähne 🦷"}', 'evt_1'],
    ['message', 'a\nb', 'evt_1'],
    ['exit', '{}', 'evt_1'],
  ]);
  fc.assert(fc.property(fc.array(fc.nat(stream.length)), (cuts) => void expect(parse(stream, cuts)).toEqual(whole)));
});

it('drops an event that the end of the stream cuts off', () => {
  expect(parse(text('data: whole\n\ndata: half\n'))).toHaveLength(1);
});

it('ignores comments, unknown fields and events without data', () => {
  expect(parse(text(': hb\nretry: 5\nevent: nothing\n\n'))).toEqual([]);
});
