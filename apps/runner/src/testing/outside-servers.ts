import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';
import { frame, frames } from '../oci/network/dns/frames.ts';

/** Run inside the namespace of `outside.ts`: a resolver that knows a few names and prints what it is asked, and servers that say hello. */
interface Zone {
  readonly [name: string]: { readonly a?: readonly string[]; readonly cname?: string; readonly txt?: string };
}
const { zone, ports } = JSON.parse(process.argv[2] ?? '{}') as { zone: Zone; ports: readonly number[] };

const recordsOf = (name: string, type: string): Answer[] => {
  const entry = zone[name];
  if (entry?.cname !== undefined) return [{ type: 'CNAME', name, ttl: 5, data: entry.cname }, ...recordsOf(entry.cname, type)];
  if (type === 'A') return (entry?.a ?? []).map((data) => ({ type: 'A', name, ttl: 5, data }));
  if (type === 'TXT' && entry?.txt !== undefined) return [{ type: 'TXT', name, ttl: 5, data: entry.txt }];
  return [];
};
const NO_NAME = 3;
const answer = (message: Buffer): Buffer => {
  const packet = decode(message);
  const question = packet.questions?.[0];
  const name = question?.name.toLowerCase() ?? '';
  process.stdout.write(`${question?.type} ${name}\n`);
  return encode({
    type: 'response',
    id: packet.id ?? 0,
    flags: 0x180 | (name in zone ? 0 : NO_NAME),
    questions: packet.questions ?? [],
    answers: recordsOf(name, question?.type ?? ''),
  });
};
const TRUNCATED = 0x200;
const short = (message: Buffer): Buffer => {
  const packet = decode(message);
  return encode({ type: 'response', id: packet.id ?? 0, flags: (packet.flags ?? 0) | TRUNCATED, questions: packet.questions ?? [] });
};

const udp = createSocket({ type: 'udp4' });
udp.on('message', (message, from) => {
  const whole = answer(message);
  udp.send(whole.length > 512 ? short(whole) : whole, from.port, from.address);
});
// Each address by itself: an answer must come from where the question went.
const bound = createSocket({ type: 'udp4' });
bound.on('message', (message, from) => bound.send(answer(message), from.port, from.address));
const [resolver = '', other = ''] = (process.argv[3] ?? '').split(',');
udp.bind(53, resolver);
bound.bind(53, other);
createServer((socket) => {
  socket.on('error', () => {});
  socket.on(
    'data',
    frames((message) => socket.write(frame(answer(message)))),
  );
}).listen(53);
let open = ports.length;
if (open === 0) process.stdout.write('ready\n');
for (const port of ports)
  createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(chunk)); // echo, for connections that last
    socket.write('hello\n');
  }).listen(port, () => {
    open -= 1;
    if (open === 0) process.stdout.write('ready\n');
  });
