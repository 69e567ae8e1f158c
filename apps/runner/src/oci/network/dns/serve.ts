import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { gate } from '../gate.ts';
import { addressAnswer, empty, failure, fitted, followChain, noName, otherAnswer, type Query, RCODE, readQuery } from './answers.ts';
import { frame, frames } from './frames.ts';
import type { Found, Granted, Question, Verdict } from './protocol.ts';
import { askUpstream } from './upstream.ts';

/** Questions under way; more are dropped, and a resolver asks again. */
const PENDING_MAX = 1024;
const PENDING_PER_SOURCE = 32;
const CONNECTIONS_MAX = 256;
const CONNECTIONS_PER_SOURCE = 4;
const IDLE_MS = 5000;
/** Programs learn this soon that a host is not the proxy's any more. */
const INSTEAD_TTL_SECONDS = 10;

export interface Judge {
  upstream(): string | null;
  judge(question: Question): Promise<Verdict>;
  grant(found: Found): Promise<Granted>;
}

const answerTo = async (query: Query, source: string, judge: Judge): Promise<Buffer> => {
  const verdict = await judge.judge({ source, name: query.name, type: query.type });
  if (verdict === 'refuse') return noName(query);
  if (verdict === 'empty') return empty(query);
  if (verdict !== 'forward') return addressAnswer(query, [query.name], { addresses: [verdict.instead], ttl: INSTEAD_TTL_SECONDS });
  const server = judge.upstream();
  const upstream = server === null ? null : await askUpstream(server, query);
  if (upstream === null || (upstream.rcode !== RCODE.ok && upstream.rcode !== RCODE.noName)) return failure(query);
  if (query.type !== 'A') return otherAnswer(query, upstream);
  if (upstream.rcode === RCODE.noName) return noName(query);
  const { names, addresses, ttl } = followChain(query, upstream.answers);
  const granted = await judge.grant({ source, names, addresses, ttl });
  return granted === null ? noName(query) : addressAnswer(query, names, granted);
};

/** Answers on port 53, UDP and TCP. Resolves when both listen. */
export const serveDns = async (judge: Judge, port = 53): Promise<void> => {
  const pending = gate(PENDING_MAX, PENDING_PER_SOURCE);
  const connections = gate(CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE);
  const handle = (message: Buffer, source: string, send: (answer: Buffer, query: Query) => void): void => {
    const query = readQuery(message);
    if (query === null || !pending.enter(source)) return;
    answerTo(query, source, judge)
      .catch(() => failure(query))
      .then((answer) => send(answer, query))
      .catch(() => {}) // whoever asked is gone
      .finally(() => pending.leave(source));
  };
  const udp = createSocket('udp4');
  udp.on('message', (message, from) =>
    handle(message, from.address, (answer, query) => udp.send(fitted(answer, query), from.port, from.address, () => {})),
  );
  udp.on('error', () => {}); // of one answer; the socket goes on
  const tcp = createServer((socket) => {
    const source = socket.remoteAddress ?? '';
    if (!connections.enter(source)) return void socket.destroy();
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => connections.leave(source));
    const onMessage = (message: Buffer): void => handle(message, source, (answer) => socket.write(frame(answer)));
    socket.on('data', frames(onMessage));
  });
  await Promise.all([
    new Promise<void>((resolve) => udp.bind(port, '0.0.0.0', resolve)),
    new Promise<void>((resolve) => tcp.listen(port, '0.0.0.0', resolve)),
  ]);
};
