import { Agent, request } from 'node:http';

export interface InternalAnswer {
  readonly status: number;
  readonly body: string;
}

/** Calls to the control plane's internal socket. Rejects when it cannot be reached or is too slow. */
export interface Internal {
  post(path: string, body: object, timeoutMs: number): Promise<InternalAnswer>;
  close(): void;
}

export const createInternal = (socketPath: string): Internal => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    post: (path, body, timeoutMs) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = { host: 'internal', 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
        const call = request({ socketPath, agent, path, method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
          answer.on('error', reject);
          let body = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            body += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        });
        call.on('error', reject);
        call.end(text);
      }),
    close: () => agent.destroy(),
  };
};
