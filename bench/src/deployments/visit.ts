import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Seen {
  readonly status: number;
  readonly body: string;
}

/** As a visitor of this machine sees it, over plain HTTP on a connection that is kept: TLS costs every server the same. */
export const visit = (port: number, host: string, path = '/'): Promise<Seen> =>
  new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.once('error', reject);
    sent.end();
  });

/** Milliseconds until a visitor sees `text`. */
export const untilSeen = async (port: number, host: string, text: string): Promise<void> => {
  while ((await visit(port, host)).body !== text);
};

export const hostOf = (publicUrl: string): string => new URL(publicUrl).hostname;
