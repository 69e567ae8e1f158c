import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The resident launch helper (`launch/`): raw system calls and fork boundaries on our behalf. */
export interface Helper {
  call<T>(op: string, body: object): Promise<T>;
  /** Ends it; pooled network namespaces vanish with it. Resolves when it is gone. */
  close(): Promise<void>;
}

interface Reply {
  readonly n: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** `onExit` is called when it ends without `close`: its pooled slots are gone then, and the runner should start over. */
export const startHelper = (path: string, onExit: (reason: string) => void): Helper => {
  const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let count = 0;
  let closing = false;
  const gone = new Promise<void>((resolve) => {
    const ended = (reason: string) => {
      for (const call of waiting.values()) call.reject(new Error(reason));
      waiting.clear();
      resolve();
      if (!closing) onExit(reason);
    };
    child.once('error', (error) => ended(`launch helper: ${error.message}`));
    child.once('exit', (code, signal) => ended(`launch helper ended (${signal ?? code})`));
  });
  child.stdin.on('error', () => {}); // its exit is reported above
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    const call = waiting.get(reply.n);
    waiting.delete(reply.n);
    if (reply.error === undefined) call?.resolve(reply.result);
    else call?.reject(new Error(reply.error));
  });
  return {
    call: <T>(op: string, body: object) =>
      new Promise<T>((resolve, reject) => {
        count += 1;
        waiting.set(count, { resolve: resolve as (value: unknown) => void, reject });
        child.stdin.write(`${JSON.stringify({ ...body, n: count, op })}\n`);
      }),
    close: () => {
      closing = true;
      child.stdin.end();
      return gone;
    },
  };
};
