import { type IncomingMessage, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Call {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  /** TLS with this server name; false for plain HTTP. */
  readonly tls?: string | false;
}

const read = (message: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => resolve(Buffer.concat(chunks).toString()));
    message.on('error', reject);
  });

/** Starts a request and hands over the answer as soon as its head is there. */
export const open = ({ port, host, path = '/', method = 'GET', headers = {}, body, tls = false }: Call): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const common = { host: '127.0.0.1', port, path, method, headers: { host, ...headers }, agent: false as const };
    const call = tls === false ? request(common, resolve) : tlsRequest({ ...common, rejectUnauthorized: false, servername: tls }, resolve);
    call.on('error', reject);
    call.end(body);
  });

export const call = async (options: Call): Promise<Answer> => {
  const message = await open(options);
  return { status: message.statusCode ?? 0, headers: message.headers, body: await read(message) };
};

/** Sends bytes as they are and returns all that comes back until the other side closes. */
export const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    const settle = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    // A server that waits for more has nothing further to say to what was sent.
    socket.setTimeout(700, settle);
    socket.on('close', settle).on('error', settle);
  });
