import { Fault } from '@miosa/kernel';
import { callUpgrade } from '../agent/client.ts';
import type { Pool } from '../agent/pool.ts';

const HEAD_MAX_BYTES = 16 * 1024;
const PATH = /^\/[\x21-\x7e]*$/;

export interface ProbeRequest {
  readonly port: number;
  /** Begins with `/`; visible ASCII. */
  readonly path: string;
  readonly timeoutMs: number;
}

/** What an app answers to one request: a status, or why there was none. */
export type ProbeAnswer = { readonly status: number } | { readonly failure: 'refused' | 'no_answer' | 'not_http' };

/** The agent says so of a port without a listener; it adds its code, we only know its words. */
const isRefusal = (error: unknown): boolean => error instanceof Fault && /^Nothing (is listening|listens) on port /.test(error.message);

/** One GET of an app by the way that visitors' requests take. Neither wakes the machine nor counts as use. @throws when the agent does not answer. */
export const probeApp = async (pool: Pool, { port, path, timeoutMs }: ProbeRequest): Promise<ProbeAnswer> => {
  if (!PATH.test(path) || !Number.isInteger(port)) throw new Error('neither port nor path of a probe');
  const until = Date.now() + timeoutMs;
  const call = { method: 'GET', path: `/tunnel/${port}`, timeoutMs } as const;
  const opened = await callUpgrade(pool, call, 'miosa-tunnel').catch((error: unknown) => {
    if (isRefusal(error)) return undefined;
    throw error;
  });
  if (opened === undefined) return { failure: 'refused' };
  const { socket, early } = opened;
  return new Promise((resolve) => {
    let head = early;
    const end = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ failure: 'no_answer' }), Math.max(1, until - Date.now()));
    const read = (): void => {
      const line = head.indexOf('\n');
      if (line < 0) {
        if (head.length > HEAD_MAX_BYTES) end({ failure: 'not_http' });
        return;
      }
      const status = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |\r|\n)/.exec(head.toString('latin1', 0, line + 1))?.[1];
      end(status === undefined ? { failure: 'not_http' } : { status: Number(status) });
    };
    socket.on('data', (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      read();
    });
    socket.on('close', () => end({ failure: 'no_answer' }));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUser-Agent: miosa-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
    socket.resume();
    if (head.length > 0) read();
  });
};
