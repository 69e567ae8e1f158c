import { request } from 'node:http';
import type { Sandbox } from '@miosa/sdk';
import type { TestPlatform } from '../harness/platform.ts';

export const httpUrl = ({ domain, httpPort }: TestPlatform, { slug }: Sandbox, port: number): string =>
  `http://${port}-${slug}.sandbox.${domain}:${httpPort}`;

/** One plain HTTP request through the edge, each on a connection of its own. `*.localhost` is resolved here. */
export const visitPlain = (
  url: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> => {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, path: pathname + search, agent: false, headers: { host, ...headers } },
        ...(signal === undefined ? {} : { signal }),
      },
      (received) => {
        const chunks: Buffer[] = [];
        received.on('data', (chunk: Buffer) => chunks.push(chunk));
        received.once('error', reject);
        received.once('end', () => resolve({ status: received.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      },
    );
    sent.once('error', reject);
    sent.end();
  });
};
