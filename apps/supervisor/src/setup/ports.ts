import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Options, SetupError } from '../options.ts';

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** The edge of a supervisor that was killed holds its ports for a moment longer. */
const PREDECESSOR_GONE_WITHIN_MS = 3000;

export const checkPorts = async ({ httpPort, httpsPort }: Options, afterCrash: boolean): Promise<void> => {
  const until = Date.now() + (afterCrash ? PREDECESSOR_GONE_WITHIN_MS : 0);
  for (const [port, option] of [
    [httpPort, '--http-port'],
    [httpsPort, '--https-port'],
  ] as const) {
    while (!(await isFree(port))) {
      if (Date.now() < until) {
        await sleep(50);
        continue;
      }
      throw new SetupError(
        `port ${port} is taken by another program (see 'ss -ltnp sport = :${port}'). Stop it or choose another port with ${option}.`,
      );
    }
  }
};
