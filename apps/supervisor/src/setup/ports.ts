import { createServer } from 'node:net';
import { type Options, SetupError } from '../options.ts';

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });

export const checkPorts = async ({ httpPort, httpsPort }: Options): Promise<void> => {
  for (const [port, option] of [
    [httpPort, '--http-port'],
    [httpsPort, '--https-port'],
  ] as const) {
    if (!(await isFree(port))) {
      throw new SetupError(
        `port ${port} is taken by another program (see 'ss -ltnp sport = :${port}'). Stop it or choose another port with ${option}.`,
      );
    }
  }
};
