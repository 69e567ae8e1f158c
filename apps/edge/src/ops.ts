import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

export interface OpsDeps {
  readonly registry: Registry;
  readonly readiness: () => Readonly<Record<string, boolean>>;
}

/** `/healthz`, `/readyz`, `/metrics` on a unix socket: for the supervisor, never for visitors. */
export const createOps = ({ registry, readiness }: OpsDeps): Server =>
  createServer((req, res) => {
    const json = (status: number, body: object): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (req.url === '/healthz') return json(200, { status: 'ok' });
    if (req.url === '/readyz') {
      const checks = readiness();
      const ready = Object.values(checks).every(Boolean);
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
    }
    if (req.url !== '/metrics') return json(404, { error: { code: 'NOT_FOUND', message: 'There is no such path.' } });
    registry.metrics().then(
      (text) => res.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => json(500, { error: { code: 'INTERNAL', message: 'The metrics could not be read.' } }),
    );
  });

/** Takes the place of a socket that a killed process left behind. */
export const listenOn = async (server: Server, socketPath: string): Promise<void> => {
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o660);
};
