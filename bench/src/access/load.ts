import { fork } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { percentile } from '../stats.ts';

/** GET requests as fast as they are answered: each connection is kept alive and sends its next request when the last one was answered. */
export interface LoadJob {
  readonly socketPath: string;
  readonly connections: number;
  readonly seconds: number;
  readonly path: string;
  /** Used in turn; empty: no credential is sent. */
  readonly keys: readonly string[];
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly key?: string | undefined;
  /** Address of the client, as the edge would name it. */
  readonly from?: string;
  /** JSON. */
  readonly body?: string;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Status of the first answer in `bytes` and its length, or null while it is not all there. */
const answerIn = (bytes: Buffer): { readonly status: string; readonly length: number } | null => {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const body = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (body === undefined) throw new Error(`an answer without a length: ${head}`);
  const length = end + HEAD_END.length + Number(body);
  return bytes.length < length ? null : { status: head.slice(9, 12), length };
};

/** One kept-alive connection. A bare socket: Node's HTTP client would cost more than the server that is measured. */
export const connect = (socketPath: string) => {
  const socket: Socket = createConnection(socketPath);
  let pending: Buffer = Buffer.alloc(0);
  let settle: { resolve(status: string): void; reject(error: Error): void } | undefined;
  socket.on('data', (chunk: Buffer) => {
    try {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const answer = answerIn(pending);
      if (answer === null) return;
      pending = pending.subarray(answer.length);
      settle?.resolve(answer.status);
    } catch (error) {
      settle?.reject(error as Error);
    }
  });
  socket.on('error', (error) => settle?.reject(error));
  socket.on('close', () => settle?.reject(new Error('the server closed the connection')));
  return {
    /** Answers with the status. */
    send: ({ method = 'GET', path, key, from = '203.0.113.7', body }: Ask): Promise<string> =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        const credential = key === undefined ? '' : `authorization: Bearer ${key}\r\n`;
        const content =
          body === undefined ? '\r\n' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
        socket.write(`${method} ${path} HTTP/1.1\r\nhost: api.miosa.localhost\r\nx-forwarded-for: ${from}\r\n${credential}${content}`);
      }),
    close: () => {
      settle = undefined;
      socket.destroy();
    },
  };
};

const run = async ({ socketPath, connections, seconds, path, keys }: LoadJob): Promise<LoadResult> => {
  const ms: number[] = [];
  const statuses: Record<string, number> = {};
  let turn = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const work = async (): Promise<void> => {
    const connection = connect(socketPath);
    while (performance.now() < end) {
      const sent = performance.now();
      const status = await connection.send({ path, key: keys[turn++ % keys.length] });
      ms.push(performance.now() - sent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  const perSecond = (ms.length / (performance.now() - started)) * 1000;
  return { perSecond, p50Ms: percentile(ms, 50), p99Ms: percentile(ms, 99), statuses };
};

/** A process of its own, so that the load generator takes no time from what is measured. */
export const startLoader = () => {
  const child = fork(fileURLToPath(import.meta.url), ['worker']);
  let settle: { resolve(result: LoadResult): void; reject(error: Error): void } | undefined;
  child.on('message', (result) => settle?.resolve(result as LoadResult));
  child.once('exit', () => settle?.reject(new Error('the load generator ended')));
  return {
    /** One at a time. */
    load: (job: LoadJob): Promise<LoadResult> =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        child.send(job);
      }),
    stop: (): void => child.disconnect(),
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'worker')
  process.on('message', async (job: LoadJob) => process.send?.(await run(job)));
