import { request } from 'node:http';

export interface SocketReply {
  readonly status: number;
  readonly body: string;
}

/** One small HTTP request over a unix socket. Rejects when nobody listens or the answer takes longer than `timeoutMs`. */
export const ask = (
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  options: { readonly body?: unknown; readonly timeoutMs?: number } = {},
): Promise<SocketReply> =>
  new Promise((resolve, reject) => {
    const text = options.body === undefined ? undefined : JSON.stringify(options.body);
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        timeout: options.timeoutMs ?? 5000,
        headers: {
          host: 'localhost',
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${socketPath}${path}`)));
    outgoing.on('error', reject);
    outgoing.end(text);
  });

/** True when the endpoint answers 200. */
export const isReady = (socketPath: string, path: string): Promise<boolean> =>
  ask(socketPath, 'GET', path, { timeoutMs: 2000 }).then(
    ({ status }) => status === 200,
    () => false,
  );
