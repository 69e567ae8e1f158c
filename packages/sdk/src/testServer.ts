import './testClean.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Test helper: a scripted HTTP server. Each request is recorded and answered by the next step; the last step repeats. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
export type Step = (response: ServerResponse, request: Recorded) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const failure = (status: number, code: string, headers: Record<string, string> = {}, details?: object): Step =>
  json(status, { error: { code, message: `${code} happened`, request_id: 'req_1', details } }, headers);

/** Cuts the connection without an answer. */
export const hangUp: Step = (response) => {
  response.destroy();
};

export const sseOf = (...events: object[]): string =>
  events.map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

export const startServer = async (
  ...steps: Step[]
): Promise<{ url: string; requests: Recorded[]; close: () => Promise<void> } & AsyncDisposable> => {
  const requests: Recorded[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const recorded = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      const step = steps[Math.min(requests.length, steps.length - 1)];
      requests.push(recorded);
      if (step === undefined) response.destroy();
      else step(response, recorded);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close, [Symbol.asyncDispose]: close };
};
