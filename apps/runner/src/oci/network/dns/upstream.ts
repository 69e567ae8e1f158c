import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Query, readUpstream, type Upstream, upstreamQuestion } from './answers.ts';
import { frame, frames } from './frames.ts';

const PORT = 53;
const TRY_MS = 1500;

const once = <T>(ms: number, start: (settle: (value: T | null) => void) => () => void): Promise<T | null> =>
  new Promise((resolve) => {
    let stop = (): void => {};
    const settle = (value: T | null): void => {
      clearTimeout(timer);
      stop();
      resolve(value);
    };
    const timer = setTimeout(settle, ms, null);
    stop = start(settle);
  });

/** A socket of its own for each question: port and id together are what a forger has to guess. */
const overUdp = (server: string, query: Query): Promise<Upstream | null> =>
  once(TRY_MS, (settle) => {
    const id = randomInt(65_536);
    const socket = createSocket('udp4');
    socket.on('error', () => settle(null));
    socket.on('message', (message) => {
      const answer = readUpstream(message, id, query);
      if (answer !== null) settle(answer);
    });
    socket.connect(PORT, server, () => socket.send(upstreamQuestion(id, query)));
    return () => socket.close();
  });

const overTcp = (server: string, query: Query): Promise<Upstream | null> =>
  once(2 * TRY_MS, (settle) => {
    const id = randomInt(65_536);
    const socket = connect(PORT, server, () => socket.write(frame(upstreamQuestion(id, query))));
    socket.on('error', () => settle(null));
    socket.on('close', () => settle(null));
    socket.on(
      'data',
      frames((message) => settle(readUpstream(message, id, query))),
    );
    return () => socket.destroy();
  });

/** Two tries over UDP, over TCP what does not fit. Null: no answer. */
export const askUpstream = async (server: string, query: Query): Promise<Upstream | null> => {
  const answer = (await overUdp(server, query)) ?? (await overUdp(server, query));
  return answer?.isTruncated === true ? overTcp(server, query) : answer;
};
