import { randomBytes } from 'node:crypto';
import { type Answer, decode, encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { addressAnswer, fitted, followChain, noName, readQuery, readUpstream, upstreamQuestion } from './answers.ts';
import { frame, frames } from './frames.ts';

const question = (name: string, more: object = {}): Buffer =>
  encode({ type: 'query', id: 9, flags: 0x100, questions: [{ type: 'A', name, class: 'IN' }], ...more });
const asked = (name: string) => {
  const query = readQuery(question(name));
  if (query === null) throw new Error('not a query');
  return query;
};
const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl });
const cname = (name: string, data: string, ttl = 60): Answer => ({ type: 'CNAME', name, data, ttl });

describe('questions', () => {
  it('are read without regard to case, which is given back', () => {
    const query = asked('WeB.Example.COM');
    expect(query).toMatchObject({ id: 9, name: 'web.example.com', type: 'A', isRecursive: true, sizeMax: 512 });
    expect(decode(noName(query))).toMatchObject({ id: 9, rcode: 'NXDOMAIN', questions: [{ name: 'WeB.Example.COM' }] });
  });
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', randomBytes(40)],
    ['an answer', encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'a.example' }] })],
    [
      'two questions',
      encode({
        type: 'query',
        questions: [
          { type: 'A', name: 'a.example' },
          { type: 'A', name: 'b.example' },
        ],
      }),
    ],
    ['an update', encode({ type: 'query', flags: 0x2800, questions: [{ type: 'A', name: 'a.example' }] })],
    ['another class', encode({ type: 'query', questions: [{ type: 'A', name: 'a.example', class: 'CH' }] })],
    ['a name with odd characters', question('a b.example')],
  ])('%s is none', (_what, message) => {
    expect(readQuery(message)).toBeNull();
  });
});

describe('answers from outside', () => {
  const query = asked('a.example');
  const reply = (id: number, name: string): Buffer =>
    encode({ type: 'response', id, questions: [{ type: 'A', name }], answers: [a(name, '1.2.3.4')] });
  it('count only with the number and name that were sent', () => {
    expect(decode(upstreamQuestion(5, query))).toMatchObject({ id: 5, questions: [{ name: 'a.example' }] });
    expect(readUpstream(reply(5, 'A.example'), 5, query)?.answers).toHaveLength(1);
    expect(readUpstream(reply(6, 'a.example'), 5, query)).toBeNull();
    expect(readUpstream(reply(5, 'b.example'), 5, query)).toBeNull();
    expect(readUpstream(randomBytes(30), 5, query)).toBeNull();
  });
  it('are followed along their chain; what is beside it is left', () => {
    const answers = [
      a('evil.example', '6.6.6.6'),
      cname('a.example', 'B.example', 30),
      a('b.example', '1.2.3.4', 90),
      a('a.example', '7.7.7.7'),
    ];
    expect(followChain(query, answers)).toMatchObject({ names: ['a.example', 'b.example'], addresses: ['1.2.3.4'], ttl: 30 });
  });
  it('may not run in a circle', () => {
    expect(followChain(query, [cname('a.example', 'b.example'), cname('b.example', 'a.example')]).names).toEqual([
      'a.example',
      'b.example',
    ]);
  });
});

describe('answers to a sandbox', () => {
  const query = asked('a.example');
  it('hold the chain and the addresses that were granted', () => {
    const { answers } = decode(addressAnswer(query, ['a.example', 'b.example'], { addresses: ['1.2.3.4'], ttl: 5 }));
    expect(answers).toMatchObject([
      { type: 'CNAME', name: 'a.example', data: 'b.example', ttl: 5 },
      { type: 'A', name: 'b.example', data: '1.2.3.4', ttl: 5 },
    ]);
  });
  it('that do not fit are cut off, so that they are asked for over TCP', () => {
    const addresses = Array.from({ length: 60 }, (_, i) => `1.2.3.${i}`);
    const whole = addressAnswer(query, ['a.example'], { addresses, ttl: 5 });
    expect(whole.length).toBeGreaterThan(512);
    expect(decode(fitted(whole, query))).toMatchObject({ flag_tc: true, answers: [] });
  });
});

it('messages over TCP are put together from any pieces', () => {
  const seen: string[] = [];
  const feed = frames((message) => seen.push(message.toString()));
  for (const byte of Buffer.concat([frame(Buffer.from('one')), frame(Buffer.from('two'))])) feed(Buffer.from([byte]));
  expect(seen).toEqual(['one', 'two']);
});
