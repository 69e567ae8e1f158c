import { connect, type Socket } from 'node:net';
import type { AgentEndpoint } from '../routes/types.ts';

/** `NOTHING_LISTENS`: the agent says so. `AGENT_UNREACHABLE`: the agent itself does not answer as it should. */
export class TunnelError extends Error {
  readonly code: 'NOTHING_LISTENS' | 'AGENT_UNREACHABLE';

  constructor(code: TunnelError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const HANDSHAKE_MS = 10_000;
const MAX_ANSWER_BYTES = 8192;
const END = Buffer.from('\r\n\r\n');

const dial = (endpoint: AgentEndpoint): Socket =>
  'socketPath' in endpoint ? connect(endpoint.socketPath) : connect({ host: endpoint.host, port: endpoint.port, noDelay: true });

const greeting = (endpoint: AgentEndpoint, port: number): string => {
  const secret = 'secret' in endpoint ? `Authorization: Bearer ${endpoint.secret}\r\n` : '';
  return `GET /tunnel/${port} HTTP/1.1\r\nHost: agent\r\n${secret}Connection: Upgrade\r\nUpgrade: miosa-tunnel\r\n\r\n`;
};

const judge = (head: string): TunnelError | null => {
  const status = /^HTTP\/1\.1 ([0-9]{3})(?: |\r)/.exec(head)?.[1];
  if (status === '101') return null;
  if (status === '502') return new TunnelError('NOTHING_LISTENS', 'nothing listens on the port');
  return new TunnelError('AGENT_UNREACHABLE', `the agent answered ${status ?? 'nothing that is HTTP'}`);
};

/**
 * Opens a byte stream to 127.0.0.1:`port` inside a sandbox. Written by hand instead of with `http.request`: this is on the path of
 * every first request, and a raw answer of one line needs no parser.
 */
export const openTunnel = (endpoint: AgentEndpoint, port: number, done: (error: Error | null, socket?: Socket) => void): Socket => {
  const socket = dial(endpoint);
  let answer: Buffer = Buffer.alloc(0);
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('error', onError).off('close', onClose);
    if (error === null) {
      done(null, socket);
      // The HTTP client starts listening in its own next tick; an explicitly paused socket would stay paused.
      return void process.nextTick(() => socket.resume());
    }
    socket.on('error', () => undefined).destroy();
    done(error);
  };
  const onError = (error: Error): void => settle(new TunnelError('AGENT_UNREACHABLE', error.message));
  const onClose = (): void => settle(new TunnelError('AGENT_UNREACHABLE', 'the agent closed the connection'));
  const onData = (chunk: Buffer): void => {
    answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
    const end = answer.indexOf(END);
    if (end < 0) {
      if (answer.length > MAX_ANSWER_BYTES) settle(new TunnelError('AGENT_UNREACHABLE', 'endless answer'));
      return;
    }
    const error = judge(answer.toString('latin1', 0, end + 2));
    const rest = answer.subarray(end + END.length);
    socket.pause();
    if (error === null && rest.length > 0) socket.unshift(rest);
    settle(error);
  };
  const timer = setTimeout(() => settle(new TunnelError('AGENT_UNREACHABLE', 'the agent did not answer in time')), HANDSHAKE_MS);
  socket.on('data', onData).on('error', onError).on('close', onClose);
  socket.write(greeting(endpoint, port));
  return socket;
};
